import type { Allowance } from '../../runtime/allowance.ts';
import type { Clock } from '../../runtime/clock.ts';
import { channelKey, type Channel, type Venue, type VenueFrame } from '../venues/venue.ts';

export const ACK_TIMEOUT_MS = 10_000;

type Operation = 'subscribe' | 'unsubscribe';

export interface SubscriptionHandlers {
  /** These channels were confirmed by the venue. */
  onOpened(channels: readonly Channel[]): void;
  onRefused(channels: readonly Channel[], error: string): void;
  /** The venue reports an error that belongs to no frame of ours. */
  onStrayError(error: string): void;
}

export interface SubscriptionOptions {
  readonly venue: Pick<Venue, 'subscribe' | 'unsubscribe' | 'limits'>;
  readonly clock: Clock;
  /** All of them have to let a frame through. */
  readonly allowances: readonly Allowance[];
  readonly send: (text: string) => void;
  readonly handlers: SubscriptionHandlers;
}

interface Pending {
  readonly channels: readonly Channel[];
  readonly operation: Operation;
  sentMs: number;
}

/**
 * What one connection still has to ask for and what it asked: as few frames as the venue's limits allow, at the pace that they
 * allow. Bounded: at most an end and a beginning wait for each channel.
 */
export class Subscriptions {
  readonly #options: SubscriptionOptions;
  readonly #waiting = new Map<string, { readonly channel: Channel; readonly operations: Operation[] }>();
  readonly #pending = new Map<number, Pending>();
  readonly #open = new Set<string>();
  #nextId = 1;
  #cancelTimer: (() => void) | undefined;

  constructor(options: SubscriptionOptions) {
    this.#options = options;
  }

  /** Channels with something left to send. */
  get waiting(): number {
    return this.#waiting.size;
  }
  /** When the oldest frame without an answer was sent; undefined: every one is answered. */
  get oldestSentMs(): number | undefined {
    let oldest: number | undefined;
    for (const { sentMs } of this.#pending.values()) oldest = Math.min(oldest ?? sentMs, sentMs);
    return oldest;
  }

  isWaiting(channel: Channel): boolean {
    return this.#waiting.has(channelKey(channel));
  }
  isOpen(channel: Channel): boolean {
    return this.#open.has(channelKey(channel));
  }

  subscribe(channels: readonly Channel[]): void {
    for (const channel of channels) this.#want(channel, 'subscribe');
    this.#sendNext();
  }
  unsubscribe(channels: readonly Channel[]): void {
    for (const channel of channels) this.#want(channel, 'unsubscribe');
    this.#sendNext();
  }
  /** Ends and begins them. */
  again(channels: readonly Channel[]): void {
    for (const channel of channels) {
      this.#want(channel, 'unsubscribe');
      this.#want(channel, 'subscribe');
    }
    this.#sendNext();
  }

  acknowledge({ id, error, accepted }: Extract<VenueFrame, { kind: 'ack' }>): void {
    const pending = id === null ? undefined : this.#pending.get(id);
    if (pending === undefined || id === null) {
      if (error !== null) this.#options.handlers.onStrayError(error);
      return;
    }
    this.#pending.delete(id);
    if (pending.operation === 'unsubscribe') return;
    if (error !== null) {
      this.#options.handlers.onRefused(pending.channels, error);
      return;
    }
    const named = accepted === undefined ? undefined : new Set(accepted.map(channelKey));
    const { opened = [], missing = [] } = Object.groupBy(pending.channels, (channel) =>
      named === undefined || named.has(channelKey(channel)) ? 'opened' : 'missing',
    );
    if (opened.length > 0) this.#opened(opened);
    if (missing.length > 0) this.#options.handlers.onRefused(missing, 'left out of its answer');
  }

  /** One channel of a frame of ours; the frame is done with the last of them. */
  confirm(channel: Channel, error: string | null): void {
    const key = channelKey(channel);
    for (const [id, pending] of this.#pending) {
      const left = pending.channels.filter((one) => channelKey(one) !== key);
      if (left.length === pending.channels.length) continue;
      if (left.length === 0) this.#pending.delete(id);
      else this.#pending.set(id, { ...pending, channels: left });
      break;
    }
    if (error === null) this.#opened([channel]);
    else this.#options.handlers.onRefused([channel], error);
  }

  /** What was not read while paused is no confirmation that did not come. */
  restartWaits(nowMs: number): void {
    for (const pending of this.#pending.values()) pending.sentMs = nowMs;
  }

  /** The connection is gone, and all of it with it. */
  stop(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    this.#waiting.clear();
    this.#pending.clear();
    this.#open.clear();
  }

  #opened(channels: readonly Channel[]): void {
    for (const channel of channels) this.#open.add(channelKey(channel));
    this.#options.handlers.onOpened(channels);
  }

  #want(channel: Channel, operation: Operation): void {
    const key = channelKey(channel);
    const waiting = this.#waiting.get(key) ?? { channel, operations: [] };
    const { operations } = waiting;
    const last = operations.at(-1);
    if (last === operation) return;
    // A beginning that was never sent needs no end.
    if (operation === 'unsubscribe' && last === 'subscribe') operations.pop();
    else operations.push(operation);
    if (operation === 'unsubscribe') this.#open.delete(key);
    if (operations.length === 0) this.#waiting.delete(key);
    else this.#waiting.set(key, waiting);
  }

  #sendNext(): void {
    if (this.#cancelTimer !== undefined) return;
    const { clock, allowances, venue, send } = this.#options;
    while (this.#waiting.size > 0) {
      const nowMs = clock.nowMs();
      const waitMs = Math.max(0, ...allowances.map((allowance) => allowance.waitMs(1, nowMs)));
      if (waitMs > 0) {
        this.#cancelTimer = clock.after(waitMs, () => {
          this.#cancelTimer = undefined;
          this.#sendNext();
        });
        return;
      }
      for (const allowance of allowances) allowance.take(1, nowMs);
      const { operation, channels } = this.#takeFrame();
      const id = this.#nextId++;
      this.#pending.set(id, { operation, channels, sentMs: nowMs });
      send(venue[operation](channels, id));
    }
  }

  /** The oldest wish and as many behind it of its kind as one frame takes. */
  #takeFrame(): { readonly operation: Operation; readonly channels: readonly Channel[] } {
    const { channelsPerFrame } = this.#options.venue.limits;
    let operation: Operation | undefined;
    const channels: Channel[] = [];
    for (const [key, { channel, operations }] of this.#waiting) {
      operation ??= operations[0];
      if (operations[0] !== operation) continue;
      operations.shift();
      if (operations.length === 0) this.#waiting.delete(key);
      channels.push(channel);
      if (channels.length === channelsPerFrame) break;
    }
    return { operation: operation ?? 'subscribe', channels };
  }
}
