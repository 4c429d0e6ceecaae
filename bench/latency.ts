// Socket → acknowledged, beside the sum of its floors in the same run: a frame from process to process, and a publish to JetStream
// and its acknowledgement, at the same rate and in the same bursts. Venue and server on one core, what is measured on the other.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { jetstreamManager } from '@nats-io/jetstream';
import { WebSocketServer } from 'ws';
import { MALLOC_OPTIONS, YOUNG_OPTION } from '../contract/process.ts';
import { pin } from './rig/cores.ts';
import { printRows } from './rig/figures.ts';
import { TICK_MS, type Ask, type Latencies } from './rig/latency-collector.ts';
import { CORES, Whole } from './rig/whole.ts';

/** Events a second and symbol of the simulated market; 1,300 are some 5,000 frames a second. */
const RATES = (process.env['RATES'] ?? '50,1300').split(',').map(Number);
const MEASURED_MS = 15_000;
const SYMBOLS = Array.from({ length: 10 }, (_, index) => `S${index}-USDT`);
const MODULE = new URL('./rig/latency-collector.ts', import.meta.url).pathname;

async function measured(ask: Ask): Promise<Latencies> {
  const child = fork(MODULE, { execArgv: [YOUNG_OPTION], env: { ...process.env, ...MALLOC_OPTIONS } });
  await pin(child.pid, CORES.collector);
  child.send(ask);
  const [latencies] = (await Promise.race([once(child, 'message'), once(child, 'exit')])) as [
    Latencies | number,
  ];
  child.kill('SIGKILL');
  if (typeof latencies !== 'object') throw new Error(`the measured process ended with ${String(latencies)}`);
  return latencies;
}

/** Sends frames with the moment in front, until the server is closed. */
async function stamps(perTick: number): Promise<{ readonly url: string; readonly close: () => void }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false });
  await once(server, 'listening');
  const filler = 'x'.repeat(180);
  const timer = setInterval(() => {
    for (const client of server.clients)
      for (let index = 0; index < perTick; index += 1)
        client.send(`${process.hrtime.bigint().toString().padStart(20, '0')}${filler}`);
  }, TICK_MS);
  const { port } = server.address() as { readonly port: number };
  return {
    url: `ws://127.0.0.1:${port}`,
    close: () => {
      clearInterval(timer);
      server.close();
    },
  };
}

async function atRate(rate: number): Promise<readonly object[]> {
  const whole = await Whole.start({ symbols: SYMBOLS, rate });
  const { nats, venue } = whole;
  try {
    const at = `127.0.0.1:${venue.port}`;
    const ours = await measured({
      kind: 'collector',
      nats: nats.url,
      ms: MEASURED_MS,
      spec: {
        exchange: 'binance',
        market: 'spot',
        symbols: SYMBOLS,
        streams: ['orderbook', 'trade'],
        endpoints: { websocket: `ws://${at}`, rest: `http://${at}` },
      },
    });
    await venue.command.ended('SIGKILL');
    const perSecond = ours.count / ours.seconds;
    const perTick = Math.max(1, Math.round((perSecond * TICK_MS) / 1_000));
    const manager = await jetstreamManager(await nats.connect(), { checkAPI: false });
    await manager.streams.add({ name: 'FLOOR', subjects: ['floor.>'], storage: 'file', num_replicas: 1 });
    const ack = await measured({ kind: 'ack', nats: nats.url, perTick, ms: MEASURED_MS });
    const server = await stamps(perTick);
    const socket = await measured({ kind: 'socket', url: server.url, ms: MEASURED_MS });
    server.close();
    const row = (name: string, { p50Ms, p99Ms, count, seconds }: Latencies): object => ({
      name,
      'a second': Math.round(count / seconds),
      p50Ms: Number(p50Ms.toFixed(2)),
      p99Ms: Number(p99Ms.toFixed(2)),
      'p50 to floors': Number((p50Ms / (socket.p50Ms + ack.p50Ms)).toFixed(2)),
      'p99 to floors': Number((p99Ms / (socket.p99Ms + ack.p99Ms)).toFixed(2)),
    });
    return [
      row('floor: a frame from process to process', socket),
      row('floor: a publish and its acknowledgement', ack),
      row('socket to acknowledged', ours),
    ];
  } finally {
    await whole.stop();
  }
}

await pin(process.pid, CORES.others);
for (const rate of RATES)
  printRows(
    `market events a second: ${rate * SYMBOLS.length}; ${MEASURED_MS / 1_000} s each`,
    await atRate(rate),
  );
process.exit(0);
