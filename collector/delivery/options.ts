import type { NatsConnection } from '@nats-io/nats-core';
import type { Assignment } from '../../contract/assignment.ts';
import type { Replica } from '../../contract/control.ts';
import type { EffectiveFeed } from '../../contract/effective.ts';
import type { GapCause } from '../../contract/record.ts';
import type { VenueSession } from '../ports.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { SpillFiles } from './spill/files.ts';
import type { DeliveryTuning } from './tuning.ts';

export interface DeliveryOptions {
  readonly feed: Assignment['feed'];
  readonly shard: number;
  /** Shards that the feed has now; shard 0 reports the ledgers of those that are no more. */
  readonly shards: () => number;
  readonly replica: Replica;
  readonly pod: string;
  /** `<pod>.<start mark>`. */
  readonly writer: string;
  /** A promise while NATS was never reached: collecting goes on into the queue. */
  readonly connection: NatsConnection | Promise<NatsConnection>;
  readonly effective: EffectiveFeed;
  readonly clock: Clock;
  readonly log: Logger;
  readonly onSnapshotWanted: (subject: string) => void;
  readonly onResync: (subject: string, cause: GapCause) => void;
  readonly onTradesWanted: VenueSession['tradesWanted'];
  readonly onPressure: (pressed: boolean) => void;
  /** `collect` without an operator, or shard 0 of a feed with its own NATS. */
  readonly ensureStreams: boolean;
  /** Folder of the spill, or its files; null: there is no disk, memory is the bound. */
  readonly spill: string | SpillFiles | null;
  readonly tuning?: Partial<DeliveryTuning>;
}
