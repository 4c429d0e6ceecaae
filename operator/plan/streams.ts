import type { EffectiveFeed } from '../../contract/effective.ts';
import { covers, wantedStreams, type WantedStream } from '../../contract/streams.ts';

/** One data stream and its gap stream as all the feeds that write to it want them: settings of the first, subjects of all. */
export function sharedWanted(
  feeds: readonly EffectiveFeed[],
  owner: string,
): readonly [WantedStream, WantedStream] {
  const wanted = feeds.map((feed) => wantedStreams(feed, owner));
  const [first] = wanted;
  if (first === undefined) throw new Error('a stream is wanted by no feed');
  return [
    { ...first[0], subjects: united(wanted.map(([data]) => data.subjects)) },
    { ...first[1], subjects: united(wanted.map(([, gap]) => gap.subjects)) },
  ];
}

/** Without those that another one covers: JetStream refuses overlapping subjects within a stream. */
function united(lists: readonly (readonly string[])[]): string[] {
  const all = [...new Set(lists.flat())];
  return all.filter((subject) => !all.some((other) => other !== subject && covers(other, subject)));
}
