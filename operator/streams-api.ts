import {
  jetstream,
  JetStreamApiCodes,
  JetStreamApiError,
  jetstreamManager,
  type JetStreamManager,
} from '@nats-io/jetstream';
import { Kvm, type KvOptions } from '@nats-io/kv';
import {
  AuthorizationError,
  NoRespondersError,
  PermissionViolationError,
  type NatsConnection,
} from '@nats-io/nats-core';
import { CATALOGUE_BUCKET } from '../contract/catalogue.ts';
import { STATE_BUCKET, type EffectiveFeed } from '../contract/effective.ts';
import { serverTooOld, streamRefusal } from '../contract/stream-refusals.ts';
import { diffStream, STREAM_OWNER, stateBucketOptions, type WantedStream } from '../contract/streams.ts';
import type { Clock } from '../runtime/clock.ts';
import type { StreamObservation } from './plan/types.ts';

export interface EnsureResult {
  readonly observation: StreamObservation;
  readonly did: 'nothing' | 'created' | 'updated';
  readonly changed?: readonly string[];
}

/** What the keeper needs of JetStream. Neither call throws; neither ever deletes. */
export interface StreamsApi {
  ensureStream(wanted: WantedStream): Promise<EnsureResult>;
  ensureBucket(effective: EffectiveFeed, owner: string): Promise<StreamObservation>;
}

const TIMEOUT_MS = 5_000;
/** JetStream's error code: that name is in use by another configuration. */
const NAME_IN_USE = 10_058;

export function natsStreams(
  connection: () => NatsConnection | undefined,
  clock: Clock,
  unreachableMessage: () => string,
): StreamsApi {
  const unreachable = (message: string): StreamObservation => ({
    kind: 'unreachable',
    sinceMs: clock.nowMs(),
    message,
  });
  return {
    async ensureStream(wanted) {
      const nats = connection();
      if (nats === undefined) return { did: 'nothing', observation: unreachable(unreachableMessage()) };
      const old = tooOld(nats);
      if (old !== undefined) return { did: 'nothing', observation: old };
      try {
        return await ensure(await manager(nats), wanted);
      } catch (error) {
        return { did: 'nothing', observation: trouble(error, wanted.name, unreachable) };
      }
    },
    async ensureBucket(effective, owner) {
      const nats = connection();
      if (nats === undefined) return unreachable(unreachableMessage());
      const old = tooOld(nats);
      if (old !== undefined) return old;
      try {
        const client = jetstream(nats, { timeout: TIMEOUT_MS });
        const options = { ...stateBucketOptions(effective), metadata: { [STREAM_OWNER]: owner } };
        const kvm = new Kvm(client);
        const status = await (await kvm.create(STATE_BUCKET, options)).status();
        await ensureCatalogueBucket(kvm, options);
        const { created } = status.streamInfo;
        return { kind: 'ready', name: STATE_BUCKET, created: created, foreignOwner: null };
      } catch (error) {
        return trouble(error, STATE_BUCKET, unreachable);
      }
    },
  };
}

function tooOld(nats: NatsConnection): StreamObservation | undefined {
  const refusal = serverTooOld(nats.getServer(), nats.info?.version);
  return refusal === undefined ? undefined : { kind: 'refused', ...refusal };
}

/** One that is there is used as it is: feeds of different settings share it. */
export async function ensureCatalogueBucket(kvm: Kvm, options: Partial<KvOptions>): Promise<void> {
  try {
    await kvm.create(CATALOGUE_BUCKET, options);
  } catch (error) {
    if (!(error instanceof JetStreamApiError) || error.code !== NAME_IN_USE) throw error;
  }
}

/** Without a check of the account first: the answer of the call itself says more. */
const manager = (nats: NatsConnection): Promise<JetStreamManager> =>
  jetstreamManager(nats, { timeout: TIMEOUT_MS, checkAPI: false });

async function ensure(jsm: JetStreamManager, wanted: WantedStream): Promise<EnsureResult> {
  const existing = await jsm.streams.info(wanted.name).catch((error: unknown) => {
    if (error instanceof JetStreamApiError && error.code === JetStreamApiCodes.StreamNotFound)
      return undefined;
    throw error;
  });
  if (existing === undefined) {
    const info = await jsm.streams.add({ ...wanted, subjects: [...wanted.subjects] });
    return { did: 'created', observation: isReady(wanted.name, info.created) };
  }
  const observation = isReady(wanted.name, existing.created);
  const difference = diffStream(wanted, existing.config);
  switch (difference.kind) {
    case 'same':
      return { did: 'nothing', observation };
    case 'update': {
      await jsm.streams.update(wanted.name, difference.config);
      return { did: 'updated', observation, changed: difference.changed };
    }
    case 'immutable':
      return {
        did: 'nothing',
        observation: {
          kind: 'refused',
          reason: 'StreamImmutable',
          message: `stream ${wanted.name} has ${difference.field} ${difference.existing}, wanted is ${difference.wanted}, which NATS cannot change: it is used as it is; declare ${difference.existing}, or delete the stream by hand`,
        },
      };
    case 'foreignOwner':
      return { did: 'nothing', observation: foreign(wanted.name, existing.created, difference) };
    default:
      return difference satisfies never;
  }
}

function foreign(
  name: string,
  created: string,
  { owner, uncovered }: { readonly owner: string | null; readonly uncovered: readonly string[] },
): StreamObservation {
  const of = owner ?? 'nobody (it has no owner mark)';
  if (uncovered.length === 0) return { kind: 'ready', name, created, foreignOwner: of };
  return {
    kind: 'refused',
    reason: 'SubjectsNotCovered',
    message: `stream ${name} belongs to ${of} and does not take ${uncovered.join(', ')}; add them there, or set spec.jetstream.stream and spec.nats.subjects for a stream of the feed's own`,
  };
}

const isReady = (name: string, created: string): StreamObservation => ({
  kind: 'ready',
  name,
  created: created,
  foreignOwner: null,
});

function trouble(
  error: unknown,
  name: string,
  unreachable: (message: string) => StreamObservation,
): StreamObservation {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof JetStreamApiError)
    return { kind: 'refused', ...streamRefusal(name, error.code, text) };
  if (error instanceof NoRespondersError || (error instanceof Error && error.name === 'JetStreamNotEnabled'))
    return {
      kind: 'refused',
      reason: 'JetStreamUnavailable',
      message: `stream ${name}: NATS runs without JetStream for this account (${text}); enable it`,
    };
  if (error instanceof PermissionViolationError || error instanceof AuthorizationError)
    return {
      kind: 'refused',
      reason: 'NatsAuthorization',
      message: `stream ${name}: ${text}; grant the operator what docs/nats-security.md says`,
    };
  return unreachable(`stream ${name}: ${text}`);
}

const DELETED = '$JS.EVENT.ADVISORY.STREAM.DELETED';

/** Tells of a deletion as the server announces it, so that a stream deleted by hand is back within moments. */
export function followDeletions(connection: NatsConnection, onDeleted: (stream: string) => void): void {
  connection.subscribe(`${DELETED}.*`, {
    callback: (error, message) => {
      // Without the permission the periodic look finds it later.
      if (error === null) onDeleted(message.subject.slice(DELETED.length + 1));
    },
  });
}
