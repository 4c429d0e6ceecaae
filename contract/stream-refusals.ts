/** Why a NATS server cannot have a stream as it is declared: by the codes of nats-server's server/errors.json. */
export type StreamRefusalReason =
  | 'StreamOverlap'
  | 'ReplicasUnavailable'
  | 'StorageInsufficient'
  | 'AccountLimit'
  | 'JetStreamUnavailable'
  | 'ServerTooOld'
  | 'StreamRefused';

export interface StreamRefusal {
  readonly reason: StreamRefusalReason;
  readonly message: string;
}

type Row = readonly [reason: StreamRefusalReason, mend: string];

const OVERLAP: Row = ['StreamOverlap', ''];
const STORAGE: Row = [
  'StorageInsufficient',
  'every stream reserves its maxBytes: lower jetstream.maxBytes, or give JetStream more: max_file_store of the server, max_file of the account',
];
const STREAMS: Row = [
  'AccountLimit',
  'the NATS account may have no more streams: an installation needs four, a feed with a stream of its own two more; raise max_streams',
];
const BYTES: Row = [
  'AccountLimit',
  "lower jetstream.maxBytes, or raise the NATS account's limits of storage",
];

const ROWS: Readonly<Record<number, Row>> = {
  10002: BYTES,
  10005: [
    'ReplicasUnavailable',
    'no group of JetStream servers can take the replicas: lower jetstream.replicas, or add servers or storage',
  ],
  10023: STORAGE,
  10026: ['AccountLimit', "raise the NATS account's max_consumers"],
  10027: STREAMS,
  10028: STORAGE,
  10039: ['JetStreamUnavailable', 'enable JetStream for the account of the credential'],
  10047: STORAGE,
  10058: OVERLAP,
  10065: OVERLAP,
  10074: [
    'ReplicasUnavailable',
    'declare jetstream.replicas: 1, or run NATS as a cluster of at least as many servers',
  ],
  10076: ['JetStreamUnavailable', 'enable JetStream on the server'],
  10113: ['AccountLimit', 'the NATS account demands a limit: set jetstream.maxBytes'],
  10120: [
    'AccountLimit',
    'the NATS account has no limits for so many replicas: set them, or lower jetstream.replicas',
  ],
  10122: ['AccountLimit', "lower jetstream.maxBytes, or raise the NATS account's max_stream_bytes"],
};

/** `code` and `text` as NATS answered. */
export function streamRefusal(stream: string, code: number, text: string): StreamRefusal {
  const [reason, mend] = ROWS[code] ?? ['StreamRefused', ''];
  const said = `stream ${stream}: NATS answers ${code} ${text}`;
  return { reason, message: mend === '' ? said : `${said}; ${mend}` };
}

/**
 * Compression and metadata of streams, and consumers with several filters, came with 2.10: older servers drop such
 * settings in silence.
 */
export const OLDEST_NATS = '2.10.0';

/** Undefined: new enough, or a server that says nothing that could be compared. */
export function serverTooOld(server: string, version: string | undefined): StreamRefusal | undefined {
  const [found, oldest] = [numbers(version ?? ''), numbers(OLDEST_NATS)];
  if (found === undefined || oldest === undefined) return undefined;
  const differs = found.findIndex((part, index) => part !== oldest[index]);
  if (differs === -1 || (found[differs] ?? 0) > (oldest[differs] ?? 0)) return undefined;
  return {
    reason: 'ServerTooOld',
    message: `nats-server ${version} at ${server} is older than ${OLDEST_NATS}, the oldest that is supported: upgrade it`,
  };
}

function numbers(version: string): readonly number[] | undefined {
  return /^v?(\d+)\.(\d+)\.(\d+)/.exec(version)?.slice(1).map(Number);
}
