import type { ProblemReason } from '../../contract/control.ts';
import { formatWriter } from '../../contract/identity.ts';
import type { RetryReason } from './answers.ts';
import type { GapBook } from './gap-book.ts';
import type { Holes } from './holes.ts';
import type { InheritedHoles } from './inherited-holes.ts';
import { isLate } from './lane.ts';
import type { DeliveryOptions } from './options.ts';
import type { Problems } from './problems.ts';
import type { PublisherEvents } from './publisher-ports.ts';
import type { Session } from './session.ts';
import type { Statistics } from './statistics.ts';

/** Tries of one kind in a row before a user is told. */
const TOLD_AFTER = 3;

export interface DeliveryState {
  readonly options: DeliveryOptions;
  readonly problems: Problems;
  readonly statistics: Statistics;
  readonly gaps: GapBook;
  readonly bump: (name: string) => void;
  verifyStream(certain: boolean): Promise<void>;
  readonly streamSeenMs: number;
}

/** What the publisher reports, turned into status, gaps and requests to the venue side. */
export function publisherEvents(
  delivery: DeliveryState,
  session: Pick<Session, 'snapshots' | 'counting'>,
  { holes, inherited }: { readonly holes: Holes; readonly inherited: InheritedHoles },
): PublisherEvents {
  const { options, gaps } = delivery;
  const { clock, log, effective, feed, shard, writer } = options;
  const writerName = formatWriter({ feedUid: feed.uid, shard, writer });
  const failed = (what: string, error: unknown): void => {
    delivery.bump(`failed.${what}`);
    log.warn({ err: error }, `delivery: ${what} failed`);
  };
  return {
    ...answerEvents(delivery),
    onHole: (met) => holes.met(met),
    onFirstTail: (lane, record) => inherited.ask(lane, record),
    onLostRange: (range) => gaps.lost(range),
    onJoined: (lane, record) => gaps.joined(lane, record),
    onSnapshotStored: (lane, { lastId }, sequence) => {
      session.snapshots
        .write(lane.subject, { sequence, id: lastId, timeMs: clock.nowMs(), writer: writerName })
        .catch((error: unknown) => failed('last-snapshot', error));
    },
    snapshotIsYoung: async (lane) => {
      const last = await session.snapshots.read(lane.subject);
      return (
        last !== undefined &&
        last.writer !== writerName &&
        clock.nowMs() - last.timeMs < effective.orderbook.snapshotEveryMs
      );
    },
    onSnapshotWanted: (subject) => {
      delivery.bump('snapshotsWanted');
      options.onSnapshotWanted(subject);
    },
    onResync: (lane) => options.onResync(lane.subject, lane.resyncCause ?? 'restart'),
    verifyStream: (certain) => delivery.verifyStream(certain),
    streamSeenMs: () => delivery.streamSeenMs,
    onLost: (sequence) => {
      session.counting.lost(sequence).catch((error: unknown) => failed('lost-range', error));
    },
    onError: (error) => failed('read', error),
  };
}

/** What a user does about answers that come again and again; the others mend themselves, or are told elsewhere. */
const RETRIES: Readonly<
  Partial<Record<RetryReason, { readonly problem: ProblemReason; readonly says: string }>>
> = {
  timeout: {
    problem: 'PublishTimeout',
    says: 'does not acknowledge: see load, log and disk of the NATS server (one whose disk was full takes nothing again before it is restarted), and that the user may publish',
  },
  streamFull: {
    problem: 'StreamRefused',
    says: 'is full: raise jetstream.maxBytes or lower jetstream.maxAge',
  },
  storeFailed: {
    problem: 'StreamRefused',
    says: 'cannot be written by the NATS server (10077): see its log, and the disk of its store',
  },
  accountLimit: {
    problem: 'StreamRefused',
    says: 'would exceed the limits of the NATS account (10002): raise them, or lower jetstream.maxBytes',
  },
  serverLimit: {
    problem: 'StreamRefused',
    says: "would exceed the NATS server's max_file_store or max_memory_store: raise it, or lower jetstream.maxBytes",
  },
  unavailable: {
    problem: 'JetStreamUnavailable',
    says: 'has no leader, or JetStream is disabled there: see the NATS servers',
  },
  sealed: {
    problem: 'StreamRefused',
    says: 'is sealed, which cannot be undone: delete it by hand, or name another in jetstream.stream',
  },
  streamDemandsMore: {
    problem: 'StreamRefused',
    says: 'takes counters only (allow_msg_counter): name another in jetstream.stream',
  },
};

/** Rates, confirmations and what a user is told of answers. */
function answerEvents({
  options: { clock, effective },
  problems,
  statistics,
  bump,
}: DeliveryState): Pick<PublisherEvents, 'onStored' | 'onConfirmed' | 'onRetry' | 'onDropped'> {
  const { name } = effective.stream;
  let retriesInARow = 0;
  return {
    onStored: ({ record, triedMs }, lane) => {
      if (lane.isGap) return;
      const { exchangeTimeUs, receiveTimeUs } = record;
      if (!isLate(record))
        statistics.passed({ exchangeTimeUs, receiveTimeUs, publishedMs: triedMs }, clock.nowMs());
      // What was fetched later says nothing of how long the way is.
      statistics.stored(clock.nowMs(), isLate(record) ? null : exchangeTimeUs);
      problems.clear('StreamRefused');
      problems.clear('JetStreamUnavailable');
    },
    onConfirmed: () => {
      retriesInARow = 0;
      statistics.confirmed(clock.nowMs());
      problems.clear('PublishTimeout');
    },
    onRetry: (reason) => {
      retriesInARow += 1;
      if (retriesInARow < TOLD_AFTER) return;
      const told = RETRIES[reason];
      if (told !== undefined) problems.raise(told.problem, `stream ${name} ${told.says}`, clock.nowMs());
    },
    onDropped: (reason, subject) => {
      bump(`dropped.${reason}`);
      const mend =
        reason === 'wrongStream'
          ? `another stream than ${name} takes it: correct nats.subjects or jetstream.stream`
          : 'the record is larger than the server allows: raise max_payload';
      problems.raise('StreamRefused', `${subject}: ${mend}`, clock.nowMs());
    },
  };
}
