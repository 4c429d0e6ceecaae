import type { DeliveryOptions } from '../options.ts';
import type { Problems } from '../problems.ts';
import type { Queue } from '../queue.ts';
import { spillFiles } from './files.ts';
import { Spill } from './spill.ts';

export interface SpillSurroundings {
  readonly options: DeliveryOptions;
  readonly problems: Problems;
  readonly bump: (name: string, by?: number) => void;
  readonly onPressure: (pressed: boolean) => void;
}

/** Share of the memory's bound that may wait for a slow disk; the queue before it takes the rest. */
const UNWRITTEN_SHARE = 0.75;

/** The spill of this shard behind the queue; undefined where the feed has no disk. */
export function makeSpill(around: SpillSurroundings): ((queue: Queue) => Spill) | undefined {
  const { options, problems, bump, onPressure } = around;
  const { clock, effective, feed, shard, log } = options;
  const { diskBytes, memoryBytes, whenFull } = effective.buffer;
  if (options.spill === null || diskBytes === 0) return undefined;
  const files = typeof options.spill === 'string' ? spillFiles(options.spill) : options.spill;
  return (queue) =>
    new Spill({
      files,
      owner: { v: 1, feedUid: feed.uid, shard, stream: effective.stream.name },
      maxBytes: diskBytes,
      maxUnwrittenBytes: memoryBytes * UNWRITTEN_SHARE,
      whenFull,
      clock,
      onRecord: (spilled, ticket) => queue.onRecord(spilled, ticket),
      onDropped: (count) => queue.onDropped(count),
      onLost: (lost) => queue.onLost(lost),
      onPressure,
      bump,
      onDisk: (failure) => {
        if (failure === null) {
          problems.clear('SpillFailed');
          return;
        }
        log.error({ err: failure }, 'spill: the disk fails');
        problems.raise(
          'SpillFailed',
          `the spill of buffer.disk cannot be written (${failure.message}): free the volume or raise its limit; meanwhile only memory holds what NATS does not take`,
          clock.nowMs(),
        );
      },
    });
}
