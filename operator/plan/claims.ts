import type { EffectiveFeed } from '../../contract/effective.ts';
import type { CollectorFeed } from '../../contract/feed.ts';
import { expandSubject } from '../../contract/subjects.ts';
import type { TakenSymbol } from './types.ts';

/** The subjects that a feed publishes to, as far as its spec tells. */
export interface Claims {
  /** `<namespace>/<name>`. */
  readonly feed: string;
  /** Sorts by age: the oldest feed has what several claim. */
  readonly age: string;
  /** Where it publishes: on other servers the same subject is another one. */
  readonly place: string;
  /** Spelling that all spellings of an instrument come to → as in the spec. */
  readonly symbols: ReadonlyMap<string, string>;
  readonly templates: readonly (readonly [stream: string, subjectOf: (symbol: string) => string])[];
}

export function claimsOf({ metadata }: CollectorFeed, effective: EffectiveFeed): Claims {
  const { exchange, market, streams, nats } = effective;
  return {
    feed: `${metadata.namespace}/${metadata.name}`,
    age: `${metadata.creationTimestamp ?? ''}/${metadata.uid}`,
    place: JSON.stringify([[...nats.servers].sort(), nats.jetstreamDomain]),
    symbols: new Map(effective.symbols.map((symbol) => [oneSpelling(symbol, market), symbol])),
    templates: streams.map((stream) => [
      stream,
      (symbol) =>
        expandSubject(nats.subjects[stream], { exchange, market, stream, symbol, instrument: symbol }),
    ]),
  };
}

/**
 * `BTC-USDT` and `BTCUSDT` are one. Which instrument a name with an expiry stands for only the venue's list tells: two
 * spellings of such a one are found by the collector.
 */
function oneSpelling(symbol: string, market: EffectiveFeed['market']): string {
  const bare = symbol.toUpperCase().replaceAll(/[-_/]/g, '');
  return market === 'perpetual' ? `${bare.replace(/(PERP|SWAP|PERPETUAL)$/, '')}PERP` : bare;
}

/** The oldest of the older feeds that publish one of this feed's subjects for this symbol. */
export function firstTaken(
  claims: Claims,
  symbol: string,
  others: readonly Claims[],
): Omit<TakenSymbol, 'symbol'> | undefined {
  const [by] = others
    .filter((other) => other.place === claims.place && other.age < claims.age)
    .map((other) => ({ other, stream: commonStream(claims, other, symbol) }))
    .filter(({ stream }) => stream !== undefined)
    .sort((a, b) => (a.other.age < b.other.age ? -1 : 1));
  return by?.stream === undefined ? undefined : { by: by.other.feed, stream: by.stream };
}

function commonStream(claims: Claims, other: Claims, symbol: string): string | undefined {
  const theirs = new Set(other.templates.map(([, subjectOf]) => subjectOf(symbol)));
  return claims.templates.find(([, subjectOf]) => theirs.has(subjectOf(symbol)))?.[0];
}
