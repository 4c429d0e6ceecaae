import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { test, type TestContext } from 'node:test';
import { WebSocket } from 'ws';
import type { Exchange, Market, StreamName } from '../../../contract/feed.ts';
import type { OutgoingOther } from '../../../collector/ports.ts';
import { schemaOf } from '../../../contract/record.ts';
import { recordFaults } from '../../../contract/schema-faults.ts';
import { collect, until, type Collected } from './tiny-venue.ts';

/**
 * The collector's session against the simulator as another process; beside it a witness that reads the same channels and
 * knows nothing of the collector: every record must be what the venue said to the witness at that time.
 */
const MAIN = new URL('../../../cli/main.ts', import.meta.url).pathname;

export type Json = Readonly<Record<string, unknown>>;

export interface Simulated {
  /** The simulator's name of it; the exchange is its first word. */
  readonly venue: 'okx' | 'deribit' | 'binance-usdm' | 'binance-coinm' | 'binance-options';
  readonly settle?: 'linear' | 'inverse';
  readonly market: Market;
  readonly symbols: readonly string[];
  /** Of the simulator, where they are more. */
  readonly simulated?: readonly string[];
  readonly streams: readonly StreamName[];
  readonly path: string;
  /** What the witness asks for. */
  readonly requests: readonly Json[];
  /** What it asks for by REST, now and then. */
  readonly polls?: readonly { readonly path: string; readonly says: (body: Json) => readonly Said[] }[];
  /** What a message says: by stream, instrument and time the members that a record must have. */
  readonly says: (message: Json) => readonly Said[];
  /** Records of a stream to wait for, where they are fewer. */
  readonly atLeast?: Readonly<Partial<Record<StreamName, number>>>;
  readonly speed?: number;
  readonly eventsPerSecond?: number;
}

export interface Said {
  readonly stream: StreamName;
  readonly instrument: string;
  readonly timeMs: number;
  readonly fields: Json;
}

const AT_LEAST = 3;
const ASK_EVERY_MS = 2_000;
/** Ratios of one time are told apart by what they measure. */
const keyOf = (
  of: Pick<Said, 'instrument'> & { stream: string },
  timeUs: unknown,
  measure: unknown,
): string => `${of.stream}/${of.instrument}/${String(timeUs)}/${String(measure)}`;

export async function simulate(
  t: TestContext,
  { venue, symbols, simulated = symbols, speed = 5, eventsPerSecond = 50 }: Simulated,
): Promise<number> {
  const paces = ['--speed', String(speed), '--rate', String(eventsPerSecond)];
  const options = ['--venue', venue, '--port', '0', '--symbols', simulated.join(','), ...paces];
  const child = spawn(process.execPath, [MAIN, 'simulate', ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(async () => {
    child.kill('SIGTERM');
    await once(child, 'exit');
  });
  const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
  return Number(/127\.0\.0\.1:(\d+)/.exec(line)?.[1]);
}

async function witness(t: TestContext, port: number, of: Simulated): Promise<Map<string, Json[]>> {
  const said = new Map<string, Json[]>();
  const socket = new WebSocket(`ws://127.0.0.1:${port}${of.path}`);
  t.after(() => socket.terminate());
  const hear = (all: readonly Said[]): void => {
    for (const { stream, instrument, timeMs, fields } of all) {
      const key = keyOf({ stream, instrument }, timeMs * 1_000, fields['measure']);
      said.set(key, [...(said.get(key) ?? []), fields]);
    }
  };
  socket.on('message', (data: Buffer) => hear(of.says(JSON.parse(data.toString()) as Json)));
  await once(socket, 'open');
  for (const request of of.requests) socket.send(JSON.stringify(request));
  const ask = async (): Promise<void> => {
    for (const { path, says } of of.polls ?? []) {
      const answer = await fetch(`http://127.0.0.1:${port}${path}`);
      if (answer.ok) hear(says((await answer.json()) as Json));
    }
  };
  const asking = setInterval(() => void ask().catch(() => undefined), ASK_EVERY_MS);
  t.after(() => clearInterval(asking));
  return said;
}

export function follows(name: string, of: Simulated): void {
  test(`${name}: every record is what the venue said at that time`, async (t) => {
    const port = await simulate(t, of);
    const said = await witness(t, port, of);
    const { venue, market, streams, atLeast = {} } = of;
    const exchange = venue.split('-')[0] as Exchange;
    const settle = of.settle === undefined ? {} : { settle: of.settle };
    const endpoints = { websocket: `ws://127.0.0.1:${port}`, rest: `http://127.0.0.1:${port}` };
    const feed = collect({ port }, of.symbols, { spec: { exchange, market, ...settle, streams, endpoints } });
    t.after(() => feed.session.stop());
    const equal = new Map<string, number>();
    let taken = 0;
    /** Polled, and the witness has not asked since. */
    let early: OutgoingOther[] = [];
    /** The witness heard something else of that time: of two messages of one millisecond the second may be on its way. */
    let unsaid: { readonly out: OutgoingOther; readonly fault: string }[] = [];
    const look = (): void => {
      const fresh = feed.records.slice(taken) as OutgoingOther[];
      taken += fresh.length;
      const all = [...early, ...unsaid.map(({ out }) => out), ...fresh];
      early = [];
      unsaid = [];
      for (const out of all) {
        const record = JSON.parse(new TextDecoder().decode(out.payload)) as Json;
        const schema = schemaOf(record);
        assert.ok(schema !== undefined);
        assert.deepEqual(recordFaults(schema, record), []);
        const { type, instrument, symbol, exchangeTime } = record;
        const of = { stream: type as string, instrument: instrument as string };
        const told = said.get(keyOf(of, exchangeTime, record['measure']));
        // What the venue said before the witness came, or has not yet said to it.
        if (told === undefined) {
          if (record['polled'] === true) early.push(out);
          continue;
        }
        const isSame = (fields: Json): boolean =>
          Object.entries(fields).every(([key, value]) => same(record[key], value));
        if (!told.some(isSame)) {
          const fault = `${JSON.stringify(record)}\nis none of\n${JSON.stringify(told)}`;
          unsaid.push({ out, fault });
          continue;
        }
        const key = `${String(type)} ${String(symbol)}`;
        equal.set(key, (equal.get(key) ?? 0) + 1);
      }
    };
    const wanted = of.symbols.flatMap((symbol) =>
      streams.map((stream) => [`${stream} ${symbol}`, atLeast[stream] ?? AT_LEAST] as const),
    );
    const lacking = (): readonly string[] =>
      wanted.filter(([key, least]) => (equal.get(key) ?? 0) < least).map(([key]) => key);
    const orFault = (error: Error): never => assert.fail(unsaid[0]?.fault ?? error.message);
    await until(`records of each of ${wanted.join(', ')}`, () => lacking().length === 0, look).catch(orFault);
    await until('the witness to have heard the same', () => unsaid.length === 0, look).catch(orFault);
    const { symbols, problems, counters } = feed.session.status();
    assert.deepEqual(problems, []);
    assert.deepEqual([...new Set(symbols.map(({ state }) => state))], ['inSync']);
    assert.deepEqual(
      Object.keys(counters).filter((counter) => /^(unknown|undecodable)/.test(counter)),
      [],
    );
    await comesBack(port, feed, of);
  });
}

/** All connections are cut, the witness's too: everything that is pushed begins again, shared subscriptions as well. */
async function comesBack(
  port: number,
  feed: Collected,
  { symbols, streams, atLeast = {} }: Simulated,
): Promise<void> {
  const body = JSON.stringify({ kind: 'disconnect' });
  const answer = await fetch(`http://127.0.0.1:${port}/admin/fault`, { method: 'POST', body });
  assert.equal(answer.status, 200);
  await until('the cut is seen', () => (feed.session.status().counters['disconnected:closed'] ?? 0) > 0);
  // One that told a single thing rests, and has nothing new to tell.
  const pushed = streams.filter((stream) => stream !== 'long-short-ratio' && atLeast[stream] !== 1);
  const wanted = symbols.flatMap((symbol) => pushed.map((stream) => `${stream} ${symbol}`));
  let from = feed.records.length;
  const look = (): void => {
    for (; from < feed.records.length; from += 1) {
      const { stream, symbol } = feed.records[from] as OutgoingOther;
      const at = wanted.indexOf(`${stream} ${symbol}`);
      if (at >= 0) wanted.splice(at, 1);
    }
  };
  const isBack = (): boolean =>
    wanted.length === 0 && feed.session.status().symbols.every(({ state }) => state === 'inSync');
  await until(`records again of each of ${wanted.join(', ')}`, isBack, look);
}

/** Numbers of a JSON message by their value, text letter for letter. */
function same(ours: unknown, theirs: unknown): boolean {
  if (typeof theirs === 'number' && typeof ours === 'string') return Number(ours) === theirs;
  if (Array.isArray(theirs)) return theirs.every((one, index) => same((ours as unknown[])[index], one));
  if (typeof theirs === 'object' && theirs !== null) {
    return Object.entries(theirs).every(([key, one]) => same((ours as Json | undefined)?.[key], one));
  }
  return ours === theirs;
}
