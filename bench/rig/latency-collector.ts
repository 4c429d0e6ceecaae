// The measured side of bench/latency.ts, on a core of its own: the floors, then the collector itself. Started by `fork`.
import { setTimeout as delay } from 'node:timers/promises';
import { connect } from '@nats-io/transport-node';
import { WebSocket } from 'ws';
import { Statistics, type RecordTimes } from '../../collector/delivery/statistics.ts';
import type { FeedSpec } from '../../contract/feed.ts';
import { systemClock } from '../../runtime/clock.ts';
import { Collector } from '../../test/drill/rig/collector.ts';

export type Ask =
  | { readonly kind: 'socket'; readonly url: string; readonly ms: number }
  | { readonly kind: 'ack'; readonly nats: string; readonly perTick: number; readonly ms: number }
  | { readonly kind: 'collector'; readonly nats: string; readonly spec: FeedSpec; readonly ms: number };

export interface Latencies {
  readonly count: number;
  readonly seconds: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** The market of the simulator moves in such steps: floors and collector meet the same bursts. */
export const TICK_MS = 5;
const WARM_UP_MS = 5_000;
const SUBJECTS = 512;
const PAYLOAD = new TextEncoder().encode('x'.repeat(254));

/** Only what comes while it is measured. */
class Samples {
  readonly #ms: number[] = [];
  #beganMs = Infinity;

  add(ms: number): void {
    if (performance.now() >= this.#beganMs) this.#ms.push(ms);
  }

  async over(ms: number): Promise<Latencies> {
    await delay(WARM_UP_MS);
    this.#beganMs = performance.now();
    await delay(ms);
    const sorted = this.#ms.toSorted((a, b) => a - b);
    const at = (share: number): number => sorted[Math.floor((sorted.length - 1) * share)] ?? Number.NaN;
    const seconds = (performance.now() - this.#beganMs) / 1_000;
    return { count: sorted.length, seconds, p50Ms: at(0.5), p99Ms: at(0.99) };
  }
}

const nowNs = (): bigint => process.hrtime.bigint();
const msSince = (ns: bigint): number => Number(nowNs() - ns) / 1e6;

/** Frames that carry the moment of their sending, by the machine's own monotonic clock. */
async function socketFloor(url: string, ms: number): Promise<Latencies> {
  const samples = new Samples();
  const socket = new WebSocket(url, { perMessageDeflate: false });
  socket.on('message', (data: Buffer) => samples.add(msSince(BigInt(data.toString('latin1', 0, 20)))));
  const result = await samples.over(ms);
  socket.terminate();
  return result;
}

/** Publishes over one inbox for all replies, each with a message id, and nothing besides. */
async function ackFloor(nats: string, perTick: number, ms: number): Promise<Latencies> {
  const samples = new Samples();
  const connection = await connect({ servers: nats });
  const sent = new Map<string, bigint>();
  connection.subscribe('_INBOX.floor.*', {
    callback: (_error, { subject }) => {
      const at = sent.get(subject);
      if (at !== undefined) samples.add(msSince(at));
      sent.delete(subject);
    },
  });
  let next = 0;
  const timer = setInterval(() => {
    for (let index = 0; index < perTick; index += 1) {
      next += 1;
      const reply = `_INBOX.floor.${next}`;
      sent.set(reply, nowNs());
      connection.publish(`floor.${next % SUBJECTS}`, PAYLOAD, { reply });
    }
  }, TICK_MS);
  const result = await samples.over(ms);
  clearInterval(timer);
  await connection.close();
  return result;
}

/** From the moment at which the socket gave a frame to that at which its record's acknowledgement was read. */
async function ofCollector(nats: string, spec: FeedSpec, ms: number): Promise<Latencies> {
  const samples = new Samples();
  const clock = systemClock();
  const proto = Statistics.prototype;
  const passed: Statistics['passed'] = Reflect.get(proto, 'passed');
  proto.passed = function observed(this: Statistics, times: RecordTimes, nowMs: number): void {
    samples.add((clock.nowUs() - times.receiveTimeUs) / 1_000);
    passed.call(this, times, nowMs);
  };
  const collector = new Collector('bench', spec, [nats], clock);
  const symbols = spec.symbols?.length ?? 0;
  while (collector.state().inSync < symbols) await delay(100);
  const result = await samples.over(ms);
  const { queued, problems } = collector.state();
  if (queued > result.count / result.seconds) throw new Error(`${queued} records wait: it does not keep up`);
  if (problems.length > 0) throw new Error(problems.join('; '));
  await collector.stop();
  return result;
}

process.on('message', (ask: Ask) => {
  const answer =
    ask.kind === 'socket'
      ? socketFloor(ask.url, ask.ms)
      : ask.kind === 'ack'
        ? ackFloor(ask.nats, ask.perTick, ask.ms)
        : ofCollector(ask.nats, ask.spec, ask.ms);
  void answer.then((latencies) => process.send?.(latencies));
});
process.on('disconnect', () => process.exit(1));
