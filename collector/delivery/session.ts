import { jetstream } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { STATE_BUCKET } from '../../contract/effective.ts';
import { duplicateWindowShort } from '../../contract/streams.ts';
import { Counting } from './counting.ts';
import { ensureStreams } from './ensure-streams.ts';
import { LastSnapshots } from './last-snapshots.ts';
import { LedgerStore } from './ledger-store.ts';
import type { DeliveryOptions } from './options.ts';
import type { Problems } from './problems.ts';
import { TUNING } from './tuning.ts';
import { StreamReader, type StreamState } from './stream-reader.ts';

/** What exists once JetStream, the stream, the bucket and our entry in the ledger do. */
export interface Session {
  readonly reader: StreamReader;
  readonly counting: Counting;
  readonly snapshots: LastSnapshots;
  readonly state: StreamState;
}

/** The stream's state; missing streams are made where that is ours to do, else named as a problem. */
export async function streamState(
  reader: StreamReader,
  connection: NatsConnection,
  options: DeliveryOptions,
  problems: Problems,
): Promise<StreamState | undefined> {
  const { effective, clock } = options;
  const bucketStream = `KV_${STATE_BUCKET}`;
  const present = async (): Promise<readonly (StreamState | null)[]> =>
    Promise.all([reader.state(effective.stream.name), reader.state(bucketStream)]);
  let [state, bucket] = await present();
  if ((state === null || bucket === null) && options.ensureStreams) {
    await ensure(reader, connection, options, problems);
    [state, bucket] = await present();
  }
  if (state === null || state === undefined || bucket === null) {
    const name = bucket === null ? `bucket ${STATE_BUCKET}` : `stream ${effective.stream.name}`;
    const mend = effective.nats.own ? 'shard 0 of the feed creates it' : 'the operator creates it';
    problems.raise('StreamMissing', `${name} does not exist; ${mend}`, clock.nowMs());
    return undefined;
  }
  problems.clear('StreamMissing');
  // The stream's own window counts: it may be another installation's.
  const short = duplicateWindowShort(state.duplicateWindowMs);
  if (short === undefined) problems.clear('DuplicateWindowShort');
  else problems.raise('DuplicateWindowShort', short, clock.nowMs());
  return state;
}

const ENSURE = 'ensure';

async function ensure(
  reader: StreamReader,
  connection: NatsConnection,
  options: DeliveryOptions,
  problems: Problems,
): Promise<void> {
  const ensured = await ensureStreams(reader, connection, options.effective, ownerOf(options));
  if (ensured.kind === 'ready') problems.clear(ENSURE);
  else problems.raise(ensured.reason, ensured.message, options.clock.nowMs(), ENSURE);
}

function ownerOf({ effective, feed }: DeliveryOptions): string {
  return effective.stream.scope === 'feed' ? `feed/${feed.uid}` : 'collect';
}

/** One try; undefined while something is missing that others make. Throws what the server or the network refuses. */
export async function openSession(
  connection: NatsConnection,
  options: DeliveryOptions,
  problems: Problems,
): Promise<Session | undefined> {
  const { effective } = options;
  const domain = effective.nats.jetstreamDomain;
  const reader = await StreamReader.open(connection, domain);
  if (options.ensureStreams) await ensure(reader, connection, options, problems);
  const state = await streamState(reader, connection, options, problems);
  if (state === undefined) return undefined;
  const kv = await new Kvm(jetstream(connection, domain === null ? {} : { domain })).open(STATE_BUCKET);
  const { lastWordMs } = { ...TUNING, ...options.tuning };
  const counting = await Counting.begin(
    { ...options, lastWordMs },
    { store: new LedgerStore(kv), reader },
    state,
  );
  return { reader, counting, snapshots: new LastSnapshots(kv, effective.stream.name), state };
}
