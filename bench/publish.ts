// Acknowledged publishing to JetStream (file, one replica, message ids): the collector's delivery, the client's own `js.publish`,
// and Go's `nats bench js pub async`, in turn in every round. The server has a core of its own.
import { execFile } from 'node:child_process';
import { setImmediate as turn } from 'node:timers/promises';
import { promisify } from 'node:util';
import { jetstream, jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import { headers, type NatsConnection } from '@nats-io/transport-node';
import { TUNING } from '../collector/delivery/tuning.ts';
import type { OutgoingTrade } from '../collector/ports.ts';
import { startRig, STREAM, until } from '../test/integration/delivery/rig.ts';
import { startNats } from '../test/support/nats.ts';
import { pin } from './rig/cores.ts';
import { printRows, spreadOf } from './rig/figures.ts';

/** ROUNDS=3 for a look. */
const ROUNDS = Number(process.env['ROUNDS'] ?? 7);
const MESSAGES = 30_720;
/** One unacknowledged publish a subject: so many may be under way as there are subjects, up to the window. */
const SUBJECTS = 512;
const WINDOW = 256;
/** As long as a trade's record is. */
const PAYLOAD = new TextEncoder().encode(JSON.stringify({ instrument: 'X', fill: 'x'.repeat(226) }));
const CORES = { own: 0, server: 1 };
const PLAIN = 'BENCH';

const run = promisify(execFile);
const subjects = Array.from({ length: SUBJECTS }, (_, index) => `trade.binance.S${index}-USDT`);

function tradeOf(index: number, round: number): OutgoingTrade {
  const subject = subjects[index % SUBJECTS] ?? '';
  const sequence = (round * MESSAGES + index - (index % SUBJECTS)) / SUBJECTS + 1;
  const id = String(sequence);
  return {
    kind: 'trade',
    subject,
    msgId: `${subject}|t${id}`,
    payload: PAYLOAD,
    stream: 'trade',
    symbol: subject,
    exchangeTimeUs: sequence,
    receiveTimeUs: sequence,
    id,
    sequence,
  };
}

/** Messages a second, from the first push to the last acknowledgement; the stream holds each of them afterwards. */
async function timed(manager: JetStreamManager, stream: string, work: () => Promise<void>): Promise<number> {
  await manager.streams.purge(stream);
  const beganMs = performance.now();
  await work();
  const seconds = (performance.now() - beganMs) / 1_000;
  const { messages } = (await manager.streams.info(stream)).state;
  if (messages !== MESSAGES) throw new Error(`${stream} holds ${messages} messages, not ${MESSAGES}`);
  return MESSAGES / seconds;
}

async function plainPublish(connection: NatsConnection, round: number): Promise<void> {
  const client = jetstream(connection);
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < MESSAGES) {
      const index = next;
      next += 1;
      const block = headers();
      block.set('Nats-Msg-Id', `${round}-${index}`);
      await client.publish(`plain.${index % SUBJECTS}`, PAYLOAD, { headers: block });
    }
  };
  await Promise.all(Array.from({ length: WINDOW }, worker));
}

/** Undefined where Go's command is not there. */
async function goBench(url: string): Promise<(() => Promise<void>) | undefined> {
  const has = await run('nats', ['--version']).then(
    () => true,
    () => false,
  );
  if (!has) return undefined;
  return async () => {
    const size = ['--msgs', String(MESSAGES), '--size', String(PAYLOAD.length)];
    const how = ['--batch', String(WINDOW), '--dedup', '--stream', PLAIN, '--no-progress'];
    const many = ['--multisubject', '--multisubjectmax', String(SUBJECTS)];
    const bench = ['nats', '--server', url, 'bench', 'js', 'pub', 'async', ...size, ...how, ...many, 'plain'];
    await run('taskset', ['-c', String(CORES.own), ...bench]);
  };
}

const nats = await startNats();
const connection = await nats.connect();
const manager = await jetstreamManager(connection);
await manager.streams.add({ name: PLAIN, subjects: ['plain.>'], storage: 'file', num_replicas: 1 });
const delivery = await startRig({ connection: nats.connect(), tuning: { ...TUNING, window: WINDOW } });
await until(
  'the stream',
  async () => (await manager.streams.info(STREAM).catch(() => undefined)) !== undefined,
);
const arePinned = (await pin(nats.pid, CORES.server)) && (await pin(process.pid, CORES.own));
const go = arePinned ? await goBench(nats.url) : undefined;

const ours: number[] = [];
const plain: number[] = [];
const golang: number[] = [];
for (let round = 0; round <= ROUNDS; round += 1) {
  const records = Array.from({ length: MESSAGES }, (_, index) => tradeOf(index, round));
  const own = await timed(manager, STREAM, async () => {
    for (const record of records) delivery.push(record);
    const isEmpty = (): boolean => {
      const { queued, inFlight } = delivery.status().publish;
      return queued === 0 && inFlight === 0;
    };
    while (!isEmpty()) for (let turns = 0; turns < 50; turns += 1) await turn();
  });
  const client = await timed(manager, PLAIN, () => plainPublish(connection, round));
  const theirs = go === undefined ? undefined : await timed(manager, PLAIN, go);
  // The first is for the engine to warm up.
  if (round === 0) continue;
  ours.push(own);
  plain.push(client);
  if (theirs !== undefined) golang.push(theirs);
}
await delivery.close();
await nats.stop();

const baseline = golang.length > 0 ? golang : plain;
const row = (name: string, rates: readonly number[]): object => {
  const { median, low, high } = spreadOf(rates.map((rate, index) => rate / (baseline[index] ?? rate)));
  return { name, ratio: median, low, high, messagesASecond: spreadOf(rates, 0).median };
};
printRows(
  `${MESSAGES} messages of ${PAYLOAD.length} bytes, ${SUBJECTS} subjects, window ${WINDOW}, ${ROUNDS} rounds; ratio to ` +
    `${golang.length > 0 ? 'nats bench js pub async' : 'js.publish (there is no nats command, or one core only)'} in the same round`,
  [
    row("the collector's delivery", ours),
    row('js.publish', plain),
    ...(golang.length > 0 ? [row('nats bench js pub async', golang)] : []),
  ],
);
process.exit(0);
