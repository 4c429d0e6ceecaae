import { setTimeout as delay } from 'node:timers/promises';
import { Random } from '../../../simulator/market/random.ts';
import type { NatsServer } from '../../support/nats.ts';
import { CollectorProcess } from './collector-process.ts';
import type { CollectorSample } from './collectors.ts';
import { FAULTS, pick } from './fault-plan.ts';
import { Follower } from './follower.ts';
import { slopeOf } from './slope.ts';
import { bookText, DRILL_VENUES, RunningVenue } from './venues.ts';

export interface SoakOptions {
  /** Of market time. */
  readonly minutes: number;
  /** Market time per true time. */
  readonly speed: number;
  readonly seed: number;
  /** Of market time, a symbol. */
  readonly eventsPerSecond: number;
  /** Between two faults, on the whole of all venues; true time. */
  readonly faultEveryMs: number;
}

export interface SoakResult {
  readonly figures: Readonly<Record<string, string>>;
  readonly failures: readonly string[];
}

const STREAMS = ['MARKET_DATA', 'MARKET_DATA_GAPS'];
/**
 * Each forces a collection, after which the engine throws compiled code away that names shapes of objects which had none left,
 * and compiles it anew: every 3 s that alone grew memory by 2 MB an hour, the code of ever so many versions.
 */
const SAMPLE_EVERY_MS = 30_000;
const COMPARE_EVERY_MS = 5_000;
const REPORT_EVERY_MS = 60_000;
/** What the slope is judged from: JIT, buffers and pools have found their size by then. */
const WARM_UP_SHARE = 1 / 3;
/** Shorter runs show a slope but cannot judge one. */
const LEAST_JUDGED_MINUTES = 30;
const MOST_GROWTH_MB = 1;
const SETTLE_MS = 120_000;
const QUIET_END_MS = 12_000;

interface MemoryPoint {
  readonly trueMs: number;
  readonly sample: CollectorSample;
}

/** Every venue of the drills, one process of collectors, one NATS, one follower. */
export class Soak {
  readonly #options: SoakOptions;
  readonly #venues: readonly RunningVenue[];
  readonly #collectors: CollectorProcess;
  readonly #follower: Follower;
  readonly #random: Random;
  readonly #memory: MemoryPoint[] = [];
  readonly #failures: string[] = [];
  #faults = 0;
  #beganMs = 0;
  #stopped = false;

  private constructor(
    options: SoakOptions,
    venues: readonly RunningVenue[],
    collectors: CollectorProcess,
    follower: Follower,
  ) {
    this.#options = options;
    this.#venues = venues;
    this.#collectors = collectors;
    this.#follower = follower;
    this.#random = new Random(options.seed);
  }

  static async start(nats: NatsServer, options: SoakOptions): Promise<Soak> {
    const { seed, speed, eventsPerSecond } = options;
    const venues = await Promise.all(
      DRILL_VENUES.map((venue) => RunningVenue.start(venue, { seed, speed, eventsPerSecond })),
    );
    const feeds = venues.map(({ venue, spec }) => ({ name: venue.name, spec }));
    const collectors = await CollectorProcess.start([nats.url], feeds);
    const connection = await nats.connect();
    await until('all symbols in sync', async () => (await collectors.sample()).feeds.every(isWhole));
    const follower = await Follower.start(connection, STREAMS);
    return new Soak(options, venues, collectors, follower);
  }

  async run(report: (line: string) => void): Promise<SoakResult> {
    const { minutes, speed } = this.#options;
    const lengthMs = (minutes * 60_000) / speed;
    this.#beganMs = performance.now();
    report(
      `${minutes} min of market time at speed ${speed}: ${(lengthMs / 60_000).toFixed(1)} min of true time`,
    );
    await Promise.all([
      this.#repeat(lengthMs, SAMPLE_EVERY_MS, () => this.#sample()),
      this.#repeat(lengthMs, COMPARE_EVERY_MS, () => this.#compare()),
      this.#repeat(lengthMs, REPORT_EVERY_MS, async () => report(this.#line())),
      this.#repeat(lengthMs - QUIET_END_MS, 0, () => this.#fault(lengthMs)),
    ]);
    if (this.#stopped) return { figures: {}, failures: ['interrupted'] };
    await this.#judgeEnd();
    return { figures: await this.#figures(), failures: this.#failures };
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#follower.close();
    await this.#collectors.stop();
    for (const venue of this.#venues) await venue.close();
  }

  get #elapsedMs(): number {
    return performance.now() - this.#beganMs;
  }

  async #repeat(untilMs: number, everyMs: number, task: () => Promise<void>): Promise<void> {
    while (this.#elapsedMs < untilMs && !this.#stopped) {
      await task();
      if (everyMs > 0) await delay(Math.min(everyMs, Math.max(0, untilMs - this.#elapsedMs)));
    }
  }

  async #sample(): Promise<void> {
    this.#memory.push({ trueMs: this.#elapsedMs, sample: await this.#collectors.sample() });
  }

  async #compare(): Promise<void> {
    for (const venue of this.#venues) {
      for (const symbol of venue.venue.symbols) {
        this.#follower.expect(venue.bookSubject(symbol), await venue.book(symbol));
      }
    }
  }

  async #fault(lengthMs: number): Promise<void> {
    await delay(this.#options.faultEveryMs * (0.5 + this.#random.next()));
    const venue = this.#venues[this.#faults % this.#venues.length];
    if (venue === undefined) return;
    const leftS = (lengthMs - this.#elapsedMs) / 1_000;
    const possible = FAULTS[venue.venue.name].filter(({ settlesS }) => settlesS < leftS);
    const fault = pick(possible, this.#random.next());
    const symbol = venue.native(venue.venue.symbols[this.#random.integer(2)] ?? '');
    if (fault === undefined) return;
    await venue.fault(fault.oneSymbol ? { ...fault.body, symbol } : fault.body);
    this.#faults += 1;
  }

  #line(): string {
    const last = this.#memory.at(-1)?.sample;
    const minutes = ((this.#elapsedMs / 60_000) * this.#options.speed).toFixed(0);
    const resyncs = sum(last?.feeds.map((feed) => feed.resyncs) ?? []);
    const rss = ((last?.rssBytes ?? 0) / 1e6).toFixed(1);
    const { records, compared, different } = this.#follower;
    return (
      `minute ${minutes}: ${this.#faults} faults, ${resyncs} resyncs, ${records} records, ${compared} books ` +
      `compared, ${different.length} different, ${rss} MB`
    );
  }

  /** Everything has come to rest: each book is the venue's, and each hole is stated. */
  async #judgeEnd(): Promise<void> {
    // A lag that was left on would keep books old.
    for (const venue of this.#venues) {
      const lags = FAULTS[venue.venue.name].some(({ body }) => body.kind === 'snapshotLag');
      if (lags) await venue.fault({ kind: 'snapshotLag', ms: 0 });
    }
    await this.#hold('every symbol in sync at the end', async () =>
      (await this.#collectors.sample()).feeds.every(isWhole),
    );
    for (const venue of this.#venues) await venue.pause();
    for (const venue of this.#venues) {
      for (const symbol of venue.venue.symbols) await this.#judgeBook(venue, symbol);
    }
    for (const [subject, { gaps }] of this.#follower.books) {
      if (gaps.length > 0) this.#failures.push(`${subject}: ${gaps.length} deltas behind a hole`);
      await this.#holdStated(subject, () => this.#follower.unstatedJumps(subject));
    }
    for (const [subject, { doubled }] of this.#follower.trades) {
      // OKX does not say that its trade ids are consecutive: a hole cannot be told from none.
      if (!subject.startsWith('trade.okx.'))
        await this.#holdStated(subject, () => this.#follower.unstatedTrades(subject));
      if (doubled > 0) this.#failures.push(`${subject}: ${doubled} trades twice`);
    }
    for (const text of this.#follower.different) this.#failures.push(`not the venue's book: ${text}`);
  }

  async #judgeBook(venue: RunningVenue, symbol: string): Promise<void> {
    const subject = venue.bookSubject(symbol);
    await this.#hold(`${subject} is the venue's book at the end`, async () => {
      const book = this.#follower.books.get(subject);
      const truth = await venue.book(symbol);
      return (
        book?.id === truth.lastUpdateId && bookText(book.bids, book.asks) === bookText(truth.bids, truth.asks)
      );
    });
  }

  async #holdStated(subject: string, unstated: () => readonly object[]): Promise<void> {
    await this.#hold(`${subject}: every hole is stated`, async () => unstated().length === 0);
    const [first] = unstated();
    if (first === undefined) return;
    const stated = this.#follower.gaps.filter((gap) => gap.subject === subject).slice(-5);
    this.#failures.push(`${subject}: ${JSON.stringify(first)}; stated are ${JSON.stringify(stated)}`);
  }

  async #hold(what: string, test: () => Promise<boolean>): Promise<void> {
    try {
      await until(what, test);
    } catch (error) {
      this.#failures.push(error instanceof Error ? error.message : String(error));
    }
  }

  async #figures(): Promise<Readonly<Record<string, string>>> {
    const { minutes } = this.#options;
    const last = await this.#collectors.sample();
    const warm = this.#memory.slice(Math.floor(this.#memory.length * WARM_UP_SHARE));
    const hoursOf = ({ trueMs }: MemoryPoint): number => (trueMs * this.#options.speed) / 3_600_000;
    const slope = (value: (sample: CollectorSample) => number): ReturnType<typeof slopeOf> =>
      slopeOf(warm.map((point) => ({ hours: hoursOf(point), value: value(point.sample) / 1e6 })));
    const rss = slope(({ rssBytes }) => rssBytes);
    const heap = slope(({ heapUsedBytes }) => heapUsedBytes);
    if (minutes >= LEAST_JUDGED_MINUTES && !(rss.perHour < MOST_GROWTH_MB))
      this.#failures.push(`memory grows by ${rss.perHour.toFixed(2)} MB in an hour`);
    const faults = new Map<string, number>();
    for (const venue of this.#venues) {
      for (const [kind, { asked, done }] of Object.entries((await venue.state()).faults)) {
        faults.set(kind, (faults.get(kind) ?? 0) + asked);
        if (done === 0 && kind !== 'noSnapshot' && !kind.startsWith('rest') && kind !== 'http429')
          this.#failures.push(`${venue.venue.name}: ${kind} was asked for and met nothing`);
      }
    }
    const { records, compared, gaps } = this.#follower;
    const perHour = ({ perHour: value, plusMinus, samples }: typeof rss): string =>
      `${value.toFixed(2)} ± ${plusMinus.toFixed(2)} MB per hour of market time (95 %, ${samples} samples)`;
    return {
      faults: `${this.#faults}: ${[...faults].map(([kind, count]) => `${kind} ${count}`).join(', ')}`,
      'records read by the consumer rule': String(records),
      'books compared within the flow': `${compared}, ${this.#follower.different.length} different`,
      'gap records': String(gaps.length),
      resyncs: String(sum(last.feeds.map((feed) => feed.resyncs))),
      'resident memory of the collectors': `${(last.rssBytes / 1e6).toFixed(1)} MB, ${last.forcedGc ? 'after forced collection' : 'as it is'}`,
      'its slope': perHour(rss),
      'slope of the heap in use': perHour(heap),
      'processor time of the collectors': `${((100 * last.cpuMs) / this.#elapsedMs).toFixed(0)} % of a core`,
      'processor time of venues and drill': `${((100 * cpuMs()) / this.#elapsedMs).toFixed(0)} % of a core`,
    };
  }
}

function isWhole({ symbols, inSync }: CollectorSample['feeds'][number]): boolean {
  return symbols === 2 && inSync === symbols;
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1_000;
}

async function until(what: string, test: () => Promise<boolean>): Promise<void> {
  const endMs = performance.now() + SETTLE_MS;
  while (!(await test())) {
    if (performance.now() > endMs) throw new Error(`not within ${SETTLE_MS / 1_000} s: ${what}`);
    await delay(200);
  }
}
