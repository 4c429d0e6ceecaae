import type { Exchange, Market, StreamName } from '../../contract/feed.ts';
import { expandSubject } from '../../contract/subjects.ts';

/** The instrument whose records are made. */
export interface RecordSource {
  readonly exchange: Exchange;
  readonly market: Market;
  readonly symbol: string;
  readonly instrument: string;
  readonly sizeUnit: string;
  readonly subjects: Readonly<Record<StreamName, string>>;
  /** Names the writer's chain in records; informative. */
  readonly epoch: string;
}

/** A record up to the value of `exchangeTime`. */
export function recordHead(source: RecordSource, type: StreamName): string {
  const { exchange, market, symbol, instrument } = source;
  const fixed = { v: 1, type, exchange, market, symbol, instrument };
  return `${JSON.stringify(fixed).slice(0, -1)},"exchangeTime":`;
}

export function recordSubject(source: RecordSource, stream: StreamName): string {
  const { exchange, market, symbol, instrument } = source;
  return expandSubject(source.subjects[stream], { exchange, market, symbol, instrument, stream });
}
