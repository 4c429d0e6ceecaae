import { DEFAULT_SUBJECTS } from '../../contract/subjects.ts';
import type { EffectiveFeed } from '../../contract/effective.ts';
import type { Outgoing } from '../ports.ts';
import { venueOf } from '../venues/registry.ts';
import type { Venue, VenueFrame } from '../venues/venue.ts';
import { IdealStream, type StoredRecord } from './ideal-stream.ts';
import { MarketReplay } from './market-replay.ts';
import { recordedApi, type MarketKey, type NamedInstrument, type RecordedApi } from './recorded-venues.ts';
import type { RecordedLine } from './recording.ts';

export interface ReplaySummary {
  readonly lines: number;
  readonly messages: number;
  readonly byType: Readonly<Record<string, number>>;
  readonly gaps: number;
  readonly openGaps: number;
  readonly resyncs: number;
  readonly counters: Readonly<Record<string, number>>;
  /** Events of the received WebSocket messages by kind, at least one a message. */
  readonly events: Readonly<Record<string, number>>;
  readonly unknownKinds: Readonly<Record<string, number>>;
  /** Instruments whose book was recorded, and those of them that ever came in sync. */
  readonly books: { readonly seen: number; readonly bridged: number };
  /** Books that are not in sync at the end, by canonical symbol. */
  readonly unsynced: readonly string[];
  /** The venue's best bid and ask against ours at the same book id. */
  readonly tops: { readonly compared: number; readonly equal: number };
}

/** `notOffered`: the line is of a market that this version does not collect. */
export type LineVerdict = 'taken' | 'notOffered';

/** What is known of one API's instruments, and its markets that are offered. */
interface Source {
  readonly api: RecordedApi;
  readonly first: Venue;
  readonly venues: readonly Venue[];
  readonly listed: Map<string, NamedInstrument>;
}

/**
 * One recording through the collector's own pipeline and delivery's own rules, with an ideal stream behind: a pipeline a
 * market, one clock and one stream for all. The clock is the recording's; the same lines give the same bytes.
 */
export class Replay {
  readonly #stream: IdealStream;
  readonly #sources = new Map<RecordedApi, Source | undefined>();
  readonly #markets = new Map<Venue, MarketReplay>();
  readonly #owners = new Map<string, MarketReplay>();
  readonly #bridged = new Set<string>();
  readonly #byType = new Map<string, number>();
  readonly #events = new Map<string, number>();
  #lines = 0;
  #messages = 0;
  #nowMs = 0;

  constructor(onStored: (record: StoredRecord) => void) {
    this.#stream = new IdealStream({
      onStored: (record) => {
        this.#messages += 1;
        countOne(this.#byType, recordType(record));
        if (record.kind === 'snapshot' && record.role === 'start') this.#bridged.add(record.subject);
        onStored(record);
      },
      onResync: (subject, cause) => this.#owners.get(subject)?.resync(subject, cause),
    });
  }

  line(line: RecordedLine): LineVerdict {
    const source = this.#source(line.url);
    if (source === undefined) return 'notOffered';
    this.#lines += 1;
    this.#nowMs = Math.max(this.#nowMs, line.timeMs);
    for (const market of this.#markets.values()) market.tick(this.#nowMs);
    if (line.direction === 'send') return 'taken';
    if (line.kind === 'http') this.#rest(source, line);
    else for (const frame of source.first.decode(line.message)) this.#frame(source, frame);
    return 'taken';
  }

  /** After the last line; no timer fires any more. */
  end(): ReplaySummary {
    this.#stream.end();
    const markets = [...this.#markets.values()];
    const counters = sum(markets.map((market) => market.counters));
    const books = markets.flatMap((market) => market.books);
    const isUnknown = ([name]: readonly [string, number]): boolean => /^(unknown|undecodable):/.test(name);
    return {
      lines: this.#lines,
      messages: this.#messages,
      byType: Object.fromEntries(this.#byType),
      gaps: this.#stream.gaps.stated,
      openGaps: this.#stream.gaps.open,
      resyncs: counters['resync'] ?? 0,
      counters,
      events: Object.fromEntries(this.#events),
      unknownKinds: Object.fromEntries(Object.entries(counters).filter(isUnknown)),
      books: { seen: books.length, bridged: this.#bridged.size },
      unsynced: books
        .filter(({ isInSync }) => !isInSync)
        .map(({ symbol }) => symbol)
        .toSorted(),
      tops: {
        compared: markets.reduce((total, { tops }) => total + tops.compared, 0),
        equal: markets.reduce((total, { tops }) => total + tops.equal, 0),
      },
    };
  }

  #source(url: string): Source | undefined {
    const api = recordedApi(url);
    if (api === undefined || this.#sources.has(api)) return api === undefined ? api : this.#sources.get(api);
    const venues = api.markets.map((key) => offered(api, key)).filter((venue) => venue !== undefined);
    const [first] = venues;
    const source = first === undefined ? undefined : { api, first, venues, listed: new Map() };
    this.#sources.set(api, source);
    return source;
  }

  #market(venue: Venue): MarketReplay {
    const known = this.#markets.get(venue);
    if (known !== undefined) return known;
    const push = (record: Outgoing, effective: EffectiveFeed): void => {
      this.#owners.set(record.subject, made);
      this.#stream.push(record, effective);
    };
    const made: MarketReplay = new MarketReplay(venue, push);
    made.tick(this.#nowMs);
    this.#markets.set(venue, made);
    return made;
  }

  #rest(source: Source, line: RecordedLine): void {
    const rest = source.api.rest(new URL(line.url));
    if (rest.kind === 'depth') {
      this.#of(source, rest.instrument)?.depthAnswer(rest.instrument, { ...line, limit: rest.limit });
    } else if (rest.kind === 'catalogue') {
      for (const venue of source.venues) this.#catalogue(source, venue, line.message);
    }
  }

  #catalogue(source: Source, venue: Venue, text: string): void {
    const instruments = venue.decodeCatalogue(text);
    if ('kind' in instruments) {
      this.#market(venue).unusable(`undecodable:instruments:${instruments.reason}`);
      return;
    }
    const { market, settle } = venue;
    for (const { instrument, symbol, sizeUnit } of instruments) {
      const named = source.api.instrument(instrument);
      // A venue's list may hold more than the one market that it is read for.
      if (named === undefined || (named.market === market && named.settle === settle))
        source.listed.set(instrument, { symbol, sizeUnit, market, settle });
    }
  }

  #frame(source: Source, frame: VenueFrame): void {
    countOne(this.#events, frame.kind);
    if ('instrument' in frame) this.#of(source, frame.instrument)?.frame(frame);
    else this.#market(source.first).frame(frame);
  }

  /** The market of an instrument, which tracks it from here on; what belongs to none is counted. */
  #of(source: Source, instrument: string): MarketReplay | undefined {
    const named = source.listed.get(instrument) ?? source.api.instrument(instrument);
    const venue = named === undefined ? undefined : offered(source.api, named);
    if (named === undefined || venue === undefined) {
      this.#market(source.first).unusable(`unknown:${named?.market ?? 'instrument'} not offered`);
      return undefined;
    }
    const market = this.#market(venue);
    market.track({ instrument, symbol: named.symbol, sizeUnit: named.sizeUnit });
    return market;
  }
}

function countOne(counts: Map<string, number>, name: string): void {
  counts.set(name, (counts.get(name) ?? 0) + 1);
}

const offered = ({ exchange }: RecordedApi, { market, settle }: MarketKey): Venue | undefined =>
  venueOf({ exchange, market, settle });

function sum(all: readonly Readonly<Record<string, number>>[]): Readonly<Record<string, number>> {
  const total = new Map<string, number>();
  for (const counters of all) {
    for (const [name, count] of Object.entries(counters)) total.set(name, (total.get(name) ?? 0) + count);
  }
  return Object.fromEntries(total);
}

function recordType(record: StoredRecord): string {
  if (record.kind === 'delta' || record.kind === 'snapshot') return `orderbook:${record.kind}`;
  if (record.kind === 'trade') return record.msgId.includes('|a') ? 'trade:aggregated' : 'trade';
  return record.subject.startsWith(GAP_ROOT) ? 'gap' : record.stream;
}

const GAP_ROOT = DEFAULT_SUBJECTS.gap.slice(0, DEFAULT_SUBJECTS.gap.indexOf('.') + 1);
