// A stream without a flaw, made by the collector's own pipeline and delivery's own rules from a venue whose book is known:
// one writer, Binance spot, periodic snapshots, one lost update and one lost trade that are stated as gaps.
import { IdealStream, type StoredRecord } from '../../collector/replay/ideal-stream.ts';
import { Pipeline } from '../../collector/pipeline/pipeline.ts';
import type { SnapshotCommand } from '../../collector/pipeline/book-start.ts';
import { binanceSpot } from '../../collector/venues/binance.ts';
import { effectiveFeed } from '../../contract/effective.ts';
import type { Message } from '../../verify/message.ts';

export const BOOK = 'orderbook.binance.BTC-USDT';
export const TRADES = 'trade.binance.BTC-USDT';
export const GAPS = 'gap.binance.BTC-USDT';
export const UID = 'uid-1';
const INSTRUMENT = 'BTCUSDT';
const START_MS = 1_700_000_000_000;
const FRAME_MS = 100;
const SNAPSHOT_EVERY_MS = 2_000;
const FRAMES = 200;
const LOST_FRAME = 90;
const LOST_TRADE = 45;

type Change = readonly [side: 'b' | 'a', price: string, size: string];

/** Two changes a frame, every price and size told from the frame's number alone. */
function changesOf(frame: number): readonly Change[] {
  return [0, 1].map((which) => {
    const seed = frame * 7 + which * 13;
    const step = seed % 11;
    const isBid = (frame + which) % 2 === 0;
    const price = `${isBid ? 99 - step : 101 + step}.50000000`;
    const size = seed % 5 === 0 ? '0.00000000' : `${(seed % 9) + 1}.25000000`;
    return [isBid ? 'b' : 'a', price, size] as const;
  });
}

/** The venue's book after so many frames, as REST shows it. */
function depthAt(frame: number): string {
  const sides = { b: new Map<string, string>(), a: new Map<string, string>() };
  for (let level = 0; level < 12; level += 1) {
    sides.b.set(`${99 - level}.50000000`, '1.00000000');
    sides.a.set(`${101 + level}.50000000`, '1.00000000');
  }
  for (let past = 1; past <= frame; past += 1) {
    for (const [side, price, size] of changesOf(past)) {
      if (Number(size) === 0) sides[side].delete(price);
      else sides[side].set(price, size);
    }
  }
  const sorted = (side: Map<string, string>, order: number): unknown =>
    [...side].sort(([x], [y]) => order * (Number(x) - Number(y)));
  return JSON.stringify({ lastUpdateId: frame * 2, bids: sorted(sides.b, -1), asks: sorted(sides.a, 1) });
}

function depthEvent(frame: number, timeMs: number): string {
  const of = (side: 'b' | 'a'): unknown =>
    changesOf(frame)
      .filter(([of]) => of === side)
      .map(([, price, size]) => [price, size]);
  const data = {
    e: 'depthUpdate',
    E: timeMs,
    s: INSTRUMENT,
    U: frame * 2 - 1,
    u: frame * 2,
    b: of('b'),
    a: of('a'),
  };
  return JSON.stringify({ stream: 'btcusdt@depth@100ms', data });
}

function tradeEvent(id: number, timeMs: number): string {
  const data = {
    e: 'trade',
    E: timeMs,
    s: INSTRUMENT,
    t: id,
    p: '100.00000000',
    q: '0.50000000',
    T: timeMs,
    m: false,
  };
  return JSON.stringify({ stream: 'btcusdt@trade', data });
}

/** Gap records carry sequences of this very list: data and gaps lie in one stream. */
export function intactStream(): Message[] {
  const messages: Message[] = [];
  const asked: SnapshotCommand[] = [];
  const effective = effectiveFeed(
    {
      spec: {
        exchange: 'binance',
        market: 'spot',
        symbols: ['BTC-USDT'],
        streams: ['orderbook', 'trade'],
        orderbook: { snapshotEvery: `${SNAPSHOT_EVERY_MS}ms` },
      },
    },
    {},
  );
  const onStored = ({ subject, msgId, payload }: StoredRecord): void => {
    const text = new TextDecoder().decode(payload);
    messages.push({ subject, msgId, text, sequence: messages.length + 1, writer: `${UID}/0/pod-a.1` });
  };
  const ideal = new IdealStream({ onStored, onResync: () => undefined });
  const pipeline = new Pipeline({
    venue: binanceSpot,
    feed: effective,
    epoch: 'test',
    emit: (record) => ideal.push(record, effective),
    command: (command) => asked.push(command),
  });
  let nowMs = START_MS;
  const send = (text: string): void => {
    for (const frame of binanceSpot.decode(text)) pipeline.frame(frame, nowMs * 1_000, nowMs);
  };
  pipeline.add({ instrument: INSTRUMENT, symbol: 'BTC-USDT', sizeUnit: 'base' }, nowMs);
  for (const stream of ['orderbook', 'trade'] as const)
    pipeline.opened({ instrument: INSTRUMENT, stream }, nowMs);
  for (let frame = 1; frame <= FRAMES; frame += 1) {
    nowMs += FRAME_MS;
    if (frame !== LOST_FRAME) send(depthEvent(frame, nowMs));
    const command = asked.shift();
    const answer = command === undefined ? undefined : binanceSpot.decodeSnapshot(depthAt(frame));
    if (command !== undefined && answer?.kind === 'snapshot')
      pipeline.snapshot(command, answer, nowMs * 1_000, nowMs);
    if (frame % 2 === 0 && frame / 2 !== LOST_TRADE) send(tradeEvent(frame / 2, nowMs));
  }
  ideal.end();
  return messages;
}
