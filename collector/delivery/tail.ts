import { CONTINUES_HEADER, LAST_TRADE_HEADER, RESET_TIME_HEADER } from '../../contract/identity.ts';
import { withoutRecord, type BookTail, type Tail } from './chain.ts';
import { isLate, type Publishable } from './lane.ts';
import type { StoredHead, StoredLast } from './stream-reader.ts';

/** What the last record of a subject says about its end. */
export function tailOf(
  last:
    | (Pick<StoredLast, 'sequence' | 'payload'> & Partial<Pick<StoredLast, 'lastTrade' | 'resetTimeUs'>>)
    | null,
  before: Tail,
): Tail {
  if (last === null) return before.kind === 'unknown' ? { kind: 'none' } : withoutRecord(before);
  const record = parseObject(last.payload);
  const timeUs = typeof record['exchangeTime'] === 'number' ? record['exchangeTime'] : null;
  if (record['type'] === 'trade') {
    const own = counted(record['sequence'] ?? record['id']);
    // A trade that was fetched later does not end the subject: its header names what does.
    const named = record['backfilled'] === true ? counted(last.lastTrade) : null;
    const id = named === null ? own : Math.max(named, own ?? 0);
    const exchangeTimeUs = named === null ? timeUs : null;
    const ahead = before.kind === 'trade' && before.id !== null && (id === null || before.id > id);
    return {
      kind: 'trade',
      id: ahead ? before.id : id,
      sequence: last.sequence,
      exchangeTimeUs: ahead ? before.exchangeTimeUs : exchangeTimeUs,
    };
  }
  if (record['type'] !== 'orderbook') return { kind: 'none' };
  const lastId = Number(record['lastId']);
  const known = before.kind === 'book' ? before.resetTimeUs : null;
  const resetTimeUs = record['reset'] === true ? timeUs : latest(last.resetTimeUs ?? null, known);
  // Two writers group differently: the last record may end before one that we know of, while the ids are the same.
  const ahead = before.kind === 'book' && resetTimeUs === known && before.lastId > lastId;
  return {
    kind: 'book',
    lastId: ahead ? before.lastId : lastId,
    sequence: last.sequence,
    exchangeTimeUs: ahead ? before.exchangeTimeUs : timeUs,
    resetTimeUs,
  };
}

/** What a message says of its subject's end beside its own record, for who reads no other. */
export function tailHeaders(tail: Tail, record: Publishable): Record<string, string> {
  if (isLate(record)) return tail.kind === 'trade' ? { [LAST_TRADE_HEADER]: String(tail.id) } : {};
  if (record.kind !== 'delta' && record.kind !== 'snapshot') return {};
  const isReset = record.kind === 'snapshot' && record.role === 'reset';
  const known = tail.kind === 'book' ? tail.resetTimeUs : null;
  const resetTimeUs = isReset ? record.exchangeTimeUs : known;
  const continues = tail.kind === 'book' && tail.sequence === 0 && record.kind === 'delta';
  return {
    ...(resetTimeUs === null ? {} : { [RESET_TIME_HEADER]: String(resetTimeUs) }),
    ...(continues ? { [CONTINUES_HEADER]: String(tail.lastId) } : {}),
  };
}

/** The tail with a record that is known by its head alone: it moves to the highest id of the latest restart. */
export function bookTailWith(
  tail: BookTail,
  lastId: number,
  { sequence, resetTimeUs }: Pick<StoredHead, 'sequence' | 'resetTimeUs'>,
): BookTail {
  const reached = { ...tail, sequence: Math.max(tail.sequence, sequence) };
  const known = tail.resetTimeUs;
  if (resetTimeUs !== null && (known === null || resetTimeUs > known))
    return { ...reached, lastId, exchangeTimeUs: null, resetTimeUs };
  return resetTimeUs === known ? { ...reached, lastId: Math.max(tail.lastId, lastId) } : reached;
}

function latest(one: number | null, other: number | null): number | null {
  return one === null || other === null ? (one ?? other) : Math.max(one, other);
}

function counted(id: unknown): number | null {
  const value = typeof id === 'string' || typeof id === 'number' ? String(id) : '';
  return /^\d+$/.test(value) && Number.isSafeInteger(Number(value)) ? Number(value) : null;
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
  } catch {
    return {};
  }
}

export interface StoredFacts {
  readonly exchangeTimeUs: number | null;
  readonly receiveTimeUs: number;
  readonly isReset: boolean;
  readonly instrument: string | undefined;
}

/** What a gap record says of a stored record at its end. */
export function storedFacts(payload: string): StoredFacts {
  const { exchangeTime, receiveTime, reset, instrument } = parseObject(payload);
  return {
    exchangeTimeUs: typeof exchangeTime === 'number' ? exchangeTime : null,
    receiveTimeUs: typeof receiveTime === 'number' ? receiveTime : 0,
    isReset: reset === true,
    instrument: typeof instrument === 'string' ? instrument : undefined,
  };
}

/** The venue's spelling of the instrument, read from a record of ours. */
export function instrumentOf(payload: Uint8Array): string | undefined {
  const { instrument } = parseObject(new TextDecoder().decode(payload));
  return typeof instrument === 'string' ? instrument : undefined;
}
