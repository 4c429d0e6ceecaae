import {
  JetStreamApiError,
  jetstreamManager,
  type JetStreamManager,
  type StreamInfo,
} from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/nats-core';
import { readStream, type ReadOptions, type StoredMessage } from '../../consumer/stream.ts';
import { Judge, type Verdict } from '../judge.ts';
import { feedsWithLedger, lowestLastSnapshot, noteMissingSnapshots } from './state.ts';

export interface RangeRequest {
  readonly stream: string;
  /** Null: the one that is named after the stream, if it is there. */
  readonly gapStream: string | null;
  readonly subjects: readonly string[];
  readonly feeds: readonly string[];
  readonly from:
    | { readonly kind: 'sequence'; readonly sequence: number }
    | { readonly kind: 'time'; readonly timeMs: number }
    /** The last snapshots, and from there on so long into the future. */
    | { readonly kind: 'live'; readonly seconds: number };
  readonly toSequence: number | null;
  readonly untilMs: number | null;
  readonly snapshotEveryMs: number | null;
  readonly domain: string | null;
}

export interface RangeResult {
  readonly kind: 'judged';
  readonly verdict: Verdict;
  readonly stream: string;
  readonly gapStream: string | null;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Gone from the middle of the range, of whatever subject. */
  readonly deleted: number;
  /** Records that came while it was followed; null where it was not. */
  readonly live: number | null;
  readonly elapsedMs: number;
}

export type RangeFailure = { readonly kind: 'failed'; readonly message: string };

const STREAM_NOT_FOUND = 10_059;
/** A connection that says nothing for so long, in the middle of what is there, is given up. */
const STALL_MS = 60_000;
/** Collectors look a hole up before they state it, and state an interruption after five seconds. */
const GAP_SETTLE_MS = 10_000;
const GAP_POLL_MS = 500;
const MAX_DELETED = 1_000_000;
/** In a millisecond. */
const NANOSECONDS = 1_000_000;

/** Reads the range once, in order, and judges it. */
export async function judgeRange(
  connection: NatsConnection,
  request: RangeRequest,
): Promise<RangeResult | RangeFailure> {
  const beganMs = performance.now();
  const options = { checkAPI: false, ...(request.domain === null ? {} : { domain: request.domain }) };
  const manager = await jetstreamManager(connection, options);
  const info = await streamInfo(manager, request.stream);
  if (info === undefined)
    return {
      kind: 'failed',
      message: `stream ${request.stream} does not exist; name one with --stream: ${(await streamNames(manager)).join(', ') || 'there is none'}`,
    };
  const reading = new Reading(connection, manager, request);
  return reading.run(info, beganMs);
}

class Reading {
  readonly #connection: NatsConnection;
  readonly #manager: JetStreamManager;
  readonly #request: RangeRequest;
  #first = 0;
  #last = 0;
  #gapsNext: ReadOptions['from'] = { sequence: 1 };
  #live = 0;
  /** Gap records of what was stored before this are there, or never come. */
  readonly #recentMs = Date.now() - GAP_SETTLE_MS;
  #recentFrom = 0;

  constructor(connection: NatsConnection, manager: JetStreamManager, request: RangeRequest) {
    this.#connection = connection;
    this.#manager = manager;
    this.#request = request;
  }

  async run(info: StreamInfo, beganMs: number): Promise<RangeResult> {
    const request = this.#request;
    const { state } = info;
    const start = await this.#start(info);
    const fromBeginning = 'sequence' in start && start.sequence <= state.first_seq && isWhole(info);
    const feeds =
      request.feeds.length > 0 ? request.feeds : await feedsWithLedger(this.#connection, request.domain);
    const judge = new Judge({ fromBeginning, feeds, snapshotEveryMs: request.snapshotEveryMs ?? undefined });
    const gapStream = await this.#gapStream();
    if (gapStream !== null) await this.#readGaps(judge, gapStream, await this.#gapStart(start, info));
    await this.#readData(judge, start, state.last_seq);
    if (gapStream !== null) await this.#settleGaps(judge, gapStream);
    const deleted = await this.#deleted(info);
    const cut = isWhole(info) && state.first_seq > firstOf(info) ? state.first_seq - 1 : 0;
    if (request.subjects.length === 0) {
      judge.deleted(deleted);
      if (cut > 0 && request.from.kind === 'sequence' && request.from.sequence <= cut) judge.cutOff(cut);
    }
    await noteMissingSnapshots(this.#connection, judge, {
      stream: request.stream,
      domain: request.domain,
      first: this.#first,
      last: this.#last,
    });
    return {
      kind: 'judged',
      verdict: judge.end(),
      stream: request.stream,
      gapStream,
      firstSequence: this.#first,
      lastSequence: this.#last,
      deleted: deleted.length,
      live: request.from.kind === 'live' ? this.#live : null,
      elapsedMs: performance.now() - beganMs,
    };
  }

  async #start({ state }: StreamInfo): Promise<ReadOptions['from']> {
    const { from } = this.#request;
    if (from.kind === 'sequence') return { sequence: Math.max(from.sequence, state.first_seq, 1) };
    if (from.kind === 'time') return { time: new Date(from.timeMs) };
    // A snapshot of every book lies behind it: books are known from the beginning of what is followed.
    const sequence = await lowestLastSnapshot(this.#connection, this.#request, state.last_seq + 1);
    return { sequence: Math.max(1, sequence) };
  }

  async #gapStream(): Promise<string | null> {
    const { gapStream, stream } = this.#request;
    const name = gapStream ?? `${stream}_GAPS`;
    return name !== stream && (await streamInfo(this.#manager, name)) !== undefined ? name : null;
  }

  /** Gap records of this range are younger than its first record. */
  async #gapStart(start: ReadOptions['from'], { state }: StreamInfo): Promise<ReadOptions['from']> {
    if ('time' in start) return start;
    if (start.sequence > state.last_seq) return { time: new Date() };
    const { stream } = this.#request;
    const message = await this.#manager.streams.getMessage(stream, { seq: start.sequence });
    return { time: message?.time ?? new Date(state.first_ts) };
  }

  async #readGaps(judge: Judge, stream: string, from: ReadOptions['from']): Promise<void> {
    this.#gapsNext = from;
    await this.#read({
      stream,
      from,
      untilEnd: true,
      onMessage: (message) => {
        this.#gapsNext = { sequence: message.sequence + 1 };
        judge.take(message);
        return undefined;
      },
    });
  }

  async #readData(judge: Judge, start: ReadOptions['from'], lastNow: number): Promise<void> {
    const { stream, subjects, from, toSequence, untilMs } = this.#request;
    const through = from.kind === 'live' ? Infinity : Math.min(toSequence ?? lastNow, lastNow);
    const onMessage = (message: StoredMessage): 'stop' | undefined => {
      if (message.sequence > through || (untilMs !== null && message.storedMs > untilMs)) return 'stop';
      if (this.#first === 0) this.#first = message.sequence;
      this.#last = message.sequence;
      if (message.storedMs < this.#recentMs) this.#recentFrom = message.sequence + 1;
      judge.take(message);
      if (message.sequence > lastNow) this.#live += 1;
      return message.sequence === through ? 'stop' : undefined;
    };
    const what = { stream, subjects, onMessage };
    if (from.kind !== 'live') {
      if ('time' in start || start.sequence <= through)
        await this.#read({ ...what, from: start, untilEnd: true });
      return;
    }
    const signal = AbortSignal.timeout(from.seconds * 1_000);
    const { domain } = this.#request;
    await readStream(this.#connection, { ...what, from: start, domain, signal });
    const next = this.#last === 0 ? start : { sequence: this.#last + 1 };
    await this.#read({ ...what, from: next, untilEnd: true });
  }

  /** What was lost at the very end may be stated only now. */
  async #settleGaps(judge: Judge, gapStream: string): Promise<void> {
    const { toSequence, untilMs } = this.#request;
    const deadlineMs = performance.now() + GAP_SETTLE_MS;
    for (;;) {
      await this.#readGaps(judge, gapStream, this.#gapsNext);
      const isOver = toSequence !== null || untilMs !== null || performance.now() > deadlineMs;
      if (isOver || !judge.awaitsGapRecords(this.#recentFrom)) return;
      await new Promise((resolve) => setTimeout(resolve, GAP_POLL_MS));
    }
  }

  /** Throws when the server falls silent before the end. */
  async #read(options: ReadOptions): Promise<void> {
    const stalled = new AbortController();
    const timer = setTimeout(() => stalled.abort(), STALL_MS);
    await readStream(this.#connection, {
      ...options,
      domain: this.#request.domain,
      signal: stalled.signal,
      onMessage: (message) => {
        timer.refresh();
        return options.onMessage(message);
      },
    });
    clearTimeout(timer);
    if (stalled.signal.aborted)
      throw new Error(`${options.stream} sent nothing for ${STALL_MS / 1_000} s, before its end`);
  }

  /** Sequences of the range that are gone although no limit took them. */
  async #deleted(info: StreamInfo): Promise<readonly number[]> {
    const { config, state } = info;
    const { from, toSequence, untilMs } = this.#request;
    // Where a limit a subject or a message's own age removes, holes in the sequences are no sign.
    if (config.max_msgs_per_subject > 0 || config.allow_msg_ttl === true) return [];
    const first = from.kind === 'sequence' ? from.sequence : this.#first;
    const last = untilMs === null ? (toSequence ?? Math.max(state.last_seq, this.#last)) : this.#last;
    const isIn = (sequence: number): boolean => sequence >= first && sequence <= last;
    const now = await this.#manager.streams.info(this.#request.stream);
    if (now.state.num_deleted === 0 || now.state.num_deleted > MAX_DELETED) return [];
    const detailed = await this.#manager.streams.info(this.#request.stream, { deleted_details: true });
    return (detailed.state.deleted ?? []).filter(isIn);
  }
}

/** True while no limit can have taken anything: what the stream does not hold from its beginning on was removed by hand. */
function isWhole({ config, created }: StreamInfo): boolean {
  const ageMs = Date.now() - Date.parse(created);
  const isYoung = config.max_age === 0 || ageMs < config.max_age / NANOSECONDS;
  return isYoung && config.max_bytes <= 0 && config.max_msgs <= 0 && config.retention === 'limits';
}

/** Streams may be made to begin at another sequence than 1; the server leaves the field out where they do not. */
const firstOf = ({ config }: StreamInfo): number => config.first_seq ?? 1;

async function streamInfo(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name);
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === STREAM_NOT_FOUND) return undefined;
    throw error;
  }
}

async function streamNames(manager: JetStreamManager): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const name of manager.streams.names()) if (!name.startsWith('KV_')) names.push(name);
  return names;
}
