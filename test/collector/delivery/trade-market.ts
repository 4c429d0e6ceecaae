// A market's trades, its list over REST and a stream that stores what it is told: what the tests of holes share.
import { Lane } from '../../../collector/delivery/lane.ts';
import { advanceTrade, tradeHole, type Tail } from '../../../collector/delivery/chain.ts';
import { Holes, type MetHole } from '../../../collector/delivery/holes.ts';
import { Backfill } from '../../../collector/backfill.ts';
import type { StoredHead } from '../../../collector/delivery/stream-reader.ts';
import { TUNING } from '../../../collector/delivery/tuning.ts';
import { RecordWriter } from '../../../collector/pipeline/record-writer.ts';
import { TradeTape } from '../../../collector/pipeline/trade-tape.ts';
import type { GapRecord } from '../../../contract/record.ts';
import type { Outgoing, OutgoingTrade } from '../../../collector/ports.ts';
import type { RestAnswer } from '../../../collector/rest.ts';
import type { Venue } from '../../../collector/venues/venue.ts';
import { effectiveFeed } from '../../../contract/effective.ts';
import { DEFAULT_SUBJECTS } from '../../../contract/subjects.ts';
import { createLogger } from '../../../runtime/log.ts';
import { ManualClock } from '../../support/manual-clock.ts';

export const INSTRUMENT = 'BTC-USDT';

const entry = (exchange: string, id: number): object => {
  if (exchange === 'okx')
    return { tradeId: String(id), px: '1.5', sz: '2', side: 'buy', ts: '1700000000000' };
  if (exchange === 'deribit') {
    const names = { instrument_name: INSTRUMENT, trade_id: `9${id}`, trade_seq: id, direction: 'buy' };
    return { ...names, price: 1.5, amount: 2, timestamp: 1_700_000_000_000 };
  }
  return { id, price: '1.5', qty: '2', time: 1_700_000_000_000, isBuyerMaker: false };
};

/** The answer to the venue's own request, cut to `most` trades; `ids` ascending. */
function listed(exchange: string, path: string, ids: readonly number[], most: number): string {
  const query = new URL(path, 'http://venue').searchParams;
  const number = (name: string): number => Number(query.get(name));
  if (exchange === 'okx') {
    const page = ids.filter((id) => id < number('after')).slice(-Math.min(most, number('limit')));
    return JSON.stringify({ code: '0', data: page.toReversed().map((id) => entry(exchange, id)) });
  }
  if (exchange === 'deribit') {
    const within = ids.filter((id) => id >= number('start_seq') && id <= number('end_seq'));
    const trades = within.slice(0, Math.min(most, number('count'))).map((id) => entry(exchange, id));
    return JSON.stringify({ result: { trades, has_more: trades.length < within.length } });
  }
  const limit = Math.min(most, number('limit'));
  const page = query.has('fromId')
    ? ids.filter((id) => id >= number('fromId')).slice(0, limit)
    : ids.slice(-limit);
  return JSON.stringify(page.map((id) => entry(exchange, id)));
}

export interface Stored {
  readonly id: number;
  readonly backfilled: boolean;
  /** As the record says it. */
  readonly skippedFrom?: number;
}

export interface Gap {
  readonly fromId: number;
  readonly toId: number;
  /** 0: the ids between belong to no trade. */
  readonly missing: number | undefined;
}

/** Everything between a venue's frames and what a stream holds, but NATS and sockets. */
export class TradeMarket {
  readonly clock = new ManualClock();
  readonly stored: Stored[] = [];
  readonly gaps: Gap[] = [];
  /** Ids that the venue's list knows by now. */
  list: number[] = [];
  /** Trades of an answer. */
  most = 1_000;
  /** Takes the place of the next answers. */
  readonly answers: RestAnswer['kind'][] = [];
  readonly requests: string[] = [];
  snapshotsWaiting = 0;
  readonly holes: Holes;
  readonly backfill: Backfill;
  readonly tape: TradeTape;
  readonly #venue: Venue;
  readonly #lane: Lane;
  #tail: Tail = { kind: 'none' };

  constructor(venue: Venue) {
    const { clock } = this;
    const { trades } = venue;
    if (trades === null) throw new Error('a market without trades');
    this.#venue = venue;
    const { exchange } = venue;
    const names = { exchange, market: venue.market, symbol: INSTRUMENT, instrument: INSTRUMENT };
    const writer = new RecordWriter({ ...names, sizeUnit: 'base', subjects: DEFAULT_SUBJECTS, epoch: 'e' });
    this.#lane = new Lane(writer.tradeSubject, false);
    this.tape = new TradeTape(writer, {
      mayJump: trades.ids === 'increasing',
      aggregates: false,
      emit: (record) => this.#store(record),
      count: () => undefined,
    });
    this.backfill = new Backfill({
      source: trades,
      clock,
      random: () => 0.5,
      log: createLogger('test', 'silent'),
      rest: { waitMs: () => 0, get: ({ path }) => Promise.resolve(this.#answer(path)) },
      snapshotsWaiting: () => this.snapshotsWaiting,
      reservedWeight: () => 1,
      push: (_instrument, fetched, receiveTimeUs) => {
        for (const one of fetched) this.tape.backfilled(one, receiveTimeUs);
      },
    });
    this.holes = new Holes({
      clock,
      effective: effectiveFeed({ spec: { exchange, market: 'spot', symbols: [], streams: ['trade'] } }, {}),
      tuning: TUNING,
      laneOf: () => this.#lane,
      spilling: () => false,
      reader: { range: (_stream, _start, _subjects, onHead) => this.#range(onHead) },
      onTradesWanted: (wanted) => this.backfill.ask(INSTRUMENT, wanted),
      onGap: (gap) => this.#gap(gap.payload),
      onError: (error) => {
        throw error;
      },
    });
  }

  /** A trade as the stream brings it. */
  send(id: number): void {
    const at = { instrument: INSTRUMENT, exchangeTimeUs: this.clock.nowUs() } as const;
    const fill = { price: '1.5', size: '2', side: 'buy' } as const;
    const own = this.#venue.exchange === 'deribit' ? `9${id}` : String(id);
    this.tape.trade({ kind: 'trade', ...at, ...fill, id: own, sequence: id }, this.clock.nowUs());
  }

  /** An id of no trade, as the stream brings it. */
  sendNoTrade(id: number): void {
    const frame = { kind: 'notTrade', instrument: INSTRUMENT, name: 'ADL', sequence: id } as const;
    this.tape.notTrade(frame);
  }

  /** Until nothing is waited for any more. */
  async settle(): Promise<void> {
    for (let round = 0; this.holes.waiting > 0; round += 1) {
      if (round > 500) throw new Error('a hole is never done with');
      await this.clock.advance(1_000);
    }
  }

  #answer(path: string): RestAnswer {
    this.requests.push(path);
    const kind = this.answers.shift() ?? 'ok';
    if (kind === 'limited') return { kind, status: 429, retryAfterMs: 2_000 };
    if (kind === 'unreachable') return { kind, detail: 'test' };
    if (kind !== 'ok') return { kind, status: 500, detail: 'test' };
    const body = listed(this.#venue.exchange, path, this.list, this.most);
    return { kind, body, receiveTimeUs: this.clock.nowUs() };
  }

  #store(record: Outgoing): void {
    if (record.kind !== 'trade' || record.sequence === null) throw new Error(record.kind);
    const { sequence: id } = record;
    const { skippedFrom } = JSON.parse(new TextDecoder().decode(record.payload)) as { skippedFrom?: number };
    const skipped = skippedFrom === undefined ? {} : { skippedFrom };
    if (!this.stored.some((one) => one.id === id))
      this.stored.push({ id, backfilled: record.backfilled === true, ...skipped });
    const hole = tradeHole(this.#tail, record);
    this.#tail = advanceTrade(this.#tail, record, this.stored.length);
    if (hole !== undefined) this.#meet(record, hole);
  }

  #meet(record: OutgoingTrade, hole: MetHole['hole']): void {
    const toSequence = this.stored.length;
    this.holes.met({ lane: this.#lane, record, hole, toSequence, cause: 'network' });
  }

  #range(onHead: (head: StoredHead) => void) {
    const { subject } = this.#lane;
    for (const [index, { id }] of this.stored.entries())
      onHead({ subject, sequence: index + 1, msgId: `${subject}|t${id}`, writer: 'w', resetTimeUs: null });
    return Promise.resolve(this.stored.length);
  }

  #gap(payload: Uint8Array): void {
    const { fromId, toId, missing } = JSON.parse(new TextDecoder().decode(payload)) as GapRecord;
    this.gaps.push({ fromId: Number(fromId), toId: Number(toId), missing });
  }
}
