import { sinceReset } from '../../contract/identity.ts';
import { oldChain, type Tail } from './chain.ts';
import type { Held, Publishable } from './lane.ts';

/** What a read-back found under the change's id was stored before the reset since which the change's ids count. */
export function isOtherChange(tail: Tail, record: Publishable, held: Held): boolean {
  if (record.kind !== 'delta' || tail.kind !== 'book' || tail.resetTimeUs === null) return false;
  return held.resetTimeUs !== tail.resetTimeUs && !oldChain(tail, record.exchangeTimeUs);
}

/**
 * A change that JetStream takes for a duplicate of what lies at `sequence`: where that was stored before the reset since which
 * the change's ids count, the change under an id of its own; null where it is stored indeed. Throws what `resetTimeAt`
 * throws, which tells since when the ids of a stored record count.
 */
export async function ofItsOwnId(
  tail: Tail,
  record: Publishable,
  sequence: number,
  resetTimeAt: (sequence: number) => Promise<number | null>,
): Promise<Publishable | null> {
  if (record.kind !== 'delta' || tail.kind !== 'book') return null;
  const { resetTimeUs } = tail;
  // Nothing that continues the tail lies before it, but for the ids of an earlier time.
  if (resetTimeUs === null || sequence > tail.sequence) return null;
  if ((await resetTimeAt(sequence)) === resetTimeUs) return null;
  return { ...record, msgId: sinceReset(record.msgId, resetTimeUs) };
}
