// Messages written by hand, one after the other, each with the message id that its record makes.
import {
  deltaIdentity,
  gapIdentity,
  messageId,
  snapshotIdentity,
  tradeIdentity,
} from '../../contract/identity.ts';
import type { Level } from '../../contract/record.ts';
import { Judge, type JudgeOptions, type Verdict } from '../../verify/judge.ts';
import type { Message } from '../../verify/message.ts';

export const A = 'uid-1/0/pod-a.1';
export const B = 'uid-1/0/pod-b.1';
export const BOOK = 'orderbook.okx.X-Y';
export const TRADES = 'trade.binance.X-Y';
export const OKX_TRADES = 'trade.okx.X-Y';
const START_US = 1_700_000_000_000_000;

interface More {
  readonly writer?: string;
  readonly continues?: string;
  /** Microseconds after the tape's beginning; a second later than the last unless said. */
  readonly atUs?: number;
  readonly [field: string]: unknown;
}

export class Tape {
  readonly messages: Message[] = [];
  #atUs = 0;

  get last(): number {
    return this.messages.length;
  }

  snapshot(lastId: number, more: More = {}): this {
    const { bids = [['9', '1']], asks = [['10', '1']] } = more as {
      readonly bids?: Level[];
      readonly asks?: Level[];
    };
    const levels = `"bids":${JSON.stringify(bids)},"asks":${JSON.stringify(asks)}`;
    const fields = { action: 'snapshot', lastId, bids, asks, completeFrom: null, completeTo: null };
    return this.#add(BOOK, snapshotIdentity(String(lastId), levels), { ...book, ...fields }, more);
  }

  delta(prevId: number, lastId: number, more: More = {}): this {
    const fields = { action: 'delta', prevId, lastId, bids: [], asks: [] };
    return this.#add(BOOK, deltaIdentity(String(prevId), String(lastId)), { ...book, ...fields }, more);
  }

  trade(id: number, more: More = {}): this {
    const fields = {
      type: 'trade',
      exchange: 'binance',
      id: String(id),
      price: '9.5',
      size: '1',
      side: 'buy',
    };
    return this.#add(TRADES, tradeIdentity(String(id)), { ...fields, sizeUnit: 'base' }, more);
  }

  /** Of a venue whose ids do not count. */
  okxTrade(id: number, more: More = {}): this {
    const fields = { type: 'trade', exchange: 'okx', id: String(id), price: '9.5', size: '1', side: 'buy' };
    return this.#add(OKX_TRADES, tradeIdentity(String(id)), { ...fields, sizeUnit: 'base' }, more);
  }

  value(more: More = {}): this {
    const fields = {
      type: 'volatility-index',
      exchange: 'deribit',
      market: 'index',
      symbol: 'BTC',
      instrument: 'btc_usd',
    };
    const subject = 'volatility-index.deribit.BTC';
    return this.#add(subject, `${START_US + this.#atUs}-d1-0`, { ...fields, value: '50.1' }, more);
  }

  gap(
    of: string,
    range: { readonly fromId: number; readonly toId: number | null; readonly toSeq: number | null },
    more: More = {},
  ): this {
    const { fromId, toId, toSeq } = range;
    const stream = of === BOOK ? 'orderbook' : 'trade';
    const exchange = of === TRADES ? 'binance' : 'okx';
    const subject = `gap.${exchange}.X-Y`;
    const identity = gapIdentity(String(fromId), toSeq === null ? null : String(toId));
    const fields = {
      type: 'gap',
      exchange,
      subject: of,
      stream,
      fromTime: null,
      toTime: null,
      cause: 'network',
    };
    return this.#add(subject, identity, { ...fields, ...range }, more);
  }

  #add(
    subject: string,
    identity: string,
    fields: object,
    { writer = A, atUs, continues = '', ...more }: More,
  ): this {
    this.#atUs = atUs ?? this.#atUs + 1_000_000;
    const time = START_US + this.#atUs;
    const head = {
      v: 1,
      market: 'spot',
      symbol: 'X-Y',
      instrument: 'XY',
      exchangeTime: time,
      receiveTime: time,
    };
    this.messages.push({
      subject,
      sequence: this.last + 1,
      msgId: messageId(subject, identity),
      writer,
      continues,
      text: JSON.stringify({ ...head, ...fields, ...more }),
    });
    return this;
  }
}

const book = { type: 'orderbook', exchange: 'okx', sizeUnit: 'base', epoch: 'e' };

export function judged(tape: Tape, options: Partial<JudgeOptions> = {}): Verdict {
  const judge = new Judge({ fromBeginning: true, ...options });
  for (const message of tape.messages) judge.take(message);
  return judge.end();
}

/** Kinds and counts of what was found. */
export const faultsOf = (tape: Tape, options: Partial<JudgeOptions> = {}): Readonly<Record<string, number>> =>
  judged(tape, options).faults;
