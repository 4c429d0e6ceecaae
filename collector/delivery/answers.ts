/** What JetStream said to a publish, or what its silence means. The table is closed: every answer has one action. */
export type Answer =
  | { readonly kind: 'stored'; readonly sequence: number }
  /** The id was stored before: by another writer, or by a try of ours whose acknowledgement was lost. */
  | { readonly kind: 'duplicate'; readonly sequence: number }
  /** The expectation of a snapshot failed; certainly not stored by this try. */
  | { readonly kind: 'wrongLastSequence' }
  /** Again, in place. `unclear`: this try may have been stored nevertheless. */
  | { readonly kind: 'retry'; readonly reason: RetryReason; readonly unclear: boolean }
  /** Never storable: dropped, and the drop recorded. */
  | { readonly kind: 'drop'; readonly reason: DropReason };

export type RetryReason =
  | 'noResponders'
  | 'inProcess'
  | 'tooManyRequests'
  | 'streamFull'
  | 'storeFailed'
  | 'accountLimit'
  | 'serverLimit'
  | 'unavailable'
  | 'sealed'
  | 'streamDemandsMore'
  | 'timeout'
  | 'disconnected'
  | 'serverError'
  | 'unreadable';

export type DropReason = 'wrongStream' | 'tooLarge';

const NO_RESPONDERS_STATUS = 503;

const again = (reason: RetryReason): Answer => ({ kind: 'retry', reason, unclear: false });

/**
 * Every error that nats-server 2.15 answers to a publish with our headers: `processJetStreamMsg` (server/stream.go),
 * `processClusteredInboundMsg` (server/jetstream_cluster.go), `checkMsgHeadersPreClusteredProposal`
 * (server/jetstream_batching.go), by the codes of server/errors.json. They are checks before the record is stored, so
 * the try was certainly not stored, except where a row is unclear. What is not here, of a later server, is tried again
 * as `serverError`, unclear.
 */
export const ERRORS: ReadonlyMap<number, Answer> = new Map<number, Answer>([
  [10_071, { kind: 'wrongLastSequence' }],
  [10_164, { kind: 'wrongLastSequence' }],
  // A replica still works on the subject that the expectation is about.
  [10_163, again('inProcess')],
  // The same id is on its way through the replicas: wait for its fate.
  [10_158, { kind: 'retry', reason: 'inProcess', unclear: true }],
  [10_167, again('tooManyRequests')],
  // Space may come back: limits are raised, a disk is freed.
  [10_077, again('storeFailed')],
  [10_002, again('accountLimit')],
  [10_023, again('serverLimit')],
  [10_028, again('serverLimit')],
  [10_047, again('serverLimit')],
  // Without a leader, or without JetStream for the account: for a while, or until somebody enables it.
  [10_008, again('unavailable')],
  [10_009, again('unavailable')],
  [10_039, again('unavailable')],
  [10_076, again('unavailable')],
  [10_118, again('unavailable')],
  // No record will ever fit, but the stream may be replaced, and the queue holds on until then.
  [10_109, again('sealed')],
  [10_169, again('streamDemandsMore')],
  [10_060, { kind: 'drop', reason: 'wrongStream' }],
  [10_054, { kind: 'drop', reason: 'tooLarge' }],
  [10_097, { kind: 'drop', reason: 'tooLarge' }],
]);

/**
 * 10077 carries the store's own words (server/store.go): a limit with `discard: new`, a record that no file takes, or
 * a failing disk.
 */
const STORE_FAILED = 10_077;
const STORE_WORDS: readonly (readonly [RegExp, Answer])[] = [
  [/^message too large/, { kind: 'drop', reason: 'tooLarge' }],
  [/^maximum (messages|bytes)/, again('streamFull')],
];

/** How the server (2.10 to 2.15) says that a record is stored: as JSON it means the same. */
const PLAIN = /^\{"stream":"[\w-]+", ?"seq":([1-9]\d{0,14})\}$/;

/** `status` is the code of a header-only reply (0: none); `body` the text of the reply. */
export function readAnswer(status: number, body: string): Answer {
  if (status === NO_RESPONDERS_STATUS) return again('noResponders');
  const plain = PLAIN.exec(body);
  if (plain !== null) return { kind: 'stored', sequence: Number(plain[1]) };
  const reply = parseReply(body);
  if (reply === undefined) return { kind: 'retry', reason: 'unreadable', unclear: true };
  const { error, sequence, duplicate } = reply;
  if (error !== undefined) {
    const words = error.code === STORE_FAILED ? STORE_WORDS.find(([of]) => of.test(error.text)) : undefined;
    return words?.[1] ?? ERRORS.get(error.code) ?? { kind: 'retry', reason: 'serverError', unclear: true };
  }
  if (sequence === undefined) return { kind: 'retry', reason: 'unreadable', unclear: true };
  return { kind: duplicate ? 'duplicate' : 'stored', sequence };
}

interface Reply {
  readonly error: { readonly code: number; readonly text: string } | undefined;
  readonly sequence: number | undefined;
  readonly duplicate: boolean;
}

function parseReply(body: string): Reply | undefined {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return undefined;
  }
  if (typeof value !== 'object' || value === null) return undefined;
  const { error, seq, duplicate } = value as { error?: unknown; seq?: unknown; duplicate?: unknown };
  return {
    error: typeof error === 'object' && error !== null ? errorOf(error) : undefined,
    sequence: typeof seq === 'number' && seq > 0 ? seq : undefined,
    duplicate: duplicate === true,
  };
}

function errorOf(error: object): { readonly code: number; readonly text: string } {
  const { err_code: code, description } = error as { err_code?: unknown; description?: unknown };
  return {
    code: typeof code === 'number' ? code : 0,
    text: typeof description === 'string' ? description : '',
  };
}
