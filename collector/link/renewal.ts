import type { Clock } from '../../runtime/clock.ts';
import type { Feed } from '../feed.ts';
import type { Channel, Venue, VenueFrame } from '../venues/venue.ts';
import { Overlap, type Received } from './overlap.ts';

/** From a confirmation on, the channel has to be at the old connection's point within this; else it starts anew by itself. */
export const MEET_WITHIN_MS = 30_000;
/** After the old connection ended, repetitions of what it brought are still known. */
const LINGER_MS = 10_000;

export type RenewReason = 'age' | 'shutdown' | 'silent';

/** What the frames of a connection's channels are handed to. */
export interface LinkSink {
  frame(frame: VenueFrame, receiveTimeUs: number, nowMs: number): void;
  opened(channel: Channel, nowMs: number): void;
  disconnected(channels: readonly Channel[], receiveTimeUs: number, nowMs: number): void;
  heldId(instrument: string): number | undefined;
}

export interface RenewalOptions {
  readonly reason: RenewReason;
  readonly next: Feed;
  readonly channels: Iterable<Channel>;
  readonly venue: Venue;
  readonly clock: Clock;
  readonly sink: LinkSink;
  readonly pass: (received: Received, nowMs: number) => void;
  /** A channel's two connections never came to one point: it starts anew. */
  readonly onNotMet: () => void;
}

export type Progress =
  | { readonly kind: 'waits' }
  | { readonly kind: 'met' }
  | { readonly kind: 'failed'; readonly detail: string };

/** A connection and the next one with the same channels, until the next has taken over or is given up, and a little longer. */
export class Renewal {
  readonly reason: RenewReason;
  readonly next: Feed;
  readonly #options: RenewalOptions;
  readonly #frames: Overlap;
  #phase: 'running' | 'tookOver' | 'abandoned' = 'running';
  #overMs = Number.POSITIVE_INFINITY;

  constructor(options: RenewalOptions) {
    const { reason, next, channels, venue, sink } = options;
    this.reason = reason;
    this.next = next;
    this.#options = options;
    this.#frames = new Overlap({ venue, heldId: (instrument) => sink.heldId(instrument) }, channels);
  }

  get isRunning(): boolean {
    return this.#phase === 'running';
  }
  isOver(nowMs: number): boolean {
    return nowMs >= this.#overMs;
  }

  add(channel: Channel): void {
    this.#frames.add(channel);
  }
  remove(channel: Channel): void {
    this.#frames.remove(channel);
  }
  /** The next connection confirmed it. */
  opened(channel: Channel, nowMs: number): void {
    if (this.isRunning) this.#frames.opened(channel, nowMs);
  }

  receive(from: Feed, received: Received, nowMs: number): void {
    const { pass } = this.#options;
    const side = from === this.next && this.#phase !== 'abandoned' ? 'new' : 'old';
    for (const one of this.#frames.take(side, received, nowMs)) pass(one, nowMs);
    if (side === 'old') for (const one of this.#frames.settle(received.frame)) pass(one, nowMs);
  }

  /** The old connection has nothing to say of these: there is nothing to wait for. */
  leaveOld(channels: readonly Channel[], nowMs: number): void {
    for (const channel of channels) {
      for (const received of this.#frames.force(channel)) this.#options.pass(received, nowMs);
    }
  }

  /** Once a second. */
  advance(nowMs: number): Progress {
    const { next } = this;
    if (!next.connected) return { kind: 'waits' };
    this.#frames.tick(nowMs);
    for (const channel of this.#frames.apart) {
      const openedMs = this.#frames.openedMs(channel);
      if (openedMs === undefined || nowMs - openedMs < MEET_WITHIN_MS) continue;
      if (this.#frames.isUnheard(channel)) {
        return {
          kind: 'failed',
          detail: `${channel.stream} of ${channel.instrument} is confirmed and silent there`,
        };
      }
      this.#options.onNotMet();
      this.#beginAnew([channel], nowMs);
      this.leaveOld([channel], nowMs);
    }
    return this.#frames.apart.length === 0 && next.waiting === 0 ? { kind: 'met' } : { kind: 'waits' };
  }

  /** The old connection did not wait: what the next one has confirmed goes on there, the rest is interrupted. */
  oldEnded(nowMs: number): void {
    const { sink, clock } = this.#options;
    const { apart } = this.#frames;
    const unconfirmed = apart.filter((channel) => this.#frames.openedMs(channel) === undefined);
    sink.disconnected(unconfirmed, clock.nowUs(), nowMs);
    this.leaveOld(apart, nowMs);
  }

  tookOver(nowMs: number): void {
    this.#phase = 'tookOver';
    this.#overMs = nowMs + LINGER_MS;
  }

  /** The next connection is no good; the old one goes on alone. */
  abandon(nowMs: number): void {
    this.#phase = 'abandoned';
    this.#overMs = nowMs + LINGER_MS;
    this.#beginAnew(this.#frames.abandonNew(), nowMs);
  }

  /** Their chain ends, and begins on the connection that goes on with them. */
  #beginAnew(channels: readonly Channel[], nowMs: number): void {
    const { sink, clock } = this.#options;
    sink.disconnected(channels, clock.nowUs(), nowMs);
    for (const channel of channels) sink.opened(channel, nowMs);
  }
}
