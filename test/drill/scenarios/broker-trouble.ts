// What NATS does to those who publish, one trouble a function: under load, then put right, then judged.
import { setTimeout as delay } from 'node:timers/promises';
import {
  jetstreamManager,
  type JetStreamManager,
  type MsgRequest,
  type StreamUpdateConfig,
} from '@nats-io/jetstream';
import { wantedStreams } from '../../../contract/streams.ts';
import { startNats } from '../../support/nats.ts';
import { readStream } from '../../support/reader.ts';
import { leaderOf, single, startCluster } from '../rig/brokers.ts';
import { DeliveryDrill, SYMBOLS, type DeliveryDrillOptions } from '../rig/delivery-drill.ts';
import { until, type DrillResult } from '../rig/result.ts';

export interface TroubleOptions {
  /** How long it lasts, once it shows. */
  readonly troubleMs: number;
}

const STREAM = 'MARKET_DATA';

interface Trouble {
  readonly options: Omit<DeliveryDrillOptions, 'redundancy'>;
  /** What the status has to say meanwhile; undefined: it may stay silent. */
  readonly says: RegExp | undefined;
  readonly run: (drill: DeliveryDrill, streams: JetStreamManager) => Promise<void>;
}

/** Nothing may be missing after any of them. */
async function through({ options, says, run }: Trouble): Promise<DrillResult> {
  const drill = await DeliveryDrill.start({ ...options, redundancy: 1 });
  try {
    await drill.flows();
    await run(drill, await jetstreamManager(drill.operator, { checkAPI: false }));
    await drill.flows();
    const { figures, failures } = await drill.judge(true);
    const said = [...drill.watch.said].join('; ');
    const silent = says !== undefined && !says.test(said);
    return { figures, failures: silent ? [...failures, `the status did not say ${says.source}`] : failures };
  } finally {
    await drill.stop();
  }
}

export async function says(drill: DeliveryDrill, pattern: RegExp): Promise<void> {
  await until(`the status to say ${pattern.source}`, () => pattern.test([...drill.watch.said].join('; ')));
}

/** Frozen for longer than the acknowledgements' timeout, then awake for moments only. */
export async function natsSlow({ troubleMs }: TroubleOptions): Promise<DrillResult> {
  const nats = await startNats();
  const freeze = async (ms: number): Promise<void> => {
    if (nats.pid === undefined) return;
    process.kill(nats.pid, 'SIGSTOP');
    await delay(ms);
    process.kill(nats.pid, 'SIGCONT');
  };
  return through({
    options: { broker: single(nats) },
    says: /PublishTimeout/,
    async run() {
      await freeze(7_000 + troubleMs / 2);
      for (let sliceMs = 0; sliceMs < troubleMs / 2; sliceMs += 550) {
        await freeze(500);
        await delay(50);
      }
    },
  });
}

/** `discard: new` at its bound of bytes, which is raised later. */
export async function streamFull({ troubleMs }: TroubleOptions): Promise<DrillResult> {
  const nats = await startNats();
  return through({
    options: { broker: single(nats), jetstream: { discard: 'new', maxBytes: '64Mi' } },
    says: /StreamRefused: .*full/,
    async run(drill, { streams }) {
      const { config, state } = await streams.info(STREAM);
      await streams.update(STREAM, { ...config, max_bytes: state.bytes + 10_000 });
      await says(drill, /StreamRefused/);
      await delay(troubleMs);
      await streams.update(STREAM, config);
    },
  });
}

/** The account's storage is used up, and enlarged later. */
export async function accountLimit({ troubleMs }: TroubleOptions): Promise<DrillResult> {
  const limited = (bytes: number): string =>
    `accounts { M { jetstream { max_file: ${bytes}, max_mem: 1000000 }, users: [{ user: u, password: p }] } }\nno_auth_user: u`;
  const nats = await startNats({ config: limited(300_000) });
  return through({
    options: { broker: single(nats), jetstream: { compression: 'none' } },
    says: /StreamRefused: .*(account|storage)/,
    async run(drill) {
      await says(drill, /StreamRefused/);
      await delay(troubleMs);
      await nats.reconfigure(limited(1 << 30));
    },
  });
}

// The client's types leave out both.
const SEALED = { sealed: true } as Partial<StreamUpdateConfig>;
const nextOf = (subject: string): MsgRequest => ({ next_by_subj: subject, seq: 1 }) as MsgRequest;

/** Where each subject of a stream ends, as ids of its records. */
async function endsOf(streams: JetStreamManager, subjects: readonly string[]): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  for (const subject of subjects) {
    const last = await streams.streams.getMessage(STREAM, { last_by_subj: subject });
    const { lastId, id } = JSON.parse(last?.string() ?? '{}') as { lastId?: number; id?: string };
    ends.set(subject, Number(lastId ?? id));
  }
  return ends;
}

/** Subjects whose first record in the new stream does not continue the old one, and how. */
async function notContinued(
  streams: JetStreamManager,
  ends: ReadonlyMap<string, number>,
): Promise<readonly string[]> {
  const broken: string[] = [];
  for (const [subject, end] of ends) {
    const first = await streams.streams.getMessage(STREAM, nextOf(subject));
    const record = JSON.parse(first?.string() ?? '{}') as { prevId?: number; lastId?: number; id?: string };
    const from = record.id === undefined ? (record.prevId ?? record.lastId) : Number(record.id) - 1;
    if (!(Number(from) <= end)) broken.push(`${subject}: ended at ${end}, goes on behind ${from}`);
  }
  return broken;
}

/** Deleted by hand and made again by the operator; what it held is gone, behind it nothing is. */
export async function streamDeleted({ troubleMs }: TroubleOptions): Promise<DrillResult> {
  const nats = await startNats();
  let ends: ReadonlyMap<string, number> = new Map();
  let broken: readonly string[] = [];
  const { figures, failures } = await through({
    options: { broker: single(nats) },
    says: /StreamMissing/,
    async run(drill, manager) {
      // Sealed, so that it ends where it is read to end.
      const { state } = await manager.streams.info(STREAM, { subjects_filter: '>' });
      await manager.streams.update(STREAM, SEALED);
      ends = await endsOf(manager, Object.keys(state.subjects ?? {}));
      await manager.streams.delete(STREAM);
      await says(drill, /StreamMissing/);
      await delay(troubleMs);
      for (const wanted of wantedStreams(drill.effective, 'operator'))
        if (wanted.name === STREAM) await manager.streams.add(wanted);
      await drill.flows();
      // Behind the first change after the collector has noticed, within its next look at the stream.
      await until('a snapshot of each book in the new stream', async () => {
        const { books } = await readStream(drill.operator, STREAM);
        return books.size === SYMBOLS.length && [...books.values()].every(({ snapshots }) => snapshots > 0);
      });
      broken = await notContinued(manager, ends);
    },
  });
  const name = 'subjects that go on where they ended';
  return {
    figures: { ...figures, [name]: `${ends.size - broken.length} of ${ends.size}` },
    failures: ends.size > 0 ? [...failures, ...broken] : [...failures, 'no subject was seen to end'],
  };
}

/** Three servers, three replicas: the leader steps down again and again, then its process is killed and comes back. */
export async function leaderChange({ troubleMs }: TroubleOptions): Promise<DrillResult> {
  const cluster = await startCluster();
  return through({
    options: { broker: cluster, jetstream: { replicas: 3 } },
    says: undefined,
    async run(drill, manager) {
      const endMs = performance.now() + troubleMs;
      do {
        const before = await leaderOf(manager, STREAM);
        await drill.operator.request(`$JS.API.STREAM.LEADER.STEPDOWN.${STREAM}`, '', { timeout: 5_000 });
        await until('another leader', async () => {
          const now = await leaderOf(manager, STREAM);
          return now !== undefined && now !== before;
        });
        await drill.flows();
      } while (performance.now() < endMs);
      const leader = await leaderOf(manager, STREAM);
      const server = cluster.servers.get(leader ?? '');
      await server?.kill('SIGKILL');
      await until('a leader among those who live', async () => {
        const now = await leaderOf(manager, STREAM);
        return now !== undefined && now !== leader;
      });
      await drill.flows();
      await server?.start();
    },
  });
}
