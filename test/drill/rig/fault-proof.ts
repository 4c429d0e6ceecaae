import { setTimeout as delay } from 'node:timers/promises';
import type { Clock } from '../../../runtime/clock.ts';
import { systemClock } from '../../../runtime/clock.ts';
import type { NatsServer } from '../../support/nats.ts';
import { ScaledClock } from '../../support/scaled-clock.ts';
import { Collector } from './collector.ts';
import type { Ask, FaultCase } from './fault-cases.ts';
import { Follower } from './follower.ts';
import { bookText, RunningVenue, type DrillVenue } from './venues.ts';

/** Clocks of venue and collector, NATS apart, where a watchdog's minutes are to pass in seconds. */
const SLOW_FACTOR = 40;
const DEADLINE_MS = Number(process.env['DEADLINE_MS'] ?? 120_000);
/** Frames of the other symbol, and comparisons with the venue's book, that a fault has to be followed by. */
const FRAMES_AFTER = 3;
const STREAMS = ['MARKET_DATA', 'MARKET_DATA_GAPS'];

export interface CaseResult {
  readonly venue: string;
  readonly fault: string;
  /** Until the book is the venue's again, true time. */
  readonly tookMs: number;
  readonly holes: number;
  readonly cause: string;
  /** Empty: all holds. */
  readonly failures: readonly string[];
}

/** One venue, one collector, one follower; faults one after the other. */
export class FaultProof {
  readonly #venue: RunningVenue;
  readonly #collector: Collector;
  readonly #follower: Follower;

  private constructor(venue: RunningVenue, collector: Collector, follower: Follower) {
    this.#venue = venue;
    this.#collector = collector;
    this.#follower = follower;
  }

  static async start(nats: NatsServer, venue: DrillVenue, slow: boolean): Promise<FaultProof> {
    const clock: Clock = slow ? new ScaledClock(systemClock(), SLOW_FACTOR) : systemClock();
    // Market time stays true time either way.
    const running = await RunningVenue.start(
      venue,
      { eventsPerSecond: 60, speed: slow ? 1 / SLOW_FACTOR : 1, seed: 5 },
      clock,
    );
    const name = `${venue.name}${slow ? '-slow' : ''}`;
    const collector = new Collector(name, running.spec, [nats.url], clock);
    const inSync = (): boolean => collector.state().inSync === 2;
    await within(`${name} in sync`, inSync);
    const follower = await Follower.start(await nats.connect(), STREAMS);
    const proof = new FaultProof(running, collector, follower);
    for (const symbol of venue.symbols) await proof.#equals(symbol);
    return proof;
  }

  async stop(): Promise<void> {
    this.#follower.close();
    await this.#collector.stop();
    await this.#venue.close();
  }

  async prove(fault: FaultCase): Promise<CaseResult> {
    const { name } = this.#venue.venue;
    const failures: string[] = [];
    const beganMs = performance.now();
    const before = this.#look();
    try {
      for (const ask of fault.asks) await this.#ask(ask);
      await this.#follows(fault, before);
    } catch (error) {
      const { problems, counters } = this.#collector.state();
      failures.push(`${String(error)}; ${problems.join('; ')} ${JSON.stringify(counters)}`);
    }
    for (const ask of fault.after ?? []) await this.#ask(ask);
    failures.push(...(await this.#judge(fault, before)));
    const { holes, causes } = this.#holes(before);
    const tookMs = performance.now() - beganMs;
    return { venue: name, fault: fault.name, tookMs, holes, cause: causes.join(), failures };
  }

  /** At rest each book equals the venue's, level by level. */
  async atRest(): Promise<readonly string[]> {
    const failures: string[] = [];
    await this.#venue.pause();
    for (const symbol of this.#venue.venue.symbols) {
      const truth = await this.#venue.book(symbol);
      const subject = this.#venue.bookSubject(symbol);
      const book = this.#follower.books.get(subject);
      const isEqual = (): boolean =>
        book?.id === truth.lastUpdateId &&
        bookText(book.bids, book.asks) === bookText(truth.bids, truth.asks);
      await within('equal', isEqual).catch(() => failures.push(`${subject} is not the venue's book at rest`));
    }
    await this.#venue.play();
    return failures;
  }

  /** The fault is seen, and passes. */
  async #follows(fault: FaultCase, before: Look): Promise<void> {
    const { signs } = fault;
    const [hit, other] = this.#venue.venue.symbols;
    const isSeen = (): boolean => {
      const { counters } = this.#collector.state();
      return Object.entries(counters).some(
        ([name, count]) => signs.some((sign) => sign.test(name)) && count > (before.counters[name] ?? 0),
      );
    };
    if (signs.length > 0) await within(`${fault.name} is seen`, isSeen);
    if (fault.book === 'hole')
      await within(`${fault.name} leaves a hole`, () => this.#holes(before).holes > 0);
    if (fault.restarts === true)
      await within(`${fault.name} is stated`, () => this.#follower.gaps.length > before.gaps);
    await within('in sync again', () => this.#collector.state().inSync === 2);
    for (const symbol of [hit, other]) {
      await within(`${symbol} flows`, () => this.#deltas(symbol) >= before.deltas(symbol) + FRAMES_AFTER);
      await this.#equals(symbol);
    }
  }

  async #judge(fault: FaultCase, before: Look): Promise<readonly string[]> {
    const failures: string[] = [];
    const [hit, other] = this.#venue.venue.symbols;
    for (const symbol of [hit, other]) {
      const subject = this.#venue.bookSubject(symbol);
      const trades = this.#venue.tradeSubject(symbol);
      const unstated = (): readonly object[] => [
        ...this.#follower.unstatedJumps(subject).filter(({ sequence }) => sequence > before.sequence(symbol)),
        ...(this.#venue.venue.spec.exchange === 'okx' ? [] : this.#follower.unstatedTrades(trades)),
      ];
      await within('stated', () => unstated().length === 0).catch(() => {
        const stated = this.#follower.gaps.filter((gap) => gap.subject === subject).slice(-3);
        failures.push(`${symbol}: unstated ${JSON.stringify(unstated())}, stated ${JSON.stringify(stated)}`);
      });
      const unproved = this.#follower.books.get(subject)?.gaps.length ?? 0;
      if (unproved > before.unproved(symbol)) failures.push(`${symbol}: a delta behind a hole was published`);
    }
    const { holes, causes } = this.#holes(before);
    if (fault.book === 'whole' && holes > 0) failures.push(`${holes} holes where nothing is missing`);
    if (causes.some((cause) => !fault.causes.some((right) => right === cause)))
      failures.push(`the gap record names ${causes.join()}, not ${fault.causes.join(' or ')}`);
    if (fault.all !== true && this.#starts(other) > before.starts(other))
      failures.push(`${other} began anew with ${hit}`);
    const wrong = fault.unseen === true ? [] : this.#follower.different.slice(before.different);
    failures.push(...wrong.map((text) => `published, and not the venue's book: ${text}`));
    return failures;
  }

  /** Holes of the symbol that was hit, and the causes that their gap records name. */
  #holes(before: Look): { readonly holes: number; readonly causes: readonly string[] } {
    const [hit] = this.#venue.venue.symbols;
    const subject = this.#venue.bookSubject(hit);
    const jumps = (this.#follower.books.get(subject)?.jumps ?? []).slice(before.jumps);
    const causes = jumps.flatMap(({ fromId }) => this.#follower.gapsFor(subject, fromId));
    return { holes: jumps.length, causes: [...new Set(causes.map(({ cause }) => cause))] };
  }

  #deltas(symbol: string): number {
    return this.#follower.books.get(this.#venue.bookSubject(symbol))?.deltas ?? 0;
  }
  #starts(symbol: string): number {
    return this.#follower.books.get(this.#venue.bookSubject(symbol))?.snapshots ?? 0;
  }

  /** The published book equals the venue's own at one and the same id, in the flow. */
  async #equals(symbol: string): Promise<void> {
    const subject = this.#venue.bookSubject(symbol);
    const { compared } = this.#follower;
    const endMs = performance.now() + DEADLINE_MS;
    while (this.#follower.compared === compared) {
      if (performance.now() > endMs) throw new Error(`${subject} never stood at an id of the venue's`);
      this.#follower.expect(subject, await this.#venue.book(symbol));
      await delay(60);
    }
  }

  async #ask({ kind, whole, ...more }: Ask): Promise<void> {
    const [hit] = this.#venue.venue.symbols;
    await this.#venue.fault({
      kind,
      ...more,
      ...(whole === true ? {} : { symbol: this.#venue.native(hit) }),
    });
  }

  #look(): Look {
    const [hit] = this.#venue.venue.symbols;
    const books = this.#venue.venue.symbols.map((symbol) => {
      const book = this.#follower.books.get(this.#venue.bookSubject(symbol));
      return {
        symbol,
        deltas: book?.deltas ?? 0,
        starts: book?.snapshots ?? 0,
        sequence: book?.jumps.at(-1)?.sequence ?? 0,
        unproved: book?.gaps.length ?? 0,
      };
    });
    const of = (symbol: string): (typeof books)[number] | undefined =>
      books.find((book) => book.symbol === symbol);
    return {
      counters: this.#collector.state().counters,
      jumps: this.#follower.books.get(this.#venue.bookSubject(hit))?.jumps.length ?? 0,
      different: this.#follower.different.length,
      gaps: this.#follower.gaps.length,
      deltas: (symbol) => of(symbol)?.deltas ?? 0,
      sequence: (symbol) => of(symbol)?.sequence ?? 0,
      starts: (symbol) => of(symbol)?.starts ?? 0,
      unproved: (symbol) => of(symbol)?.unproved ?? 0,
    };
  }
}

/** How things stood before a fault. */
interface Look {
  readonly counters: Readonly<Record<string, number>>;
  readonly jumps: number;
  readonly different: number;
  readonly gaps: number;
  deltas(symbol: string): number;
  starts(symbol: string): number;
  /** Of the last hole. */
  sequence(symbol: string): number;
  unproved(symbol: string): number;
}

async function within(what: string, test: () => boolean): Promise<void> {
  const endMs = performance.now() + DEADLINE_MS;
  while (!test()) {
    if (performance.now() > endMs) throw new Error(`not within ${DEADLINE_MS / 1_000} s: ${what}`);
    await delay(20);
  }
}
