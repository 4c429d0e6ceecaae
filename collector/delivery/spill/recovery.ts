import type { SpillFiles } from './files.ts';
import { decodeSegment, type SegmentOwner } from './format.ts';
import { Segment } from './segment.ts';

export interface Recovered {
  /** Oldest first. */
  readonly segments: readonly Segment[];
  /** First number that is free. */
  readonly next: number;
  /** Files of another feed, shard or stream: left alone. */
  readonly foreign: number;
  /** Files with a torn tail or damage: what stands before it was taken. */
  readonly damaged: number;
}

/** Every whole record that an earlier process of this shard left in the folder; it may have stored some of them. */
export async function recoverSegments(files: SpillFiles, owner: SegmentOwner): Promise<Recovered> {
  const segments: Segment[] = [];
  let next = 1;
  let foreign = 0;
  let damaged = 0;
  for (const number of await files.list()) {
    next = number + 1;
    const bytes = await files.read(number);
    const content = decodeSegment(bytes);
    if (content.damagedBytes > 0) damaged += 1;
    if (content.owner === undefined) await files.remove(number);
    else if (isSame(content.owner, owner))
      segments.push(Segment.found(number, files, bytes.byteLength, content));
    else foreign += 1;
  }
  return { segments, next, foreign, damaged };
}

function isSame(found: SegmentOwner, own: SegmentOwner): boolean {
  return (
    found.v === own.v &&
    found.feedUid === own.feedUid &&
    found.shard === own.shard &&
    found.stream === own.stream
  );
}
