import { allowanceOf, type Allowance } from '../runtime/allowance.ts';
import { Backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { Proxies } from '../runtime/proxies.ts';
import type { ConnectBudget } from './link/connect-budget.ts';
import { VenueSocket } from './link/socket.ts';
import { ACK_TIMEOUT_MS, Subscriptions } from './link/subscriptions.ts';
import { channelKey, type Channel, type Venue, type VenueFrame } from './venues/venue.ts';

const BACKOFF = { firstMs: 250, maxMs: 30_000 };
/** A connection that lived this long was sound: the next failure begins at the shortest wait again. */
const SOUND_MS = 60_000;
/** After the venue ended a session because we asked too much: its buckets are full again by then. */
const TOO_MANY_MS = 10_000;
const WATCH_EVERY_MS = 1_000;
/** A silent connection is asked whether it is there, and given up when one that used to answer does not. */
const PROBE_AFTER_MS = 15_000;
const PROBE_ANSWER_MS = 10_000;

export type DisconnectCause =
  'closed' | 'refused' | 'silent' | 'noAck' | 'noData' | 'tooManyRequests' | 'stopped';

export interface Failure {
  readonly cause: DisconnectCause;
  readonly detail: string;
  readonly sinceMs: number;
}

export interface FeedHandlers {
  onFrame(bytes: Buffer, receiveTimeUs: number): void;
  onConnected(): void;
  /** These channels were confirmed by the venue. */
  onOpened(channels: readonly Channel[]): void;
  onRefused(channels: readonly Channel[], error: string): void;
  /** The venue is about to close the connection. */
  onShutdown(reason: string): void;
  /** Everything that was subscribed here is interrupted until it is opened again. */
  onDisconnected(cause: DisconnectCause, detail: string): void;
}

export interface FeedOptions {
  readonly venue: Venue;
  readonly url: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly proxies: Proxies;
  readonly connects: ConnectBudget;
  /** Limits that all connections of this address share. */
  readonly shared: readonly Allowance[];
  readonly handlers: FeedHandlers;
}

/**
 * One supervised connection: it connects as the venue's budget allows, watches for silence, and comes back for ever with
 * backoff and jitter. The old socket is ended before the next is opened.
 */
export class Feed {
  readonly #options: FeedOptions;
  readonly #backoff: Backoff;
  readonly #wanted = new Map<string, Channel>();
  #subscriptions: Subscriptions;
  #own: readonly Allowance[] = [];
  #socket: VenueSocket | undefined;
  #isOpen = false;
  #openedMs = 0;
  #lastSignMs = 0;
  #keptAliveMs = 0;
  #probedMs = 0;
  #answersPings = false;
  #paused = false;
  #stopped = false;
  #waitsToConnect = false;
  #cancelConnect: (() => void) | undefined;
  readonly #cancelWatch: () => void;
  #failure: Failure | undefined;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ ...BACKOFF, random: options.random });
    this.#subscriptions = this.#newSubscriptions();
    this.#cancelWatch = options.clock.every(WATCH_EVERY_MS, () => this.#watch());
    this.#connect();
  }

  get connected(): boolean {
    return this.#isOpen;
  }
  get lastSignMs(): number {
    return this.#lastSignMs;
  }
  /** Why it is not connected, and since when; undefined while it is. */
  get failure(): Failure | undefined {
    return this.#isOpen ? undefined : this.#failure;
  }
  /** True while the budget of connections does not allow to connect. */
  get waitsToConnect(): boolean {
    return this.#waitsToConnect;
  }
  /** Channels that are still to be asked for, or to be ended. */
  get waiting(): number {
    return this.#subscriptions.waiting;
  }
  isWaiting(channel: Channel): boolean {
    return this.#isOpen && this.#subscriptions.isWaiting(channel);
  }

  subscribe(channels: readonly Channel[]): void {
    for (const channel of channels) this.#wanted.set(channelKey(channel), channel);
    if (this.#isOpen) this.#subscriptions.subscribe(channels);
  }
  unsubscribe(channels: readonly Channel[]): void {
    for (const channel of channels) this.#wanted.delete(channelKey(channel));
    if (this.#isOpen) this.#subscriptions.unsubscribe(channels);
  }
  /** Ends and begins what is subscribed. */
  resubscribe(channels: readonly Channel[]): void {
    if (this.#isOpen)
      this.#subscriptions.again(channels.filter((channel) => this.#wanted.has(channelKey(channel))));
  }

  /** Takes what concerns the connection; false: market data, or something to be counted. */
  handle(frame: VenueFrame): boolean {
    switch (frame.kind) {
      case 'ack':
        this.#subscriptions.acknowledge(frame);
        return true;
      case 'opened':
        this.#subscriptions.confirm(frame.channel, null);
        return true;
      case 'refused':
        this.#subscriptions.confirm(frame.channel, frame.error);
        return true;
      case 'reply':
        this.#socket?.send(frame.text);
        return true;
      case 'heartbeat':
        return true;
      case 'shutdown':
        this.#options.handlers.onShutdown(
          frame.reason ?? 'the venue announced that it closes this connection',
        );
        return true;
      case 'tooManyRequests':
        for (const allowance of this.#options.shared) allowance.exhaust(this.#options.clock.nowMs());
        this.drop('tooManyRequests', frame.reason);
        return true;
      default:
        return false;
    }
  }

  pause(): void {
    this.#paused = true;
    this.#socket?.pause();
  }

  resume(): void {
    this.#paused = false;
    // What was not read while paused is no silence of the venue's, nor a confirmation that did not come.
    const nowMs = this.#options.clock.nowMs();
    this.#lastSignMs = nowMs;
    this.#subscriptions.restartWaits(nowMs);
    this.#socket?.resume();
  }

  stop(): void {
    this.#stopped = true;
    this.#cancelWatch();
    this.#cancelConnect?.();
    this.#waitsToConnect = false;
    this.drop('stopped', '');
  }

  /** Ends the connection; another follows, unless it was stopped. */
  drop(cause: DisconnectCause, detail: string): void {
    const { clock, log, handlers, url } = this.#options;
    const nowMs = clock.nowMs();
    const wasOpen = this.#isOpen;
    if (wasOpen && nowMs - this.#openedMs >= SOUND_MS) this.#backoff.reset();
    this.#isOpen = false;
    this.#subscriptions.stop();
    this.#failure = { cause, detail, sinceMs: this.#failure?.sinceMs ?? nowMs };
    this.#socket?.end();
    this.#socket = undefined;
    if (wasOpen) handlers.onDisconnected(cause, detail);
    if (this.#stopped || this.#cancelConnect !== undefined) return;
    const backoffMs = this.#backoff.nextMs();
    const waitMs = cause === 'tooManyRequests' ? TOO_MANY_MS + backoffMs : backoffMs;
    log.warn({ cause, detail, waitMs, url }, 'venue connection lost; reconnecting');
    this.#connectIn(waitMs);
  }

  #connectIn(waitMs: number): void {
    this.#cancelConnect = this.#options.clock.after(waitMs, () => this.#connect());
  }

  #connect(): void {
    this.#cancelConnect = undefined;
    if (this.#stopped) return;
    const { url, clock, proxies, connects } = this.#options;
    const budgetMs = connects.waitMs();
    this.#waitsToConnect = budgetMs > 0;
    if (budgetMs > 0) {
      this.#connectIn(budgetMs);
      return;
    }
    connects.take();
    this.#socket = new VenueSocket({
      url,
      clock,
      proxies,
      handlers: {
        onOpen: () => this.#onOpen(),
        onMessage: (bytes, receiveTimeUs) => {
          this.#lastSignMs = clock.nowMs();
          this.#options.handlers.onFrame(bytes, receiveTimeUs);
        },
        onSign: (sign) => {
          this.#lastSignMs = clock.nowMs();
          if (sign === 'pong') this.#answersPings = true;
        },
        onEnd: (detail) => this.drop(this.#isOpen ? 'closed' : 'refused', detail),
      },
    });
  }

  #onOpen(): void {
    const { clock, log, url, venue, handlers } = this.#options;
    const nowMs = clock.nowMs();
    this.#isOpen = true;
    this.#failure = undefined;
    this.#openedMs = nowMs;
    this.#lastSignMs = nowMs;
    this.#keptAliveMs = nowMs;
    this.#subscriptions = this.#newSubscriptions();
    if (this.#paused) this.#socket?.pause();
    log.info({ url, channels: this.#wanted.size }, 'connected to the venue');
    for (const text of venue.hello) this.#socket?.send(text);
    if (venue.keepAlive === null) this.#probe(nowMs);
    handlers.onConnected();
    this.#subscriptions.subscribe([...this.#wanted.values()]);
  }

  #newSubscriptions(): Subscriptions {
    const { venue, clock, log, shared, handlers } = this.#options;
    this.#own = venue.limits.sends.map(allowanceOf);
    return new Subscriptions({
      venue,
      clock,
      allowances: [...this.#own, ...shared],
      send: (text) => this.#socket?.send(text),
      handlers: {
        onOpened: (channels) => handlers.onOpened(channels),
        onRefused: (channels, error) => handlers.onRefused(channels, error),
        onStrayError: (error) => log.warn({ error }, 'the venue reports an error'),
      },
    });
  }

  #probe(nowMs: number): void {
    this.#probedMs = nowMs;
    for (const allowance of this.#own) allowance.take(1, nowMs);
    this.#socket?.ping();
  }

  #watch(): void {
    if (!this.#isOpen) return;
    const nowMs = this.#options.clock.nowMs();
    const { limits, keepAlive } = this.#options.venue;
    // Also while paused: the venue hears us although we do not read what it says.
    if (keepAlive !== null && nowMs - this.#aliveMs >= keepAlive.everyMs) {
      this.#keptAliveMs = nowMs;
      this.#socket?.send(keepAlive.text);
    }
    if (this.#paused) return;
    const silentMs = nowMs - this.#lastSignMs;
    const isAsked = this.#probedMs > this.#lastSignMs;
    if (silentMs > limits.silenceMs) {
      this.drop('silent', `neither frame nor ping for ${limits.silenceMs / 1_000} s`);
    } else if (isAsked && this.#answersPings && nowMs - this.#probedMs > PROBE_ANSWER_MS) {
      this.drop('silent', `a ping was not answered within ${PROBE_ANSWER_MS / 1_000} s`);
    } else if (nowMs - (this.#subscriptions.oldestSentMs ?? nowMs) > ACK_TIMEOUT_MS) {
      this.drop('noAck', `a subscription was not confirmed within ${ACK_TIMEOUT_MS / 1_000} s`);
    } else if (keepAlive === null && silentMs >= PROBE_AFTER_MS && !isAsked) {
      this.#probe(nowMs);
    }
  }

  /** The last sign of ours or, where we read them, of the venue's. */
  get #aliveMs(): number {
    return this.#paused ? this.#keptAliveMs : Math.max(this.#lastSignMs, this.#keptAliveMs);
  }
}
