import { CONNECTION_BUDGET } from '../contract/budget.ts';
import { allowanceOf, type Allowance } from '../runtime/allowance.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import type { Proxies } from '../runtime/proxies.ts';
import { Carriers } from './carriers.ts';
import { Feed, type Failure } from './feed.ts';
import { ConnectBudget, shareOf } from './link/connect-budget.ts';
import { Link, type LinkEvent } from './link/link.ts';
import type { LinkSink } from './link/renewal.ts';
import type { Silence } from './link/watchdog.ts';
import { carrierOf, channelKey, type Channel, type Venue } from './venues/venue.ts';

export interface ConnectionsOptions {
  readonly venue: Venue;
  /** Base of the WebSocket endpoint; the venue's paths come behind it. */
  readonly url: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  readonly proxies: Proxies;
  /** Of the venue's connections, as the assignment states it. */
  readonly budget: number;
  readonly sink: LinkSink;
  readonly onRefused: (channels: readonly Channel[], error: string) => void;
}

const TICK_MS = 1_000;

/**
 * As many connections as the venue's limit of streams asks for and its budget allows; a channel stays where it was put, and
 * waits where there is no room.
 */
export class Connections {
  readonly #options: ConnectionsOptions;
  readonly #carriers: Carriers;
  readonly #links: Link[] = [];
  readonly #unplaced = new Map<string, Channel>();
  readonly #events = new Map<LinkEvent, number>();
  readonly #connects: ConnectBudget;
  readonly #shared: readonly Allowance[];
  readonly #cancelTick: () => void;
  #frames = 0;
  #bytes = 0;
  #paused = false;

  constructor(options: ConnectionsOptions) {
    const { venue, clock, budget } = options;
    this.#options = options;
    this.#carriers = new Carriers(venue);
    const { connects, connectionsAtOnce, sendsOfAddress } = venue.limits;
    const share = budget / CONNECTION_BUDGET[venue.exchange];
    this.#connects = new ConnectBudget({ clock, rule: connects, atOnce: connectionsAtOnce, share });
    this.#shared = sendsOfAddress.map((rule) => allowanceOf(shareOf(rule, share)));
    this.#cancelTick = clock.every(TICK_MS, () => this.#tick());
  }

  /** Another part of what the address may do. */
  setBudget(budget: number): void {
    const { exchange, limits } = this.#options.venue;
    const share = budget / CONNECTION_BUDGET[exchange];
    this.#connects.setShare(share);
    limits.sendsOfAddress.forEach((rule, index) => this.#shared[index]?.become(shareOf(rule, share)));
  }

  get url(): string {
    return this.#options.url;
  }
  /** True while every connection is open, and there is one. */
  get connected(): boolean {
    return this.#links.length > 0 && this.#links.every(({ connected }) => connected);
  }
  /** The sign of life of the quietest connection. */
  get lastSignMs(): number {
    return this.#links.length === 0 ? 0 : Math.min(...this.#links.map(({ lastSignMs }) => lastSignMs));
  }
  get failure(): Failure | undefined {
    return this.#links.find(({ failure }) => failure !== undefined)?.failure;
  }
  /** Streams that are silent beyond their pace. */
  get silences(): readonly Silence[] {
    return this.#links.flatMap(({ silences }) => silences);
  }
  get counters(): Readonly<Record<string, number>> {
    return { frames: this.#frames, bytes: this.#bytes, ...Object.fromEntries(this.#events) };
  }
  get gauges(): { readonly connectsWaiting: number; readonly subscriptionsWaiting: number } {
    const waiting = this.#links.reduce((sum, link) => sum + link.waiting, this.#unplaced.size);
    const connects = this.#links.filter(({ waitsToConnect }) => waitsToConnect).length;
    return { connectsWaiting: connects, subscriptionsWaiting: waiting };
  }

  /** Why a channel of this instrument has to wait for the venue's limits; undefined: none has. */
  waitOf(channels: readonly Channel[]): string | undefined {
    for (const channel of channels.map((one) => carrierOf(this.#options.venue, one))) {
      if (this.#unplaced.has(channelKey(channel)))
        return `waits for a connection: ${this.#connects.atOnce} at once are this collector's share of the venue's`;
      const reason = this.#linkOf(channel)?.waitOf(channel);
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  add(channels: readonly Channel[]): void {
    const { sink, clock } = this.#options;
    const { subscribe, opened } = this.#carriers.add(channels);
    for (const channel of opened) sink.opened(channel, clock.nowMs());
    this.#place(subscribe);
  }

  /** Ends and begins a channel's subscription, for a venue whose stream brings the state with it. */
  resubscribe(channel: Channel): void {
    const carrier = carrierOf(this.#options.venue, channel);
    this.#linkOf(carrier)?.resubscribe(carrier);
  }

  remove(channels: readonly Channel[]): void {
    const ended = this.#carriers.remove(channels);
    for (const channel of ended) this.#unplaced.delete(channelKey(channel));
    for (const link of this.#links.slice()) {
      if (link.remove(ended).length === 0 || link.channels.size > 0) continue;
      link.stop();
      this.#links.splice(this.#links.indexOf(link), 1);
    }
    this.#placeWaiting();
  }

  pause(): void {
    this.#paused = true;
    for (const link of this.#links) link.pause();
  }
  resume(): void {
    this.#paused = false;
    for (const link of this.#links) link.resume();
  }
  stop(): void {
    this.#cancelTick();
    for (const link of this.#links) link.stop();
    this.#links.length = 0;
    this.#unplaced.clear();
  }

  #tick(): void {
    this.#placeWaiting();
    for (const link of this.#links) link.tick();
  }

  #placeWaiting(): void {
    if (this.#unplaced.size === 0) return;
    const channels = [...this.#unplaced.values()];
    this.#unplaced.clear();
    this.#place(channels);
  }

  #place(carriers: readonly Channel[]): void {
    const { venue } = this.#options;
    const hasFewBooks = venue.limits.booksPerConnection !== undefined;
    const byPath = Map.groupBy(carriers, ({ stream }) => venue.socketPath(stream));
    for (const [path, group] of byPath) {
      const apart = Map.groupBy(group, (one) => hasFewBooks && isBook(one));
      for (const some of apart.values()) this.#addAt(path, some);
    }
  }

  /** All of them books, or none, where the venue wants few of these. */
  #addAt(path: string, channels: readonly Channel[]): void {
    const room = channels.some(isBook) ? this.#roomForBooks : this.#room;
    let left = [...channels];
    while (left.length > 0) {
      const withRoom = this.#links.find((one) => one.path === path && room(one) > 0);
      if (withRoom === undefined && !this.#connects.hasRoom) break;
      const link = withRoom ?? this.#open(path);
      const here = left.slice(0, room(link));
      left = left.slice(here.length);
      link.add(here);
    }
    for (const channel of left) this.#unplaced.set(channelKey(channel), channel);
  }

  /** Links know carriers; what stands behind knows channels. */
  get #sink(): LinkSink {
    const { sink } = this.#options;
    return {
      frame: (frame, receiveTimeUs, nowMs) => sink.frame(frame, receiveTimeUs, nowMs),
      opened: (carrier, nowMs) => {
        for (const channel of this.#carriers.opened([carrier])) sink.opened(channel, nowMs);
      },
      disconnected: (carriers, receiveTimeUs, nowMs) =>
        sink.disconnected(this.#carriers.closed(carriers), receiveTimeUs, nowMs),
      heldId: (instrument) => sink.heldId(instrument),
    };
  }

  #linkOf(channel: Channel): Link | undefined {
    const key = channelKey(channel);
    return this.#links.find(({ channels }) => channels.has(key));
  }

  readonly #room = (link: Link): number =>
    this.#options.venue.limits.streamsPerConnection - link.channels.size;

  readonly #roomForBooks = (link: Link): number => {
    const { booksPerConnection = Infinity } = this.#options.venue.limits;
    const books = [...link.channels.values()].filter(isBook).length;
    return Math.min(this.#room(link), booksPerConnection - books);
  };

  #open(path: string): Link {
    const { venue, url, clock, random, log, proxies, onRefused } = this.#options;
    const connects = this.#connects;
    const link = new Link({
      venue,
      path,
      clock,
      random,
      log,
      connects,
      sink: this.#sink,
      onRefused: (refused, error) => onRefused(this.#carriers.closed(refused), error),
      openFeed: (to, handlers) =>
        new Feed({
          venue,
          url: `${url}${to}`,
          clock,
          random,
          log,
          proxies,
          connects,
          shared: this.#shared,
          handlers,
        }),
      onReceived: (bytes) => {
        this.#frames += 1;
        this.#bytes += bytes;
      },
      count: (event) => void this.#events.set(event, (this.#events.get(event) ?? 0) + 1),
    });
    if (this.#paused) link.pause();
    this.#links.push(link);
    return link;
  }
}

const isBook = ({ stream }: Channel): boolean => stream === 'orderbook' || stream === 'top';
