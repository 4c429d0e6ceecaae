/** Frames of each venue as it writes them, for books of a few levels. */
import { binanceSpot } from '../../../collector/venues/binance.ts';
import {
  binanceInversePerpetual,
  binanceLinearPerpetual,
} from '../../../collector/venues/binance-futures.ts';
import { binanceOption } from '../../../collector/venues/binance-options.ts';
import { deribitPerpetual } from '../../../collector/venues/deribit.ts';
import { okxPerpetual } from '../../../collector/venues/okx.ts';
import type { Venue } from '../../../collector/venues/venue.ts';
import { Rig, type RigOptions } from './rig.ts';

export type Levels = readonly (readonly [price: string, size: string])[];
export interface Sides {
  readonly bids: Levels;
  readonly asks: Levels;
}
export interface Ids {
  /** The id before, and the last of the change. */
  readonly prev: number;
  readonly last: number;
  readonly timeMs?: number;
}

/** One venue's words for the same things. */
export interface Wire {
  readonly name: string;
  readonly venue: Venue;
  readonly instrument: string;
  /** A size of zero removes. */
  change(ids: Ids, sides: Sides): string;
  /** The state that begins a subscription; null where there is none. */
  state: ((id: number, sides: Sides, timeMs?: number) => string) | null;
  /** The answer of REST. */
  book(id: number, sides: Sides): string;
  top(id: number, bid: Levels[number], ask: Levels[number]): string;
}

const isZero = (size: string): boolean => Number(size) === 0;

function binanceSpotWire(): Wire {
  const s = 'BTCUSDT';
  return {
    name: 'Binance spot',
    venue: binanceSpot,
    instrument: s,
    change: ({ prev, last, timeMs = last }, { bids, asks }) =>
      JSON.stringify({ e: 'depthUpdate', E: timeMs, s, U: prev + 1, u: last, b: bids, a: asks }),
    state: null,
    book: (lastUpdateId, sides) => JSON.stringify({ lastUpdateId, ...sides }),
    top: (u, [b, B], [a, A]) => JSON.stringify({ u, s, b, B, a, A }),
  };
}

/** Options as well. */
function futuresWire(name: string, venue: Venue, s: string): Wire {
  return {
    name,
    venue,
    instrument: s,
    // Ids between are other symbols': `U` says nothing.
    change: ({ prev, last, timeMs = last }, { bids, asks }) => {
      const ids = { U: Math.max(prev, last - 3), u: last, pu: prev };
      return JSON.stringify({ e: 'depthUpdate', E: timeMs + 1, T: timeMs, s, ...ids, b: bids, a: asks });
    },
    state: null,
    book: (lastUpdateId, sides) => JSON.stringify({ lastUpdateId, E: 2, T: 1, ...sides }),
    top: (u, [b, B], [a, A]) => JSON.stringify({ e: 'bookTicker', u, s, b, B, a, A, T: 1, E: 1 }),
  };
}

function okxWire(): Wire {
  const instId = 'BTC-USDT-SWAP';
  const side = (levels: Levels): unknown => levels.map(([price, size]) => [price, size, '0', '1']);
  const push = (action: string, entry: object, { bids, asks }: Sides): string => {
    const data = [{ asks: side(asks), bids: side(bids), checksum: 0, ...entry }];
    return JSON.stringify({ arg: { channel: 'books', instId }, action, data });
  };
  return {
    name: 'OKX',
    venue: okxPerpetual,
    instrument: instId,
    change: ({ prev, last, timeMs = last }, sides) =>
      push('update', { ts: String(timeMs), seqId: last, prevSeqId: prev }, sides),
    state: (id, sides, timeMs = id) =>
      push('snapshot', { ts: String(timeMs), seqId: id, prevSeqId: -1 }, sides),
    book: (seqId, { bids, asks }) =>
      JSON.stringify({ code: '0', data: [{ bids: side(bids), asks: side(asks), ts: '1', seqId }] }),
    top: (seqId, bid, ask) => {
      const data = [{ asks: side([ask]), bids: side([bid]), ts: '1', seqId }];
      return JSON.stringify({ arg: { channel: 'bbo-tbt', instId }, data });
    },
  };
}

function deribitWire(): Wire {
  const name = 'BTC-PERPETUAL';
  const push = (channel: string, fields: object, bids: string, asks: string): string => {
    const data = JSON.stringify({ instrument_name: name, ...fields }).slice(0, -1);
    const text = `${data},"bids":[${bids}],"asks":[${asks}]}`;
    return `{"jsonrpc":"2.0","method":"subscription","params":{"channel":"${channel}","data":${text}}}`;
  };
  const actions = (levels: Levels): string =>
    levels.map(([price, size]) => `["${isZero(size) ? 'delete' : 'change'}",${price},${size}]`).join(',');
  const news = (levels: Levels): string =>
    levels.map(([price, size]) => `["new",${price},${size}]`).join(',');
  const pairs = (levels: Levels): string => levels.map(([price, size]) => `[${price},${size}]`).join(',');
  return {
    name: 'Deribit',
    venue: deribitPerpetual,
    instrument: name,
    change: ({ prev, last, timeMs = last }, { bids, asks }) => {
      const fields = { timestamp: timeMs, type: 'change', change_id: last, prev_change_id: prev };
      return push(`book.${name}.100ms`, fields, actions(bids), actions(asks));
    },
    state: (id, { bids, asks }, timeMs = id) => {
      const fields = { timestamp: timeMs, type: 'snapshot', change_id: id };
      return push(`book.${name}.100ms`, fields, news(bids), news(asks));
    },
    book: (id, { bids, asks }) => {
      const data = `{"timestamp":1,"change_id":${id},"bids":[${pairs(bids)}],"asks":[${pairs(asks)}]}`;
      return `{"jsonrpc":"2.0","result":${data}}`;
    },
    top: (id, bid, ask) =>
      push(`book.${name}.none.1.100ms`, { timestamp: 1, change_id: id }, pairs([bid]), pairs([ask])),
  };
}

export const WIRES: readonly Wire[] = [
  binanceSpotWire(),
  futuresWire('Binance USD-M', binanceLinearPerpetual, 'BTCUSDT'),
  futuresWire('Binance COIN-M', binanceInversePerpetual, 'BTCUSD_PERP'),
  futuresWire('Binance options', binanceOption, 'BTC-270625-60000-C'),
  okxWire(),
  deribitWire(),
];

/** Brings the rig's book in sync at this id, by the stream's state or by REST's answer. */
export function begin(rig: Rig, wire: Wire, id: number, sides: Sides): void {
  if (wire.state !== null) {
    rig.send(wire.state(id, sides));
    return;
  }
  rig.answer(wire.book(id, sides));
  // Nothing else comes that would span the id.
  rig.wait(600);
}

export function synced(
  wire: Wire,
  id: number,
  sides: Sides,
  options: Pick<RigOptions, 'orderbook'> & { readonly others?: readonly string[] } = {},
): Rig {
  const instruments = [wire.instrument, ...(options.others ?? [])];
  const rig = new Rig({ venue: wire.venue, instruments, ...options });
  begin(rig, wire, id, sides);
  return rig;
}
