import { canonicalParts, syntheticInstrument, textOfUnits } from '../market/instrument.ts';
import { COIN_M_PLAYBACK, USD_M_PLAYBACK } from '../playback/binance.ts';
import type { PlaybackDialect } from '../playback/dialect.ts';
import type { Protocol, RestAnswer, SyntheticInstrument, VenueContext } from '../ports.ts';
import { futuresExchangeInfo } from './futures-exchange-info.ts';
import { FUTURES_DEPTHS, futuresFrames, pairOf } from './futures-frames.ts';
import { BINANCE_FUTURES_LIMITS } from './limits.ts';
import { isRatioPath, longShortRatios } from './ratios.ts';
import { Refused } from './refused.ts';
import { binanceFailure, binanceRest, spent, symbolOf } from './rest.ts';
import type { RestFlavour } from './rest.ts';
import { binanceEndpoint } from './session.ts';
import { FuturesStatistics, openInterestFields } from './statistics.ts';
import { RequestWeights, futuresDepthWeight } from './weights.ts';

/** In what the two futures markets differ: U settles linearly, COIN inversely, in contracts of a fixed worth in USD. */
interface FuturesMarket {
  readonly title: string;
  readonly inverse: boolean;
  /** Which connections send which streams, by the path's prefix. */
  readonly paths: Readonly<Record<string, (stream: string) => boolean>>;
  readonly restPath: string;
  readonly symbolForm: string;
  readonly defaultSymbols: readonly string[];
  readonly playback: PlaybackDialect;
}

/** Served on `/public`; everything else is of the class of `/market`. */
function isPublic(stream: string): boolean {
  return /@(?:depth|bookTicker|trade)/.test(stream);
}

const USD_M: FuturesMarket = {
  title: 'Binance USD-M',
  inverse: false,
  // The root was retired on 2026-04-23: it acknowledges everything and sends only what `/public` sends.
  paths: { '/public': isPublic, '/market': (stream) => !isPublic(stream), '': isPublic },
  restPath: '/fapi/v1',
  symbolForm: 'BASE-QUOTE-PERP or BASE-QUOTE-YYYYMMDD',
  defaultSymbols: ['BTC-USDT-PERP', 'ETH-USDT-PERP'],
  playback: USD_M_PLAYBACK,
};
const COIN_M: FuturesMarket = {
  title: 'Binance COIN-M',
  inverse: true,
  paths: { '': () => true },
  restPath: '/dapi/v1',
  symbolForm: 'BASE-USD-PERP or BASE-USD-YYYYMMDD',
  defaultSymbols: ['BTC-USD-PERP', 'ETH-USD-PERP'],
  playback: COIN_M_PLAYBACK,
};

export function binanceUsdM(): Protocol {
  return futures(USD_M);
}

export function binanceCoinM(): Protocol {
  return futures(COIN_M);
}

function futures(market: FuturesMarket): Protocol {
  const { title, restPath, symbolForm, defaultSymbols, inverse } = market;
  const statistics = new FuturesStatistics(inverse);
  return {
    title,
    webSocketPaths: Object.keys(market.paths).map((prefix) => `${prefix}/stream`),
    restPath,
    limits: BINANCE_FUTURES_LIMITS,
    symbolForm,
    defaultSymbols,
    depthSlotsMs: Object.keys(FUTURES_DEPTHS).map(Number),
    idsJump: true,
    venueFaults: ['lifeEnd', 'http418'],
    playback: market.playback,
    instrument: (canonical, seed) => instrumentOf(canonical, inverse, seed),
    frames: (symbol, event) => [
      ...futuresFrames(symbol, event, inverse),
      ...statistics.frames(symbol, event),
    ],
    endpoint(url, context) {
      const prefix = /^\/(?:public|market)(?=\/)/.exec(url.pathname)?.[0] ?? '';
      const serves = market.paths[prefix];
      return serves === undefined ? 404 : binanceEndpoint(url, context, { prefix, serves });
    },
    rest: futuresRest(market, statistics),
    failure: (kind, retryAfterMs) =>
      binanceFailure(kind, retryAfterMs, BINANCE_FUTURES_LIMITS.weightPerMinute),
  };
}

/** `BTCUSDT`, `BTCUSDT_261225`, `BTCUSD_PERP`, `BTCUSD_261225`. */
function instrumentOf(canonical: string, inverse: boolean, seed: number): SyntheticInstrument | undefined {
  const parts = canonicalParts(canonical);
  if (parts === undefined || (parts.kind !== 'perpetual' && parts.kind !== 'future')) return undefined;
  if ((parts.quoteAsset === 'USD') !== inverse) return undefined;
  const day = parts.expiry === undefined ? undefined : `_${parts.expiry.slice(2)}`;
  const symbol = `${parts.baseAsset}${parts.quoteAsset}${day ?? (inverse ? '_PERP' : '')}`;
  // As many decimals as the step has, as this venue writes them.
  const fixed =
    (digits: number) =>
    (units: number): string =>
      textOfUnits(units).slice(0, digits === 0 ? -9 : digits - 8);
  const steps = syntheticInstrument(parts, { symbol, priceText: textOfUnits, sizeText: textOfUnits }, seed);
  const lotUnits = inverse ? 10 ** 8 : steps.lotUnits * 100;
  const style = {
    symbol,
    tickUnits: steps.tickUnits,
    lotUnits,
    priceText: fixed(8 - Math.log10(steps.tickUnits)),
    sizeText: fixed(8 - Math.log10(lotUnits)),
  };
  return syntheticInstrument(parts, style, seed);
}

/** The ratios' own limit is 1,000 in five minutes. */
const RATIOS_PER_MINUTE = 200;

function futuresRest(
  { restPath, inverse }: FuturesMarket,
  statistics: FuturesStatistics,
): (url: URL, address: string, context: VenueContext) => RestAnswer {
  const flavour: RestFlavour = {
    prefix: restPath,
    standardDepth: 500,
    mostDepth: 1_000,
    depthWeight: futuresDepthWeight,
    exchangeInfoWeight: 1,
    tradesWeight: 5,
    oldTradesNeedKey: true,
    exchangeInfo: (symbols, limits, nowMs) => futuresExchangeInfo(symbols, limits, { nowMs, inverse }),
    depthFields: (symbol, nowMs) => ({
      E: nowMs,
      T: nowMs,
      ...(inverse ? { symbol, pair: pairOf(symbol) } : {}),
    }),
    others: {
      '/openInterest': {
        weight: () => 1,
        answer: (query, { market, nowMs }) => {
          const symbol = symbolOf(query, market);
          if (symbol instanceof Refused) return symbol;
          const all = market.symbols;
          const known = all.find((one) => one.symbol === symbol);
          if (known === undefined) return new Refused(-1121, 'Invalid symbol.');
          return openInterestFields(known, statistics.standing(symbol), { inverse, nowMs: nowMs(), all });
        },
      },
    },
  };
  let weights: RequestWeights | undefined;
  let ratios: RequestWeights | undefined;
  return (url, address, context) => {
    if (isRatioPath(url.pathname)) {
      ratios ??= new RequestWeights({ ...context.limits, weightPerMinute: RATIOS_PER_MINUTE });
      return spent(ratios, { address, weight: 1 }, context, () =>
        longShortRatios(url, context.market.symbols, { inverse, nowMs: context.nowMs() }),
      );
    }
    weights ??= new RequestWeights(context.limits);
    return binanceRest(url, address, { ...context, weights, flavour });
  };
}
