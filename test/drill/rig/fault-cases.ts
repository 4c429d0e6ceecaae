import type { FaultKind } from '../../../simulator/faults/fault.ts';
import type { VenueName } from '../../../simulator/options.ts';

/** What is asked of a venue; without `whole` it is about the first symbol alone. */
export interface Ask {
  readonly kind: FaultKind;
  readonly whole?: true;
  readonly count?: number;
  readonly ms?: number;
  readonly stream?: string;
}

/** A fault at some venues, and what must come of it. */
export interface FaultCase {
  readonly name: FaultKind;
  readonly venues: readonly VenueName[];
  readonly asks: readonly Ask[];
  /** Counters of the collector, any of which rises when it sees the fault; empty: there is nothing to see. */
  readonly signs: readonly RegExp[];
  /**
   * What happens to the book that is hit: `whole`: nothing; `maybe`: a hole, if the way back left one;
   * `hole`: a hole in any case.
   */
  readonly book: 'whole' | 'maybe' | 'hole';
  /** Of the gap records, where there is a hole. */
  readonly causes: readonly ('venue' | 'network')[];
  /** True: the ids begin anew, so that the hole shows in its gap record alone. */
  readonly restarts?: true;
  /** True: every symbol of the connection is hit, not the first alone. */
  readonly all?: true;
  /** Ends what would go on. */
  readonly after?: readonly Ask[];
  /** True: until it is seen, what is published is not the venue's book, and nothing can tell. */
  readonly unseen?: true;
  /** Only a watchdog sees it, after a minute or more: run on clocks that are faster than true time. */
  readonly slow?: true;
}

const BINANCE: readonly VenueName[] = ['binance-spot', 'binance-usdm', 'binance-coinm', 'binance-options'];
const EVERY: readonly VenueName[] = [...BINANCE, 'okx', 'deribit'];
const STREAM_STATE: readonly VenueName[] = ['okx', 'deribit'];

const GAP = [/^depthGap$/];
const LOST = [/^disconnected:/, /^rotat/i, /^renew/i];
const DROP: Ask = { kind: 'drop', count: 2 };

const inBook = (name: FaultKind, more: Partial<FaultCase> = {}): FaultCase => ({
  name,
  venues: EVERY,
  asks: [{ kind: name }],
  signs: GAP,
  book: 'hole',
  causes: ['venue'],
  ...more,
});
const ofConnection = (name: FaultKind, more: Partial<FaultCase> = {}): FaultCase => ({
  name,
  venues: EVERY,
  asks: [{ kind: name, whole: true }],
  signs: LOST,
  book: 'maybe',
  causes: ['network'],
  all: true,
  ...more,
});

export const FAULT_CASES: readonly FaultCase[] = [
  inBook('drop', { asks: [DROP] }),
  inBook('gap', { asks: [{ kind: 'gap', count: 40 }] }),
  inBook('swap'),
  inBook('cut', { signs: [/^undecodable:notJson$/] }),
  inBook('delay', { asks: [{ kind: 'delay', ms: 400 }] }),
  inBook('repeat', { signs: [/^depthStale$/], book: 'whole' }),
  inBook('stall', { asks: [{ kind: 'stall', ms: 1_500 }], signs: [], book: 'whole' }),
  // The way back is disturbed as well.
  inBook('restError', { venues: BINANCE, asks: [{ kind: 'restError', whole: true, count: 2 }, DROP] }),
  inBook('http429', { venues: BINANCE, asks: [{ kind: 'http429', whole: true, ms: 1_000 }, DROP] }),
  inBook('http418', { venues: BINANCE, asks: [{ kind: 'http418', whole: true, ms: 1_000 }, DROP] }),
  inBook('snapshotLag', {
    venues: BINANCE,
    asks: [{ kind: 'snapshotLag', whole: true, ms: 600 }, DROP],
    after: [{ kind: 'snapshotLag', whole: true, ms: 0 }],
  }),
  inBook('noSnapshot', { venues: STREAM_STATE, asks: [{ kind: 'noSnapshot' }, DROP] }),
  inBook('secondSnapshot', { venues: STREAM_STATE, signs: [/^stateStale$/], book: 'whole' }),
  inBook('sequenceReset', { venues: ['okx'], signs: [/^depthReset$/], book: 'whole' }),
  inBook('wrongChecksum', { venues: ['okx'], signs: [/^checksumMismatch$/], book: 'maybe' }),
  inBook('checksumZero', { venues: ['okx'], signs: [], book: 'whole' }),
  // The reset itself is lost: the next state has lower ids, and is the newer one all the same.
  inBook('sequenceReset', {
    venues: ['okx'],
    asks: [{ kind: 'sequenceReset' }, DROP],
    book: 'maybe',
    restarts: true,
  }),
  // Its ids join: only the venue's own best prices tell.
  inBook('wrongLevel', { asks: [{ kind: 'wrongLevel' }, DROP], unseen: true }),
  ofConnection('disconnect'),
  ofConnection('connectRefused', {
    asks: [
      { kind: 'connectRefused', whole: true },
      { kind: 'disconnect', whole: true },
    ],
  }),
  ofConnection('shutdown', { asks: [{ kind: 'shutdown', whole: true, ms: 1_500 }] }),
  ofConnection('lifeEnd', { venues: BINANCE }),
  ofConnection('tooManyRequests', {
    venues: ['deribit'],
    asks: [{ kind: 'tooManyRequests', whole: true }, DROP],
    causes: ['venue', 'network'],
  }),
  inBook('tooManyRequests', {
    venues: ['okx'],
    asks: [{ kind: 'tooManyRequests', whole: true }, DROP],
  }),
  ofConnection('halfOpen', { slow: true }),
  ofConnection('ackSilent', {
    asks: [
      { kind: 'ackSilent', whole: true },
      { kind: 'disconnect', whole: true },
    ],
    // What is acknowledged and not sent is the venue's doing.
    causes: ['network', 'venue'],
    slow: true,
  }),
];
