import type { Channel, ChannelStream } from '../venues/venue.ts';
import { Pace, type PaceLimits } from './pace.ts';

const HOUR_MS = 3_600_000;
const FLOOR_MS = 30_000;
/** Nothing that is collected is slower than this and still called flowing. */
const CEILING_MS = 6 * HOUR_MS;
/** What people do, not what the venue repeats: a single instrument may rest for hours, many of them do not. */
const EVENTS: ReadonlySet<ChannelStream> = new Set<ChannelStream>(['trade']);
/** May be silent for days in good order; or no data of the feed's, but what its books are held against. */
const UNWATCHED: ReadonlySet<ChannelStream> = new Set<ChannelStream>(['liquidation', 'top']);
const EVENT_FLOOR_MS = 120_000;
/** Between two remedies of one stream that stays silent: twice as long each time. */
const MAX_SPACING_MS = 6 * HOUR_MS;
/** Subscribe anew, connect anew. */
const REMEDIES = 2;

/** A stream that is silent beyond its pace, and what is to be done now; `wait`: something was, and its time is not over. */
export interface Silence {
  readonly stream: ChannelStream;
  /** Undefined: every instrument of the connection. */
  readonly instrument: string | undefined;
  readonly sinceMs: number;
  readonly remedy: 'resubscribe' | 'reconnect' | 'wait';
}

interface Watched {
  readonly pace: Pace;
  /** Remedies tried since it was last heard. */
  tried: number;
  nextMs: number;
  /** Silent through every remedy, and called quiet for it until it is heard. */
  quiet: boolean;
}

interface Kind extends Watched {
  readonly channels: Map<string, Watched>;
}

/**
 * Knows the pace of every channel of a connection and of each kind of stream as a whole. A whole kind that is silent tells
 * soon that an endpoint acknowledges and sends nothing; a single channel tells it of itself, slower.
 *
 * Remedies, one after the other: subscribe anew, connect anew, then wait twice as long before each further one. A single
 * channel that stays silent through both while its kind flows is quiet, not dead: that silence becomes its pace.
 */
export class Watchdog {
  readonly #noDataMs: number;
  readonly #kinds = new Map<ChannelStream, Kind>();

  /** `noDataMs`: for how long a sound connection of this market may bring nothing at all. */
  constructor(noDataMs: number) {
    this.#noDataMs = noDataMs;
  }

  add({ stream, instrument }: Channel, nowMs: number): void {
    if (UNWATCHED.has(stream)) return;
    const kind = this.#kinds.get(stream) ?? { ...watched(nowMs), channels: new Map<string, Watched>() };
    this.#kinds.set(stream, kind);
    if (!kind.channels.has(instrument)) kind.channels.set(instrument, watched(nowMs));
  }

  remove({ stream, instrument }: Channel): void {
    const kind = this.#kinds.get(stream);
    kind?.channels.delete(instrument);
    if (kind?.channels.size === 0) this.#kinds.delete(stream);
  }

  saw({ stream, instrument }: Channel, nowMs: number): void {
    const kind = this.#kinds.get(stream);
    const channel = kind?.channels.get(instrument);
    if (kind === undefined || channel === undefined) return;
    heard(kind, nowMs);
    heard(channel, nowMs);
  }

  /** Nothing could come until now: the connection was not there, or not read. */
  restart(nowMs: number): void {
    for (const kind of this.#kinds.values()) {
      for (const one of [kind, ...kind.channels.values()]) {
        // What is silent already stays so until it is heard, but gets its time anew.
        if (one.tried > 0) one.nextMs = Math.max(one.nextMs, nowMs + FLOOR_MS);
        else one.pace.restart(nowMs);
      }
    }
  }

  /** Every stream that is silent now; a kind as a whole in place of its channels. */
  check(nowMs: number): readonly Silence[] {
    const silences: Silence[] = [];
    for (const [stream, kind] of this.#kinds) {
      const limits = this.#kindLimits(stream, kind.channels.size);
      const whole = judge(kind, limits, nowMs);
      if (whole !== undefined) {
        silences.push({ stream, instrument: undefined, ...whole });
        continue;
      }
      for (const [instrument, channel] of kind.channels) {
        const single = channel.quiet ? undefined : judge(channel, this.#channelLimits(stream), nowMs);
        if (single === undefined) continue;
        channel.quiet = channel.tried > REMEDIES;
        if (!channel.quiet) silences.push({ stream, instrument, ...single });
      }
    }
    return silences;
  }

  /** True when no kind of stream is heard any more: then it is the connection. */
  isWholeSilent(silences: readonly Silence[]): boolean {
    const whole = silences.filter(({ instrument }) => instrument === undefined);
    return whole.length > 0 && whole.length === this.#kinds.size;
  }

  #kindLimits(stream: ChannelStream, channels: number): PaceLimits {
    const isEvent = EVENTS.has(stream);
    return {
      floorMs: isEvent ? EVENT_FLOOR_MS : FLOOR_MS,
      firstMs: isEvent ? Math.max(this.#noDataMs, CEILING_MS / channels) : this.#noDataMs,
      ceilingMs: CEILING_MS,
    };
  }

  #channelLimits(stream: ChannelStream): PaceLimits {
    const isEvent = EVENTS.has(stream);
    return {
      floorMs: isEvent ? EVENT_FLOOR_MS : FLOOR_MS,
      firstMs: isEvent ? CEILING_MS : Math.min(CEILING_MS, 2 * this.#noDataMs),
      ceilingMs: CEILING_MS,
    };
  }
}

const watched = (nowMs: number): Watched => ({ pace: new Pace(nowMs), tried: 0, nextMs: 0, quiet: false });

function heard(one: Watched, nowMs: number): void {
  one.pace.seen(nowMs);
  one.tried = 0;
  one.nextMs = 0;
  one.quiet = false;
}

/** Undefined: within its pace. A remedy that is due counts as tried. */
function judge(
  one: Watched,
  limits: PaceLimits,
  nowMs: number,
): Omit<Silence, 'stream' | 'instrument'> | undefined {
  const sinceMs = one.pace.lastMs;
  const limitMs = one.pace.limitMs(limits);
  if (nowMs - sinceMs <= limitMs) return undefined;
  if (nowMs < one.nextMs) return { sinceMs, remedy: 'wait' };
  one.tried += 1;
  one.nextMs = nowMs + Math.min(MAX_SPACING_MS, limitMs * 2 ** Math.max(0, one.tried - REMEDIES));
  return { sinceMs, remedy: one.tried % 2 === 1 ? 'resubscribe' : 'reconnect' };
}
