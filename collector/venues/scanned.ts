import type { Level } from '../../contract/record.ts';
import type { LevelList } from '../book/level-list.ts';
import type { BookSnapshot, DepthFrame } from './venue.ts';

/** Both sides of a book or of a change, as they were read from a message's bytes; they last until the next message. */
export interface BookLevels {
  readonly bids: LevelList;
  readonly asks: LevelList;
}

/** What a venue says of a change or a book beside ids and levels; as in `DepthFrame`. */
interface Marks {
  readonly reset?: true | undefined;
  readonly timed?: true | undefined;
  readonly checksum?: number | undefined;
}

interface ChangeHead extends Marks {
  readonly instrument: string;
  readonly prevId: number;
  readonly lastId: number;
  readonly exchangeTimeUs: number | null;
}

/** Of a message that was read from its bytes: levels become text only where somebody wants them as such. */
export class ScannedDepth implements DepthFrame {
  readonly kind = 'depth';
  readonly instrument: string;
  readonly prevId: number;
  readonly lastId: number;
  readonly exchangeTimeUs: number | null;
  readonly reset: true | undefined;
  readonly timed: true | undefined;
  readonly checksum: number | undefined;
  readonly levels: BookLevels;

  constructor(head: ChangeHead, levels: BookLevels) {
    this.instrument = head.instrument;
    this.prevId = head.prevId;
    this.lastId = head.lastId;
    this.exchangeTimeUs = head.exchangeTimeUs;
    this.reset = head.reset;
    this.timed = head.timed;
    this.checksum = head.checksum;
    this.levels = levels;
  }

  get bids(): readonly Level[] {
    return this.levels.bids.levels();
  }
  get asks(): readonly Level[] {
    return this.levels.asks.levels();
  }
}

interface BookHead extends Omit<Marks, 'reset'> {
  readonly lastId: number;
  readonly exchangeTimeUs: number | null;
  readonly limit?: number | undefined;
  readonly window?: number | undefined;
}

export class ScannedBook implements BookSnapshot {
  readonly kind = 'snapshot';
  readonly lastId: number;
  readonly exchangeTimeUs: number | null;
  readonly limit: number | undefined;
  readonly window: number | undefined;
  readonly timed: true | undefined;
  readonly checksum: number | undefined;
  readonly levels: BookLevels;

  constructor(head: BookHead, levels: BookLevels) {
    this.lastId = head.lastId;
    this.exchangeTimeUs = head.exchangeTimeUs;
    this.limit = head.limit;
    this.window = head.window;
    this.timed = head.timed;
    this.checksum = head.checksum;
    this.levels = levels;
  }

  get bids(): readonly Level[] {
    return this.levels.bids.levels();
  }
  get asks(): readonly Level[] {
    return this.levels.asks.levels();
  }
}

/** The same with levels that last. */
export function detachedDepth(frame: DepthFrame): DepthFrame {
  if (frame.levels === undefined) return frame;
  const { kind, instrument, lastId, prevId, exchangeTimeUs, bids, asks } = frame;
  const reset = frame.reset === undefined ? {} : { reset: frame.reset };
  return { kind, instrument, lastId, prevId, ...reset, ...marksOf(frame), exchangeTimeUs, bids, asks };
}

export function detachedBook(snapshot: BookSnapshot): BookSnapshot {
  if (snapshot.levels === undefined) return snapshot;
  const { kind, lastId, exchangeTimeUs, limit, window, bids, asks } = snapshot;
  const cut = { ...(limit === undefined ? {} : { limit }), ...(window === undefined ? {} : { window }) };
  return { kind, lastId, exchangeTimeUs, ...cut, ...marksOf(snapshot), bids, asks };
}

function marksOf({ timed, checksum }: Marks): Marks {
  return { ...(timed === undefined ? {} : { timed }), ...(checksum === undefined ? {} : { checksum }) };
}
