import type { EffectiveFeed } from '../../contract/effective.ts';
import type { StreamName } from '../../contract/feed.ts';
import { withLostRange, withWriter, type ShardLedger, type WriterEntry } from '../../contract/ledger.ts';
import { escapeToken, subjectFilter } from '../../contract/subjects.ts';
import { covers } from '../../contract/streams.ts';
import type { StreamReader } from './stream-reader.ts';

export interface Recounted {
  readonly stored: number;
  readonly byStream: Readonly<Partial<Record<StreamName, number>>>;
  readonly through: number;
  /** First sequence of the range that a limit, a purge or a deletion had taken before; null: the range was whole. */
  readonly lostTo: number | null;
}

/** Which of the feed's streams a subject belongs to; undefined for one of an earlier template. */
export function streamOfSubject(effective: EffectiveFeed, subject: string): StreamName | undefined {
  return effective.streams.find((stream) => {
    const filter = subjectFilter(effective.nats.subjects[stream], {
      exchange: escapeToken(effective.exchange),
      market: escapeToken(effective.market),
      stream,
    });
    return covers(filter, subject);
  });
}

/** Counts what `writer` (the header's value) stored behind its checkpoint. No subject filter: templates may have changed since. */
export async function recount(
  reader: StreamReader,
  effective: EffectiveFeed,
  entry: Pick<WriterEntry, 'sequence'>,
  writer: string,
): Promise<Recounted> {
  const stream = effective.stream.name;
  const state = await reader.state(stream);
  let stored = 0;
  const byStream: Partial<Record<StreamName, number>> = {};
  const through = await reader.range(stream, { sequence: entry.sequence + 1 }, [], (head) => {
    if (head.writer !== writer) return;
    stored += 1;
    const name = streamOfSubject(effective, head.subject);
    if (name !== undefined) byStream[name] = (byStream[name] ?? 0) + 1;
  });
  const first = state?.firstSequence ?? 0;
  return { stored, byStream, through, lostTo: first > entry.sequence + 1 ? first - 1 : null };
}

/** The ledger with the dead writer's entry closed. Unchanged when the entry moved meanwhile: it is not dead, or another settled it. */
export function withSettled(
  ledger: ShardLedger,
  name: string,
  before: WriterEntry,
  found: Recounted & { readonly nowMs: number },
): ShardLedger {
  const entry = ledger.writers[name];
  if (entry === undefined || entry.closed || entry.sequence !== before.sequence) return ledger;
  const byStream = { ...before.byStream };
  for (const [stream, count] of Object.entries(found.byStream) as [StreamName, number][])
    byStream[stream] = (byStream[stream] ?? 0) + count;
  const closed = withWriter(ledger, name, {
    stored: before.stored + found.stored,
    sequence: found.through,
    byStream,
    duplicates: before.duplicates,
    closed: true,
    updatedMs: found.nowMs,
  });
  return found.lostTo === null
    ? closed
    : withLostRange(closed, { writer: name, fromSequence: before.sequence + 1, toSequence: found.lostTo });
}
