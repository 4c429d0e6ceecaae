import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import type { DisconnectCause, Failure, Feed, FeedHandlers } from '../feed.ts';
import { carrierOf, channelKey, frameChannel, framesOf, type Channel, type Venue } from '../venues/venue.ts';
import type { ConnectBudget } from './connect-budget.ts';
import type { Received } from './overlap.ts';
import { Renewal, type LinkSink, type RenewReason } from './renewal.ts';
import { Watchdog, type Silence } from './watchdog.ts';

/** A notice reaches all of a venue's clients at once; they do not come back at once. */
const NOTICE_JITTER_MS = 3_000;
/** Part of a connection's life after which it is renewed, at random in between: what started together does not return together. */
const RENEW_FROM = 0.85;
const RENEW_TO = 0.95;
/** After a next connection that was no good. */
const RETRY_MS = 60_000;

export type LinkEvent =
  | `disconnected:${DisconnectCause}`
  | `renewed:${RenewReason}`
  | 'renewal:oldEndedFirst'
  | 'renewal:failed'
  | 'renewal:notMet'
  | 'silent:resubscribed'
  | 'silent:reconnected'
  /** A message that the venue's scanner left to JSON. */
  | 'scannerFallback';

export interface LinkOptions {
  readonly venue: Venue;
  readonly path: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly connects: ConnectBudget;
  readonly sink: LinkSink;
  readonly openFeed: (path: string, handlers: FeedHandlers) => Feed;
  readonly onRefused: (channels: readonly Channel[], error: string) => void;
  readonly onReceived: (bytes: number) => void;
  readonly count: (event: LinkEvent) => void;
}

/**
 * The channels of one connection, whichever socket brings them: where it has to be renewed, the next one is opened, subscribed
 * and at the same point in every channel before the old one goes.
 */
export class Link {
  readonly path: string;
  readonly channels = new Map<string, Channel>();
  readonly #options: LinkOptions;
  readonly #watchdog: Watchdog;
  #current: Feed;
  #renewal: Renewal | undefined;
  /** The next renewal, and when it is due. */
  #plan: { readonly reason: RenewReason; readonly fromMs: number } | undefined;
  #silences: readonly Silence[] = [];
  #paused = false;

  constructor(options: LinkOptions) {
    this.#options = options;
    this.path = options.path;
    this.#watchdog = new Watchdog(options.venue.limits.noDataMs);
    this.#current = this.#open();
  }

  get connected(): boolean {
    return this.#current.connected;
  }
  get lastSignMs(): number {
    return this.#current.lastSignMs;
  }
  get failure(): Failure | undefined {
    return this.#current.failure;
  }
  /** Streams that are silent beyond their pace. */
  get silences(): readonly Silence[] {
    return this.#current.connected ? this.#silences : [];
  }
  get waitsToConnect(): boolean {
    return this.#feeds.some(({ waitsToConnect }) => waitsToConnect);
  }
  /** Subscriptions that wait for the venue's limits. */
  get waiting(): number {
    return this.#feeds.reduce((sum, feed) => sum + feed.waiting, 0);
  }

  /** Why this channel has to wait; undefined: it has not. */
  waitOf(channel: Channel): string | undefined {
    if (this.#current.waitsToConnect) return "waits for a connection: the venue's limit of connects";
    return this.#current.isWaiting(channel)
      ? "waits to be subscribed: the venue's limit of requests"
      : undefined;
  }

  add(channels: readonly Channel[]): void {
    const nowMs = this.#options.clock.nowMs();
    for (const channel of channels) {
      this.channels.set(channelKey(channel), channel);
      this.#watchdog.add(channel, nowMs);
      this.#renewal?.add(channel);
    }
    for (const feed of this.#feeds) feed.subscribe(channels);
  }

  /** Answers which of them were here. */
  remove(channels: readonly Channel[]): readonly Channel[] {
    const here = channels.filter((channel) => this.channels.delete(channelKey(channel)));
    for (const channel of here) {
      this.#watchdog.remove(channel);
      this.#renewal?.remove(channel);
    }
    for (const feed of this.#feeds) feed.unsubscribe(here);
    return here;
  }

  /** For a venue whose stream brings the state with it. */
  resubscribe(channel: Channel): void {
    for (const feed of this.#feeds) feed.resubscribe([channel]);
  }

  pause(): void {
    this.#paused = true;
    for (const feed of this.#feeds) feed.pause();
  }
  resume(): void {
    this.#paused = false;
    this.#watchdog.restart(this.#options.clock.nowMs());
    for (const feed of this.#feeds) feed.resume();
  }
  stop(): void {
    const feeds = this.#feeds;
    this.#renewal = undefined;
    for (const feed of feeds) this.#end(feed);
  }

  /** Once a second. */
  tick(): void {
    const nowMs = this.#options.clock.nowMs();
    if (this.#current.connected && !this.#paused) this.#watch(nowMs);
    const renewal = this.#renewal;
    if (renewal?.isOver(nowMs) === true) this.#renewal = undefined;
    if (renewal?.isRunning === true && !this.#current.connected && renewal.next.connected) {
      this.#goOnWith(renewal, nowMs);
    } else if (renewal?.isRunning === true) this.#advance(renewal, nowMs);
    else if (this.#plan !== undefined && nowMs >= this.#plan.fromMs) this.#renew(this.#plan.reason, nowMs);
  }

  get #feeds(): readonly Feed[] {
    return this.#renewal?.isRunning === true ? [this.#current, this.#renewal.next] : [this.#current];
  }

  #watch(nowMs: number): void {
    const silences = this.#watchdog.check(nowMs);
    this.#silences = silences;
    const due = silences.filter(({ remedy }) => remedy !== 'wait');
    if (due.length === 0) return;
    const { log, count } = this.#options;
    const named = { path: this.path, silences: due.slice(0, 5), of: due.length };
    log.warn(named, 'streams are silent beyond their pace');
    if (this.#watchdog.isWholeSilent(silences)) {
      count('silent:reconnected');
      const since = new Date(silences[0]?.sinceMs ?? nowMs).toISOString();
      this.#current.drop('noData', `subscribed, and no data since ${since}`);
      return;
    }
    const again = due
      .filter(({ remedy }) => remedy === 'resubscribe')
      .flatMap((one) => this.#channelsOf(one));
    if (again.length > 0) {
      count('silent:resubscribed');
      this.#current.resubscribe(again);
    }
    if (due.some(({ remedy }) => remedy === 'reconnect')) this.#renewFrom('silent', nowMs);
  }

  #channelsOf({ stream, instrument }: Silence): readonly Channel[] {
    return [...this.channels.values()].filter(
      (channel) =>
        channel.stream === stream && (instrument === undefined || channel.instrument === instrument),
    );
  }

  /** The earliest of all reasons counts. */
  #renewFrom(reason: RenewReason, fromMs: number): void {
    if (this.#plan === undefined || fromMs < this.#plan.fromMs) this.#plan = { reason, fromMs };
  }

  #planByAge(nowMs: number): void {
    const { venue, random } = this.#options;
    const { connectionLifeMs } = venue.limits;
    this.#plan = undefined;
    if (connectionLifeMs === null) return;
    this.#renewFrom('age', nowMs + connectionLifeMs * (RENEW_FROM + (RENEW_TO - RENEW_FROM) * random()));
  }

  /** Not before the venue's budget has room for one more, and not while there is nothing to hand over. */
  #renew(reason: RenewReason, nowMs: number): void {
    const { venue, clock, sink, connects, log, count } = this.#options;
    if (!connects.hasRoom || !this.#current.connected) return;
    log.info({ path: this.path, reason }, 'opening the next connection before this one goes');
    const next = this.#open();
    const channels = [...this.channels.values()];
    const renewal = new Renewal({
      reason,
      next,
      channels,
      clock,
      sink,
      venue,
      pass: (received, atMs) => this.#pass(received, atMs),
      onNotMet: () => count('renewal:notMet'),
    });
    this.#renewal = renewal;
    next.subscribe(channels);
    renewal.leaveOld(
      this.#silences.flatMap((silence) => this.#channelsOf(silence)),
      nowMs,
    );
  }

  #advance(renewal: Renewal, nowMs: number): void {
    const progress = renewal.advance(nowMs);
    if (progress.kind === 'met') this.#takeOver(renewal, nowMs);
    if (progress.kind === 'failed') this.#giveUp(renewal, progress.detail);
  }

  /** The old connection is gone already. */
  #goOnWith(renewal: Renewal, nowMs: number): void {
    this.#options.count('renewal:oldEndedFirst');
    renewal.oldEnded(nowMs);
    this.#takeOver(renewal, nowMs);
  }

  #takeOver(renewal: Renewal, nowMs: number): void {
    const { count, log } = this.#options;
    const { reason, next } = renewal;
    const old = this.#current;
    renewal.tookOver(nowMs);
    this.#current = next;
    this.#planByAge(nowMs);
    this.#end(old);
    count(`renewed:${reason}`);
    log.info({ path: this.path, reason, channels: this.channels.size }, 'the next connection took over');
  }

  #giveUp(renewal: Renewal, detail: string): void {
    const { clock, random, log, count } = this.#options;
    const nowMs = clock.nowMs();
    log.warn({ path: this.path, detail }, 'the next connection could not take over');
    count('renewal:failed');
    renewal.abandon(nowMs);
    this.#end(renewal.next);
    this.#plan = { reason: renewal.reason, fromMs: nowMs + RETRY_MS * (1 + random()) };
  }

  #open(): Feed {
    const { openFeed, connects, venue, onRefused, onReceived, path, count } = this.#options;
    const onFallback = (): void => count('scannerFallback');
    connects.hold();
    const feed: Feed = openFeed(path, {
      onFrame: (bytes, receiveTimeUs) => {
        onReceived(bytes.length);
        for (const frame of framesOf(venue, bytes, onFallback)) {
          if (!feed.handle(frame)) this.#received(feed, { frame, receiveTimeUs });
        }
      },
      onConnected: () => this.#onConnected(feed),
      onOpened: (channels) => this.#onOpened(feed, channels),
      onRefused: (channels, error) => {
        if (feed === this.#renewal?.next) for (const channel of channels) this.#renewal.remove(channel);
        onRefused(channels, error);
      },
      onShutdown: (reason) => this.#onShutdown(feed, reason),
      onDisconnected: (cause, detail) => this.#onDisconnected(feed, cause, detail),
    });
    if (this.#paused) feed.pause();
    return feed;
  }

  #end(feed: Feed): void {
    this.#options.connects.release();
    feed.stop();
  }

  #onConnected(feed: Feed): void {
    if (feed !== this.#current) return;
    const nowMs = this.#options.clock.nowMs();
    this.#planByAge(nowMs);
    this.#watchdog.restart(nowMs);
  }

  #onOpened(feed: Feed, channels: readonly Channel[]): void {
    const nowMs = this.#options.clock.nowMs();
    for (const channel of channels) {
      if (feed === this.#renewal?.next) this.#renewal.opened(channel, nowMs);
      this.#options.sink.opened(channel, nowMs);
    }
  }

  #onShutdown(feed: Feed, reason: string): void {
    const { clock, random, log } = this.#options;
    log.info({ path: this.path, reason }, 'the venue announces the end of a connection');
    const renewal = this.#renewal;
    if (feed === this.#current) this.#renewFrom('shutdown', clock.nowMs() + NOTICE_JITTER_MS * random());
    else if (renewal?.isRunning === true && feed === renewal.next) this.#giveUp(renewal, reason);
  }

  #onDisconnected(feed: Feed, cause: DisconnectCause, detail: string): void {
    const { clock, sink, count } = this.#options;
    const nowMs = clock.nowMs();
    const renewal = this.#renewal?.isRunning === true ? this.#renewal : undefined;
    if (renewal !== undefined && feed === renewal.next) {
      this.#giveUp(renewal, detail);
      return;
    }
    if (feed !== this.#current || cause === 'stopped') return;
    count(`disconnected:${cause}`);
    if (renewal?.next.connected === true) this.#goOnWith(renewal, nowMs);
    else sink.disconnected([...this.channels.values()], clock.nowUs(), nowMs);
  }

  #received(feed: Feed, received: Received): void {
    const nowMs = this.#options.clock.nowMs();
    if (this.#renewal === undefined) this.#pass(received, nowMs);
    else this.#renewal.receive(feed, received, nowMs);
  }

  #pass({ frame, receiveTimeUs }: Received, nowMs: number): void {
    const { venue } = this.#options;
    const channel = frameChannel(frame, (one) => this.channels.has(channelKey(carrierOf(venue, one))));
    if (channel !== undefined) this.#watchdog.saw(carrierOf(venue, channel), nowMs);
    this.#options.sink.frame(frame, receiveTimeUs, nowMs);
  }
}
