import { hash } from 'node:crypto';

/** Header that names the writer of a message: `<feed UID>/<shard>/<writer>`; `writer` is the pod plus a mark of its start. */
export const WRITER_HEADER = 'Mp-Writer';
export const MESSAGE_ID_HEADER = 'Nats-Msg-Id';
/**
 * Of a trade that was fetched later: the highest id of its subject that its writer knew to be stored. Who reads the subject's
 * last record learns from it where the subject ends.
 */
export const LAST_TRADE_HEADER = 'Mp-Last-Trade';
/**
 * Of a book record: the venue's time, in µs, since which the ids of its subject count, where its writer knows that they began
 * anew. Who reads only the subject's end learns from it that higher ids before it are of the past.
 */
export const RESET_TIME_HEADER = 'Mp-Reset-Time';
/**
 * Of a book record whose subject held nothing in this stream, though its writer knows the id at which the subject ended in the
 * stream before, or before its records were removed. Who reads from the beginning waits for the next snapshot.
 */
export const CONTINUES_HEADER = 'Mp-Continues';
export const EXPECTED_STREAM_HEADER = 'Nats-Expected-Stream';
export const EXPECTED_LAST_SUBJECT_SEQUENCE_HEADER = 'Nats-Expected-Last-Subject-Sequence';

/**
 * JetStream deduplicates over a whole stream by the id alone, so the subject is part of it.
 * Nothing of pod, epoch or our clock may be in an identity: two writers must produce the same one.
 */
export function messageId(subject: string, identity: string): string {
  return `${subject}|${identity}`;
}

export const tradeIdentity = (id: string): string => `t${id}`;
export const aggregatedTradeIdentity = (id: string): string => `a${id}`;
export const deltaIdentity = (prevId: string, lastId: string): string => `d${prevId}-${lastId}`;
export const snapshotIdentity = (lastId: string, levelsJson: string | Uint8Array): string =>
  `s${lastId}-${digest(levelsJson)}`;
export const gapIdentity = (fromId: string, toId: string | null): string => `g${fromId}-${toId ?? 'open'}`;

/**
 * Where the venue's ids began anew twice within the duplicate window, two changes may have the same ids: the later one's
 * message id says since when its ids count (`RESET_TIME_HEADER`), which every writer reads in the stream.
 */
export const sinceReset = (msgId: string, resetTimeUs: number): string => `${msgId}@${resetTimeUs}`;

/** 16 hex digits: enough to tell states of one book id apart, short enough for a header. */
export function digest(text: string | Uint8Array): string {
  return hash('sha256', text, 'hex').slice(0, 16);
}

export interface WriterName {
  readonly feedUid: string;
  readonly shard: number;
  /** Unique per process start: `<pod>.<start mark>`. */
  readonly writer: string;
}

export function formatWriter(name: WriterName): string {
  return `${name.feedUid}/${name.shard}/${name.writer}`;
}

export function parseWriter(text: string): WriterName | undefined {
  const [feedUid, shard, writer, ...rest] = text.split('/');
  if (feedUid === undefined || shard === undefined || writer === undefined || rest.length > 0)
    return undefined;
  return /^\d+$/.test(shard) ? { feedUid, shard: Number(shard), writer } : undefined;
}

/** The book id or (single) trade's id that an identity ends at, read from a message id; undefined for all others. */
export function lastIdOf(
  msgId: string,
):
  | { readonly kind: 'book'; readonly id: number; readonly isSnapshot: boolean }
  | { readonly kind: 'trade'; readonly id: number }
  | undefined {
  const identity = msgId.slice(msgId.lastIndexOf('|') + 1);
  const book = /^d-?\d+-(-?\d+)(?:@\d+)?$/.exec(identity) ?? /^s(-?\d+)-[0-9a-f]+$/.exec(identity);
  if (book !== null) return { kind: 'book', id: Number(book[1]), isSnapshot: identity.startsWith('s') };
  const trade = /^t(\d+)$/.exec(identity);
  return trade === null ? undefined : { kind: 'trade', id: Number(trade[1]) };
}
