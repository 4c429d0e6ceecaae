import { jetstream, JetStreamApiError } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { CATALOGUE_BUCKET } from '../../contract/catalogue.ts';
import { STATE_BUCKET, type EffectiveFeed } from '../../contract/effective.ts';
import {
  diffStream,
  stateBucketOptions,
  wantedStreams,
  type StreamDifference,
  type WantedStream,
} from '../../contract/streams.ts';
import { serverTooOld, streamRefusal, type StreamRefusalReason } from '../../contract/stream-refusals.ts';
import type { StreamReader } from './stream-reader.ts';

export type Ensured =
  | { readonly kind: 'ready' }
  /** Used as it is; the message names what does not fit and the mend. */
  | { readonly kind: 'refused'; readonly reason: StreamRefusalReason; readonly message: string };

const READY: Ensured = { kind: 'ready' };
const STREAM_NOT_FOUND = 10_059;
const NAME_IN_USE = 10_058;

/** Streams and bucket as the feed wants them: made where missing, changed in place where NATS allows, never deleted. */
export async function ensureStreams(
  reader: StreamReader,
  connection: NatsConnection,
  effective: EffectiveFeed,
  owner: string,
): Promise<Ensured> {
  const old = serverTooOld(connection.getServer(), connection.info?.version);
  if (old !== undefined) return { kind: 'refused', ...old };
  const all: Ensured[] = [];
  for (const wanted of wantedStreams(effective, owner)) all.push(await ensureStream(reader, wanted));
  const domain = effective.nats.jetstreamDomain;
  const kvm = new Kvm(jetstream(connection, domain === null ? {} : { domain }));
  all.push(
    await answered(STATE_BUCKET, async () => {
      await kvm.create(STATE_BUCKET, stateBucketOptions(effective));
      await ensureCatalogueBucket(kvm, effective);
      return READY;
    }),
  );
  const refused = all.filter((one) => one.kind === 'refused');
  const [first] = refused;
  return first === undefined
    ? READY
    : { ...first, message: refused.map(({ message }) => message).join('; ') };
}

/** What the server refuses, named; what the network does, thrown. */
async function answered(name: string, ask: () => Promise<Ensured>): Promise<Ensured> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof JetStreamApiError)) throw error;
    return { kind: 'refused', ...streamRefusal(name, error.code, error.message) };
  }
}

/** One that is there is used as it is: feeds of different settings share it. */
async function ensureCatalogueBucket(kvm: Kvm, effective: EffectiveFeed): Promise<void> {
  try {
    await kvm.create(CATALOGUE_BUCKET, stateBucketOptions(effective));
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== NAME_IN_USE) throw error;
  }
}

function ensureStream(reader: StreamReader, wanted: WantedStream): Promise<Ensured> {
  const { streams } = reader.manager;
  return answered(wanted.name, async () => {
    const existing = await streams.info(wanted.name).catch((error: unknown) => {
      if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
      throw error;
    });
    if (existing === undefined) {
      await streams.add(wanted);
      return READY;
    }
    const difference = diffStream(wanted, existing.config);
    if (difference.kind === 'update') await streams.update(wanted.name, difference.config);
    return judged(wanted.name, difference);
  });
}

function judged(name: string, difference: StreamDifference): Ensured {
  if (difference.kind === 'immutable') {
    const { field, existing, wanted } = difference;
    return {
      kind: 'refused',
      reason: 'StreamRefused',
      message: `stream ${name}: ${field} is ${existing}, wanted is ${wanted}, which NATS cannot change: set it back, or name another stream`,
    };
  }
  if (difference.kind === 'foreignOwner' && difference.uncovered.length > 0) {
    const { owner, uncovered } = difference;
    return {
      kind: 'refused',
      reason: 'StreamRefused',
      message: `stream ${name} belongs to ${owner ?? 'somebody else'} and does not take ${uncovered.join(', ')}: add these subjects to it, or name another stream`,
    };
  }
  return READY;
}
