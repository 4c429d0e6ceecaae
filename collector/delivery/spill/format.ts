import { crc32 } from 'node:zlib';
import type { Publishable } from '../lane.ts';

/**
 * A segment is a file of entries. An entry: length of the body (u32), CRC-32 of the body (u32), then the body: length of the
 * head (u32), the head (JSON), the payload as it will be published. Little-endian. The first entry of a file names its owner.
 */
const FRAME_BYTES = 8;
const HEAD_LENGTH_BYTES = 4;

/** Whose records a segment holds: what another feed left behind is not published under this one's name. */
export interface SegmentOwner {
  readonly v: 1;
  readonly feedUid: string;
  readonly shard: number;
  readonly stream: string;
}

/** A record that waits on disk. */
export interface SpilledRecord {
  readonly record: Publishable;
  readonly pushedMs: number;
  /** Gap records go to another stream and are not counted. */
  readonly isGap: boolean;
  /** It was sent, or its process died: it may be stored already. */
  readonly unclear: boolean;
}

export interface SegmentContent {
  readonly owner: SegmentOwner | undefined;
  readonly records: readonly SpilledRecord[];
  /** Bytes behind the last whole entry: a tail that was torn, or damage. */
  readonly damagedBytes: number;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeOwner(owner: SegmentOwner): Uint8Array {
  return encode(owner, new Uint8Array(0));
}

export function encodeRecord(spilled: SpilledRecord): Uint8Array {
  const { record, ...rest } = spilled;
  const { payload, ...fields } = record;
  return encode({ ...rest, fields }, payload);
}

function encode(head: object, payload: Uint8Array): Uint8Array {
  const headBytes = encoder.encode(JSON.stringify(head));
  const bodyLength = HEAD_LENGTH_BYTES + headBytes.byteLength + payload.byteLength;
  const entry = new Uint8Array(FRAME_BYTES + bodyLength);
  const view = new DataView(entry.buffer);
  view.setUint32(0, bodyLength, true);
  view.setUint32(FRAME_BYTES, headBytes.byteLength, true);
  entry.set(headBytes, FRAME_BYTES + HEAD_LENGTH_BYTES);
  entry.set(payload, FRAME_BYTES + HEAD_LENGTH_BYTES + headBytes.byteLength);
  view.setUint32(4, crc32(entry.subarray(FRAME_BYTES)), true);
  return entry;
}

/** Reads up to the first entry that is not whole: what lies behind it has no order that can be trusted. */
export function decodeSegment(bytes: Uint8Array): SegmentContent {
  const records: SpilledRecord[] = [];
  let owner: SegmentOwner | undefined;
  let offset = 0;
  while (offset < bytes.byteLength) {
    const body = bodyAt(bytes, offset);
    if (body === undefined) break;
    const { head, payload } = splitBody(body);
    if (offset === 0) owner = head as SegmentOwner;
    else records.push(recordOf(head as StoredHead, payload));
    offset += FRAME_BYTES + body.byteLength;
  }
  return { owner, records, damagedBytes: bytes.byteLength - offset };
}

/** The body of the entry at `offset`; undefined where it is not whole. */
function bodyAt(bytes: Uint8Array, offset: number): Uint8Array | undefined {
  if (offset + FRAME_BYTES > bytes.byteLength) return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset + offset);
  const end = offset + FRAME_BYTES + view.getUint32(0, true);
  if (end > bytes.byteLength || end - offset < FRAME_BYTES + HEAD_LENGTH_BYTES) return undefined;
  const body = bytes.subarray(offset + FRAME_BYTES, end);
  return crc32(body) === view.getUint32(4, true) ? body : undefined;
}

interface StoredHead extends Omit<SpilledRecord, 'record'> {
  readonly fields: Omit<Publishable, 'payload'>;
}

/** The checksum vouches that these are the bytes that `encode` made. */
function splitBody(body: Uint8Array): { readonly head: unknown; readonly payload: Uint8Array } {
  const headEnd = HEAD_LENGTH_BYTES + new DataView(body.buffer, body.byteOffset).getUint32(0, true);
  const head: unknown = JSON.parse(decoder.decode(body.subarray(HEAD_LENGTH_BYTES, headEnd)));
  // A copy: a view would keep the whole segment in memory.
  return { head, payload: new Uint8Array(body.subarray(headEnd)) };
}

function recordOf({ fields, ...rest }: StoredHead, payload: Uint8Array): SpilledRecord {
  return { ...rest, record: { ...fields, payload } as Publishable };
}
