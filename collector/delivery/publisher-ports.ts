import type { EffectiveFeed } from '../../contract/effective.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { OutgoingSnapshot } from '../ports.ts';
import type { RetryReason } from './answers.ts';
import type { Buffer } from './buffer.ts';
import type { LostRange } from './gap-book.ts';
import type { MetHole } from './holes.ts';
import type { Item, Lane, Publishable } from './lane.ts';
import type { StreamReader } from './stream-reader.ts';
import type { DeliveryTuning } from './tuning.ts';
import type { WriterCount } from './watermark.ts';
import type { Wire } from './wire.ts';

export interface PublisherOptions {
  readonly buffer: Buffer;
  readonly wire: Wire;
  readonly reader: StreamReader;
  readonly count: WriterCount;
  readonly clock: Clock;
  readonly effective: EffectiveFeed;
  readonly tuning: DeliveryTuning;
  /** The stream's own duplicate window. */
  readonly duplicateWindowMs: number;
  /** Value of the `Mp-Writer` header. */
  readonly writerName: string;
  readonly counters: Record<string, number>;
  readonly spilling: () => boolean;
  readonly events: PublisherEvents;
}

export interface PublisherEvents {
  onStored(item: Item, lane: Lane): void;
  /** Any answer: JetStream is there. */
  onConfirmed(): void;
  onRetry(reason: RetryReason): void;
  onDropped(reason: string, subject: string): void;
  onHole(met: MetHole): void;
  /** The subject's end was read for the first time; `record` is the first of ours. */
  onFirstTail(lane: Lane, record: Publishable): void;
  onLostRange(range: LostRange): void;
  /** A start, or a trade, continues the stream without a hole. */
  onJoined(lane: Lane, record: Publishable): void;
  onSnapshotStored(lane: Lane, snapshot: OutgoingSnapshot, sequence: number): void;
  /** True when another writer's snapshot of this subject is young enough. */
  snapshotIsYoung(lane: Lane): Promise<boolean>;
  onSnapshotWanted(subject: string): void;
  onResync(lane: Lane): void;
  /** Something suggests that the stream is another one: compare before going on. `certain`: an answer proves it. */
  verifyStream(certain: boolean): Promise<void>;
  /** When the last comparison began that found a stream. */
  streamSeenMs(): number;
  /** One of ours was stored and is gone before its writer could be read. */
  onLost(sequence: number): void;
  onError(error: unknown): void;
}
