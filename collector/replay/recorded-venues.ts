/**
 * What a recorded line says only by its address and its instrument's name. One entry a venue: a new venue adds its own
 * file beside `recorded-binance.ts` and its name to RECORDED below; the engine knows no venue.
 */
import type { Exchange, Market } from '../../contract/feed.ts';
import type { Instrument } from '../../contract/instrument.ts';
import { recordedBinance } from './recorded-binance.ts';
import { recordedDeribit } from './recorded-deribit.ts';
import { recordedOkx } from './recorded-okx.ts';

export interface MarketKey {
  readonly market: Market;
  readonly settle: 'linear' | 'inverse' | null;
}

export interface NamedInstrument extends MarketKey, Pick<Instrument, 'symbol' | 'sizeUnit'> {}

export type RestKind =
  | { readonly kind: 'depth'; readonly instrument: string; readonly limit: number }
  | { readonly kind: 'catalogue' | 'other' };

/** One API of a venue: its lines share the form of their frames, the instrument's name tells its markets apart. */
export interface RecordedApi {
  readonly exchange: Exchange;
  /** Every market whose lines come from here. */
  readonly markets: readonly MarketKey[];
  /** True for addresses of this API, whatever their version. */
  owns(url: URL): boolean;
  /** What a recorded answer is an answer to. */
  rest(url: URL): RestKind;
  /** What the name alone tells, for recordings without a list of instruments; undefined: of no market here. */
  instrument(name: string): NamedInstrument | undefined;
}

const RECORDED: readonly RecordedApi[] = [...recordedBinance, ...recordedOkx, ...recordedDeribit];

export function recordedApi(url: string): RecordedApi | undefined {
  const parsed = new URL(url);
  return RECORDED.find((api) => api.owns(parsed));
}
