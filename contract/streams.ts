import type { StreamConfig } from '@nats-io/jetstream';
import type { EffectiveFeed, EffectiveStream } from './effective.ts';
import { STREAMS } from './feed.ts';
import { DEFAULT_SUBJECTS, escapeToken, subjectFilter } from './subjects.ts';

/** Metadata of a stream: the installation (or feed) that created it and alone may change it. */
export const STREAM_OWNER = 'marketprism.io/owner';
const NANOSECONDS = 1_000_000;

/**
 * The shortest duplicate window that is enough: the old and the new connection of a renewal, or two collectors, meet
 * within 30 s, and a publish of theirs may wait 5 s for its acknowledgement and 2 s for its next try. A record that is
 * older than a quarter of the window is looked up instead of trusted to it, so seven seconds have to be within that too.
 */
export const SHORTEST_DUPLICATE_WINDOW_MS = 40_000;

/** Undefined: long enough. */
export function duplicateWindowShort(windowMs: number): string | undefined {
  if (windowMs >= SHORTEST_DUPLICATE_WINDOW_MS) return undefined;
  return `the stream's duplicate window ${windowMs / 1_000}s is shorter than ${SHORTEST_DUPLICATE_WINDOW_MS / 1_000}s: what overlapping collectors or connections bring may be stored twice; raise jetstream.duplicateWindow, and jetstream.maxAge if it is shorter`;
}

/** What we say about a stream; all else keeps the server's default or what its owner set. */
export type WantedStream = Pick<
  StreamConfig,
  | 'name'
  | 'subjects'
  | 'retention'
  | 'storage'
  | 'discard'
  | 'max_age'
  | 'max_bytes'
  | 'max_msgs'
  | 'num_replicas'
  | 'duplicate_window'
  | 'compression'
  | 'allow_direct'
> & { readonly metadata: Readonly<Record<string, string>> };

/** The data stream and the stream of gap records, as this feed wants them. */
export function wantedStreams(
  effective: EffectiveFeed,
  owner: string,
): readonly [WantedStream, WantedStream] {
  const own = effective.streams.map((stream) => feedFilter(effective, stream));
  const data = effective.stream.scope === 'feed' ? unique(own) : withDefaults(STREAMS, own);
  const gap = [feedFilter(effective, 'gap')];
  return [
    wantedStream(effective.stream, data, owner),
    wantedStream(
      effective.gapStream,
      effective.gapStream.scope === 'feed' ? gap : withDefaults(['gap'], gap),
      owner,
    ),
  ];
}

function feedFilter(effective: EffectiveFeed, stream: keyof typeof DEFAULT_SUBJECTS): string {
  return subjectFilter(effective.nats.subjects[stream], {
    exchange: escapeToken(effective.exchange),
    market: escapeToken(effective.market),
    ...(stream === 'gap' ? {} : { stream }),
  });
}

/** A shared stream takes every default subject, and beside them the templates of feeds that have their own. */
function withDefaults(
  streams: readonly (keyof typeof DEFAULT_SUBJECTS)[],
  own: readonly string[],
): readonly string[] {
  const defaults = streams.map((stream) => `${DEFAULT_SUBJECTS[stream].split('.')[0] ?? stream}.>`);
  return unique([...defaults, ...own.filter((filter) => !defaults.some((wide) => covers(wide, filter)))]);
}

const unique = (filters: readonly string[]): string[] => [...new Set(filters)];

/** True when every subject that `narrow` matches is matched by `wide` too. */
export function covers(wide: string, narrow: string): boolean {
  const narrowTokens = narrow.split('.');
  const wideTokens = wide.split('.');
  for (const [index, token] of wideTokens.entries()) {
    const other = narrowTokens[index];
    if (other === undefined) return false;
    if (token === '>') return true;
    if (other === '>' || (token !== '*' && token !== other)) return false;
  }
  return narrowTokens.length === wideTokens.length;
}

function wantedStream(stream: EffectiveStream, subjects: readonly string[], owner: string): WantedStream {
  return {
    name: stream.name,
    subjects: [...subjects],
    retention: 'limits',
    storage: stream.storage,
    discard: stream.discard,
    max_age: stream.maxAgeMs * NANOSECONDS,
    max_bytes: stream.maxBytes === 0 ? -1 : stream.maxBytes,
    max_msgs: stream.maxMessages === 0 ? -1 : stream.maxMessages,
    num_replicas: stream.replicas,
    // The server refuses a window longer than the age.
    duplicate_window:
      (stream.maxAgeMs === 0
        ? stream.duplicateWindowMs
        : Math.min(stream.duplicateWindowMs, stream.maxAgeMs)) * NANOSECONDS,
    compression: stream.compression,
    allow_direct: true,
    metadata: { [STREAM_OWNER]: owner },
  };
}

export type StreamDifference =
  | { readonly kind: 'same' }
  /** `config`: the existing one with our values; subjects are only ever added, other feeds may need theirs. */
  | { readonly kind: 'update'; readonly config: Partial<StreamConfig>; readonly changed: readonly string[] }
  | {
      readonly kind: 'immutable';
      readonly field: 'storage' | 'retention';
      readonly existing: string;
      readonly wanted: string;
    }
  /** Used, never changed; `uncovered` names subjects that it does not take. */
  | { readonly kind: 'foreignOwner'; readonly owner: string | null; readonly uncovered: readonly string[] };

/** The fields that a server changes in place. */
const MUTABLE = [
  'discard',
  'max_age',
  'max_bytes',
  'max_msgs',
  'num_replicas',
  'duplicate_window',
  'compression',
  'allow_direct',
] as const;

export function diffStream(wanted: WantedStream, existing: StreamConfig): StreamDifference {
  const uncovered = wanted.subjects.filter(
    (subject) => !existing.subjects.some((wide) => covers(wide, subject)),
  );
  const owner = existing.metadata?.[STREAM_OWNER] ?? null;
  if (owner !== wanted.metadata[STREAM_OWNER]) return { kind: 'foreignOwner', owner, uncovered };
  for (const field of ['storage', 'retention'] as const) {
    if (existing[field] !== wanted[field])
      return { kind: 'immutable', field, existing: existing[field], wanted: wanted[field] };
  }
  const changed: string[] = MUTABLE.filter((field) => existing[field] !== wanted[field]);
  if (uncovered.length > 0) changed.push('subjects');
  if (changed.length === 0) return { kind: 'same' };
  const { metadata, name: _name, subjects: _subjects, ...values } = wanted;
  const kept = existing.subjects.filter((subject) => !uncovered.some((wide) => covers(wide, subject)));
  return {
    kind: 'update',
    changed,
    config: {
      ...existing,
      ...values,
      subjects: [...kept, ...uncovered],
      metadata: { ...existing.metadata, ...metadata },
    },
  };
}

/** The bucket for ledgers and last snapshots: lasting, small, one value a key. */
export function stateBucketOptions(effective: EffectiveFeed): {
  readonly history: number;
  readonly replicas: number;
  readonly storage: 'file' | 'memory';
} {
  return { history: 1, replicas: effective.stream.replicas, storage: effective.stream.storage };
}
