import type { Assignment } from '../contract/assignment.ts';
import type { Replica } from '../contract/control.ts';
import type { GapCause } from '../contract/record.ts';
import { select } from '../contract/selector.ts';
import { expandSubject } from '../contract/subjects.ts';
import type { Instrument } from '../contract/instrument.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { Backfill } from './backfill.ts';
import { CATALOGUE_EVERY_MS, CatalogueLoader } from './catalogue-loader.ts';
import { NO_PROXIES, type Proxies } from '../runtime/proxies.ts';
import { Audits } from './audits.ts';
import { Catalogue, type Resolution, type ResolvedSymbol } from './catalogue.ts';
import { Connections } from './connections.ts';
import { connectionProblems } from './link/problems.ts';
import { Pipeline } from './pipeline/pipeline.ts';
import type { SnapshotCommand } from './pipeline/book-start.ts';
import { Listings } from './listings.ts';
import { Poller, pacedPolls } from './poller.ts';
import type { OutgoingSink, SessionStatus, TradesFetched, TradesWanted, VenueSession } from './ports.ts';
import type { RestClient } from './rest.ts';
import { restOf } from './venue-rest.ts';
import { Snapshots } from './snapshots.ts';
import { VenueProblems } from './venue-problems.ts';
import { venueOf } from './venues/registry.ts';
import { pushedOf } from './venues/source.ts';
import { namesOf, wantedChannels } from './wanted-channels.ts';
import type { Channel, RestRequest, Venue } from './venues/venue.ts';

export interface SessionOptions {
  readonly assignment: Assignment;
  readonly sink: OutgoingSink;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
  /** The way to the venue; left out: direct. */
  readonly proxies?: Proxies;
  /** Where `a` and `b` collect the same, `a` alone publishes what is polled and has no time of the venue. */
  readonly replica: Replica;
  /** Names this writer's chains in records. */
  readonly writerEpoch: string;
  /** Resolves `symbolSelector` itself; else the assignment lists the symbols. */
  readonly selects?: boolean;
  /** How often the venue's lists are read again; left out: every five minutes. */
  readonly catalogueEveryMs?: number;
  /** Called with every list that was read. */
  readonly onCatalogue?: (instruments: readonly Instrument[]) => void;
}

/** A symbol that the venue does not list may be listed later. */
const UNKNOWN_AGAIN_MS = 60_000;
const AFTER_EXPIRY_MS = 5_000;
const TICK_MS = 100;
const NOTHING: Resolution = { resolved: [], unknown: [], duplicates: [] };

/** Opens the venue for one assignment: catalogue, connections, pipeline. Throws for a market that no venue file offers. */
export function startSession(
  options: SessionOptions,
  venue = venueOf(options.assignment.effective),
): VenueSession {
  const { exchange, market } = options.assignment.effective;
  if (venue === undefined) throw new Error(`${exchange} ${market} is not offered yet`);
  return new Session(options, venue);
}

class Session implements VenueSession {
  readonly #options: SessionOptions;
  readonly #venue: Venue;
  readonly #rest: RestClient;
  readonly #snapshots: Snapshots;
  readonly #backfill: Backfill;
  readonly #pipeline: Pipeline;
  readonly #connections: Connections;
  readonly #poller: Poller;
  readonly #loader: CatalogueLoader;
  readonly #audits: Audits;
  readonly #listed: Listings;
  readonly #problems: VenueProblems;
  readonly #cancelTick: () => void;
  #asked: readonly string[];
  #catalogue: Catalogue | undefined;
  #resolution: Resolution = NOTHING;
  #topsRefused = 0;

  constructor(options: SessionOptions, venue: Venue) {
    const { assignment, clock, random, log, sink, writerEpoch, proxies = NO_PROXIES } = options;
    const { effective, budget } = assignment;
    this.#options = options;
    this.#venue = venue;
    this.#asked = assignment.symbols;
    this.#listed = new Listings(venue.exchange);
    const restBase = (effective.endpoints.rest ?? venue.endpoints.rest).replace(/\/$/, '');
    this.#problems = new VenueProblems({ clock, log, restBase });
    this.#rest = restOf(venue, { base: restBase, proxy: proxies(restBase), clock, budget });
    this.#loader = new CatalogueLoader({
      venue,
      rest: this.#rest,
      clock,
      random,
      everyMs: options.catalogueEveryMs ?? CATALOGUE_EVERY_MS,
      onLoaded: (instruments) => this.#onCatalogue(instruments),
      onFailure: (answer) => this.#problems.rest(answer, 'the list of instruments'),
    });
    this.#snapshots = new Snapshots({
      rest: this.#rest,
      clock,
      random,
      request: (instrument) => this.#snapshotRequest(instrument),
      onBody: (command, body, receiveTimeUs) => this.#onSnapshot(command, body, receiveTimeUs),
      onFailure: (answer) => this.#problems.rest(answer, 'a book snapshot'),
    });
    this.#pipeline = new Pipeline({
      venue,
      feed: effective,
      epoch: writerEpoch,
      emit: (record) => sink.push(record),
      command: (command) => this.#onCommand(command),
    });
    this.#audits = this.#makeAudits();
    this.#backfill = this.#makeBackfill();
    const base = (effective.endpoints.websocket ?? venue.endpoints.websocket).replace(/\/$/, '');
    this.#connections = new Connections({
      venue,
      url: base,
      clock,
      random,
      log,
      proxies,
      budget: budget.connections,
      sink: this.#pipeline,
      onRefused: (channels, error) => this.#onRefused(channels, error),
    });
    this.#poller = this.#makePoller();
    this.#problems.notOffered(effective.streams, venue);
    this.#cancelTick = clock.every(TICK_MS, () => this.#pipeline.tick(clock.nowMs()));
    this.#loader.load();
  }

  #makeBackfill(): Backfill {
    const { clock, random, log } = this.#options;
    return new Backfill({
      source: this.#venue.trades,
      rest: this.#rest,
      clock,
      random,
      log,
      snapshotsWaiting: () => this.#snapshots.waiting,
      reservedWeight: (instrument) => this.#snapshotRequest(instrument).weight,
      push: (...fetched) => this.#pipeline.backfilled(...fetched),
    });
  }

  #makePoller(): Poller {
    const { assignment, clock, random, log, replica } = this.#options;
    const { effective } = assignment;
    return new Poller({
      polls: pacedPolls(this.#venue, effective.streams),
      rest: this.#rest,
      base: effective.endpoints.rest ?? this.#venue.endpoints.rest,
      reservedWeight: () => Math.floor(this.#rest.weightPerMinute / 2),
      publishesTimedOnly: replica !== 'a',
      clock,
      random,
      log,
      onFrame: (frame, receiveTimeUs) => this.#pipeline.frame(frame, receiveTimeUs, clock.nowMs()),
    });
  }

  #makeAudits(): Audits {
    const { assignment, clock, random } = this.#options;
    return new Audits({
      venue: this.#venue,
      everyMs: assignment.effective.orderbook.auditEveryMs,
      rest: this.#rest,
      clock,
      random,
      book: (instrument) => this.#pipeline.book(instrument),
      isBusy: () => this.#snapshots.waiting > 0,
      onFailure: (answer) => this.#problems.rest(answer, 'an audit of a book'),
    });
  }

  setBudget({ weightPerMinute, connections }: Assignment['budget']): void {
    this.#rest.setWeight(weightPerMinute);
    this.#connections.setBudget(connections);
  }

  setSymbols(symbols: readonly string[]): void {
    this.#asked = symbols;
    if (this.#catalogue === undefined) return;
    this.#follow(this.#catalogue);
    // A symbol that was listed since the catalogue was read.
    if (this.#resolution.unknown.length > 0) this.#loader.load();
  }

  status(): SessionStatus {
    const { symbols, flow } = this.#observe();
    const { url, failure, silences } = this.#connections;
    const problems = [...this.#problems.list, ...connectionProblems(url, failure, silences)];
    if (this.#poller.failure !== undefined) problems.push(this.#poller.failure);
    return {
      symbols,
      ...(this.#options.selects === true && this.#options.assignment.effective.selector !== null
        ? { selection: this.#catalogue === undefined ? ('pending' as const) : ('made' as const) }
        : {}),
      unknown: this.#resolution.unknown,
      duplicates: this.#resolution.duplicates,
      ...flow,
      resyncs: this.#pipeline.counters['resync'] ?? 0,
      problems,
      counters: {
        ...this.#pipeline.counters,
        ...this.#connections.counters,
        ...this.#loader.counters,
        ...this.#poller.counters,
        topsRefused: this.#topsRefused,
        ...this.#backfill.counters,
      },
      gauges: {
        snapshotsWaiting: this.#snapshots.waiting,
        backfillsWaiting: this.#backfill.waiting,
        ...this.#connections.gauges,
      },
    };
  }

  snapshotWanted(subject: string): void {
    this.#pipeline.snapshotWanted(subject);
  }

  resync(subject: string, cause: GapCause): void {
    const { clock } = this.#options;
    this.#pipeline.resync(subject, cause, clock.nowUs(), clock.nowMs());
  }

  tradesWanted(wanted: TradesWanted): Promise<TradesFetched> | undefined {
    const instrument = this.#pipeline.instrumentOfTrades(wanted.subject);
    return instrument === undefined ? undefined : this.#backfill.ask(instrument, wanted);
  }

  pause(): void {
    this.#connections.pause();
  }

  resume(): void {
    this.#connections.resume();
  }

  stop(): Promise<void> {
    this.#cancelTick();
    this.#loader.stop();
    this.#snapshots.stop();
    this.#audits.stop();
    this.#backfill.stop();
    this.#connections.stop();
    this.#poller.stop();
    this.#rest.close();
    return Promise.resolve();
  }

  #observe(): {
    symbols: SessionStatus['symbols'];
    flow: Pick<SessionStatus, 'connected' | 'lastFrameMs' | 'flowing'>;
  } {
    const symbols = this.#resolution.resolved.map(({ asked, instrument }) => {
      const { state = 'waiting', sinceMs = 0, reason = '' } = this.#pipeline.statusOf(instrument) ?? {};
      const waits = state === 'inSync' ? undefined : this.#waitOf(instrument);
      const named = { symbol: asked, instrument, sinceMs };
      if (waits === undefined) return { ...named, state, reason };
      return { ...named, state: state === 'subscribing' ? ('waiting' as const) : state, reason: waits };
    });
    const { effective } = this.#options.assignment;
    // A feed whose streams are all polled has no connection.
    const isPolled = pushedOf(this.#venue.sources, effective.streams).length === 0;
    const { connected, lastSignMs } = isPolled ? this.#poller : this.#connections;
    const { silenceMs } = isPolled ? this.#poller : this.#venue.limits;
    const ageMs = this.#options.clock.nowMs() - lastSignMs;
    const flowing = connected && this.#connections.silences.length === 0 && ageMs <= silenceMs;
    return { symbols, flow: { connected, lastFrameMs: lastSignMs, flowing } };
  }

  /** Which limit of the venue's this instrument waits for. */
  #waitOf(instrument: string): string | undefined {
    const waits = this.#connections.waitOf(this.#channelsOf(instrument));
    if (waits !== undefined) return waits;
    const waitMs = this.#snapshots.budgetWaitOf(instrument);
    return waitMs === undefined
      ? undefined
      : `waits for a snapshot: the venue's limit of requests, for ${Math.ceil(waitMs / 1_000)} s`;
  }

  #onCatalogue(instruments: readonly Instrument[]): number {
    this.#problems.restIsWell();
    const { log, onCatalogue } = this.#options;
    const subjectsOf = (one: Instrument): readonly string[] => this.#subjectsOf(one);
    this.#catalogue = new Catalogue({ venue: this.#venue.exchange, instruments, subjectsOf });
    log.debug({ instruments: instruments.length }, 'instruments of the venue read');
    const { merged } = this.#catalogue;
    if (merged.length > 0) log.warn({ merged: merged.slice(0, 20) }, 'instruments that cannot be told apart');
    const selectionMs = this.#select(instruments);
    this.#follow(this.#catalogue);
    onCatalogue?.(instruments);
    return this.#resolution.unknown.length > 0
      ? UNKNOWN_AGAIN_MS
      : Math.min(this.#toNextExpiryMs(), selectionMs);
  }

  /** Milliseconds until time alone changes the selection. */
  #select(instruments: readonly Instrument[]): number {
    const { assignment, selects, clock } = this.#options;
    const { selector, paused } = assignment.effective;
    if (selects !== true || selector === null || paused) return Number.POSITIVE_INFINITY;
    const nowMs = clock.nowMs();
    const { symbols, changesMs } = select(instruments, selector, nowMs);
    this.#asked = symbols;
    return changesMs === null ? Number.POSITIVE_INFINITY : changesMs - nowMs;
  }

  /** Of what is collected: then the venue says what becomes of it. */
  #toNextExpiryMs(): number {
    const nowMs = this.#options.clock.nowMs();
    const left = this.#resolution.resolved
      .map(({ asked }) => this.#listed.expiryOf(asked))
      .map((expiry) => (expiry === null ? Number.POSITIVE_INFINITY : expiry / 1_000 - nowMs))
      .filter((ms) => ms > 0);
    return Math.min(Number.POSITIVE_INFINITY, ...left) + AFTER_EXPIRY_MS;
  }

  #subjectsOf({ symbol, instrument }: Instrument): readonly string[] {
    const { exchange, market, streams, nats } = this.#options.assignment.effective;
    return streams.map((stream) =>
      expandSubject(nats.subjects[stream], { exchange, market, symbol, instrument, stream }),
    );
  }

  /** Symbols that stay see nothing. */
  #follow(catalogue: Catalogue): void {
    const before = new Map(this.#resolution.resolved.map((one) => [one.instrument, one]));
    const named = new Map(this.#resolution.unknown.map(({ symbol, reason }) => [symbol, reason]));
    const nowMs = this.#options.clock.nowMs();
    this.#resolution = catalogue.resolve(this.#asked, (asked) => this.#listed.gone(asked, nowMs));
    this.#listed.follow(catalogue, this.#asked);
    const added: ResolvedSymbol[] = [];
    for (const one of this.#resolution.resolved) {
      if (!before.delete(one.instrument)) added.push(one);
    }
    for (const one of added) this.#pipeline.add(one, nowMs);
    for (const instrument of before.keys()) {
      this.#pipeline.remove(instrument);
      this.#snapshots.forget(instrument);
      this.#backfill.forget(instrument);
    }
    this.#connections.remove([...before.keys()].flatMap((instrument) => this.#channelsOf(instrument)));
    this.#connections.add(added.flatMap(({ instrument }) => this.#channelsOf(instrument)));
    this.#audits.follow(this.#resolution.resolved.map(({ instrument }) => instrument));
    this.#poller.setInstruments(this.#resolution.resolved.map(({ instrument }) => instrument));
    for (const { symbol, reason } of this.#resolution.unknown) {
      if (named.get(symbol) !== reason)
        this.#options.log.warn({ symbol, reason }, 'symbol cannot be collected');
    }
  }

  #channelsOf(instrument: string): readonly Channel[] {
    return wantedChannels(this.#venue, this.#options.assignment.effective, instrument);
  }

  #onCommand(command: SnapshotCommand): void {
    if (command.kind === 'snapshot') this.#snapshots.ask(command);
    else if (command.kind === 'audit') this.#audits.soon(command.instrument);
    else this.#connections.resubscribe({ instrument: command.instrument, stream: 'orderbook' });
  }

  #snapshotRequest(instrument: string): RestRequest {
    return this.#venue.snapshotRequest(instrument, this.#options.assignment.effective.orderbook.restDepth);
  }

  #onSnapshot(command: SnapshotCommand, body: string, receiveTimeUs: number): boolean {
    const snapshot = this.#venue.decodeSnapshot(body);
    if (snapshot.kind === 'undecodable') {
      const detail = `the snapshot of ${command.instrument} is malformed (${snapshot.reason})`;
      this.#problems.rest({ kind: 'refused', status: 200, detail }, 'a book snapshot');
      return false;
    }
    this.#problems.restIsWell();
    const limit = this.#snapshotRequest(command.instrument).levels ?? snapshot.limit;
    const whole = limit === undefined ? snapshot : { ...snapshot, limit };
    this.#pipeline.snapshot(command, whole, receiveTimeUs, this.#options.clock.nowMs());
    return true;
  }

  #onRefused(channels: readonly Channel[], error: string): void {
    const wanted = channels.filter(({ stream }) => stream !== 'top');
    // The feed's data flows without it; what is not compared shows in the counters.
    this.#topsRefused += channels.length - wanted.length;
    this.#options.log.warn({ channels: namesOf(channels), error }, 'the venue refuses subscriptions');
    if (wanted.length > 0) {
      this.#problems.raise('SubscriptionRefused', `the venue refused ${namesOf(wanted)}: ${error}`);
    }
  }
}
