import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../../simulator/market/random.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { applyRecording } from '../../support/recording.ts';
import { single } from '../rig/brokers.ts';
import type { Judged } from '../rig/delivery-judge.ts';
import { DeliveryDrill, INSTRUMENTS, isCaughtUp, SYMBOLS, top } from '../rig/delivery-drill.ts';
import type { Pod } from '../rig/pod.ts';
import { until, type DrillResult } from '../rig/result.ts';

export const KILL_RECORDING = 'binance-spot/hft-20240808-btc-eth-all-30s';

export interface KillOptions {
  readonly redundancy: 1 | 2;
  readonly kills: number;
  readonly seed: number;
  /** Longest time between two kills. */
  readonly mostApartMs: number;
  /** Market milliseconds per true millisecond: so slow that the recording lasts. */
  readonly speed: number;
  readonly recording: string;
}

/**
 * Collectors killed at random points, starting ones too, over one playback. With two, one lives on: it is killed only
 * after the other is in sync again. A single one is killed at last while its records wait on disk.
 */
export async function collectorKill(options: KillOptions): Promise<DrillResult> {
  const nats = await startNats();
  const { redundancy, recording, speed } = options;
  const playback = ['--recordings', recording, '--loops', '1', '--speed', String(speed)];
  const drill = await DeliveryDrill.start({
    redundancy,
    broker: single(nats),
    venue: [...playback, '--start', 'first-subscribe', '--wait-streams', '4'],
  });
  try {
    await drill.flows(20);
    const killed = await killAtRandom(drill, options);
    const recovered = redundancy === 1 ? await killWithSpill(drill, nats) : undefined;
    await drill.moved();
    const result = await drill.judge(redundancy === 2);
    const failures = [...result.failures, ...(await differences(drill, result.judged, recording))];
    if (killed < options.kills) failures.push(`the recording ended after ${killed} kills`);
    if (recovered === 0) failures.push('nothing of the spill survived');
    const figures = {
      kills: String(killed),
      ...(recovered === undefined ? {} : { 'records on disk found by a successor': String(recovered) }),
      ...result.figures,
    };
    return { figures, failures };
  } finally {
    await drill.stop();
  }
}

async function killAtRandom(drill: DeliveryDrill, options: KillOptions): Promise<number> {
  const random = new Random(options.seed);
  let killed = 0;
  while (killed < options.kills && (await drill.venue.state()) !== 'finished') {
    await delay(random.next() * options.mostApartMs);
    const victim = drill.pods[random.integer(drill.pods.length)];
    if (victim === undefined || !(await othersLive(drill, victim))) continue;
    await victim.kill();
    victim.start();
    killed += 1;
  }
  return killed;
}

async function othersLive(drill: DeliveryDrill, victim: Pod): Promise<boolean> {
  for (const pod of drill.pods) {
    const stats = pod === victim ? undefined : await pod.stats();
    if (pod !== victim && (stats === undefined || !isCaughtUp(stats))) return false;
  }
  return true;
}

/** With NATS away and records on disk, one after the other; answers how many records the next processes found there. */
async function killWithSpill(drill: DeliveryDrill, nats: NatsServer): Promise<number> {
  await drill.caughtUp();
  await nats.kill('SIGKILL');
  let recovered = 0;
  for (const pod of drill.pods) {
    await until('records on disk', async () => {
      const publish = (await pod.stats())?.publish;
      return publish !== undefined && publish.spilledBytes > 2_000 && publish.spillUnwrittenBytes === 0;
    });
    await pod.kill();
    pod.start();
    await until('the successor to collect', async () => {
      const stats = await pod.stats();
      return stats?.symbols?.inSync === SYMBOLS.length;
    });
    recovered += (await pod.stats())?.publish.counters['spill.recovered'] ?? 0;
  }
  await nats.start();
  await drill.caughtUp();
  return recovered;
}

/** The stream against an application of the recording that shares no code with what wrote it. */
async function differences(drill: DeliveryDrill, judged: Judged, path: string): Promise<string[]> {
  const found: string[] = [];
  const ends = await Promise.all(INSTRUMENTS.map((name) => drill.venue.book(name)));
  const limits = new Map(INSTRUMENTS.map((name, index) => [name as string, ends[index]?.lastUpdateId ?? 0]));
  const recorded = applyRecording(path, limits);
  for (const [index, symbol] of SYMBOLS.entries()) {
    const instrument = INSTRUMENTS[index] ?? '';
    const truth = recorded.books.get(instrument);
    const book = judged.read.books.get(`orderbook.binance.${symbol}`);
    if (truth === undefined || book === undefined) found.push(`${symbol}: no book`);
    else if (top(truth.bids, -1) !== top(book.bids, -1) || top(truth.asks, 1) !== top(book.asks, 1))
      found.push(`${symbol}: not the book of the recording`);
    const subject = `trade.binance.${symbol}`;
    const last = await drill.venue.lastTradeId(instrument);
    const wanted = (recorded.trades.get(instrument) ?? []).filter(({ id }) => Number(id) <= last);
    const missing = judged.missingTrades.filter((range) => range.subject === subject);
    const present = wanted.filter(
      ({ id }) => !missing.some(({ from, to }) => from < Number(id) && Number(id) < to),
    );
    const text = (trades: readonly { id: string; price: string; size: string }[]): string =>
      trades
        .map(({ id, price, size }) => `${id} ${price} ${size}`)
        .toSorted()
        .join('\n');
    if (text(present) !== text(judged.read.trades.get(subject) ?? []))
      found.push(`${symbol}: not the trades of the recording`);
  }
  return found;
}
