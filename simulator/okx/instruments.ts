import {
  canonicalParts,
  optionStartPrice,
  shortTextOfUnits,
  syntheticInstrument,
} from '../market/instrument.ts';
import type { CanonicalParts } from '../market/instrument.ts';
import type { MarketSymbol, SyntheticInstrument } from '../ports.ts';
import { contractOf, deliveryMs, familyOf, instTypeOf } from './contracts.ts';

const UNITS = 10 ** 8;
const OPTION_TICK = 0.0005;

/** `BTC-USDT`, `BTC-USDT-SWAP`, `BTC-USD-261225`, `BTC-USD-261225-100000-C`. */
export function okxInstrument(canonical: string, seed: number): SyntheticInstrument | undefined {
  const parts = canonicalParts(canonical);
  if (parts === undefined) return undefined;
  const family = `${parts.baseAsset}-${parts.quoteAsset}`;
  const dated = `-${parts.expiry?.slice(2)}`;
  const ends = { spot: '', perpetual: '-SWAP', future: dated, option: `${dated}${strikeOf(parts)}` };
  const style = {
    symbol: `${family}${ends[parts.kind]}`,
    priceText: shortTextOfUnits,
    sizeText: shortTextOfUnits,
  };
  if (parts.kind === 'spot') return syntheticInstrument(parts, style, seed);
  if (parts.kind === 'option') {
    // Quoted in the coin.
    const startPrice = optionStartPrice(parts);
    if (parts.quoteAsset !== 'USD' || startPrice === undefined) return undefined;
    const steps = { tickUnits: OPTION_TICK * UNITS, lotUnits: UNITS };
    const instrument = syntheticInstrument(parts, { ...style, ...steps }, seed);
    return { ...instrument, startPriceTicks: Math.round(startPrice / OPTION_TICK) };
  }
  // Sizes are contracts: whole ones of the inverse, hundredths of the linear.
  const lotUnits = parts.quoteAsset === 'USD' ? UNITS : UNITS / 100;
  return syntheticInstrument(parts, { ...style, lotUnits }, seed);
}

const strikeOf = ({ strike, right }: CanonicalParts): string =>
  strike === undefined ? '' : `-${strike.replace('d', '.')}-${right}`;

/** An entry of `/api/v5/public/instruments`. */
export function instrumentInfo(known: MarketSymbol): unknown {
  const { symbol, baseAsset, quoteAsset, kind, expiry, strike, right, tickSize, stepSize } = known;
  const isSpot = kind === 'spot';
  const contract = contractOf(known);
  const family = isSpot ? '' : familyOf(known);
  return {
    alias: '',
    baseCcy: isSpot ? baseAsset : '',
    quoteCcy: isSpot ? quoteAsset : '',
    ctMult: contract === undefined ? '' : String(contract.multiplier),
    ctType: contract?.type ?? '',
    ctVal: contract === undefined ? '' : String(contract.value),
    ctValCcy: contract?.currency ?? '',
    settleCcy: contract?.settlement ?? '',
    expTime: expiry === undefined ? '' : String(deliveryMs(expiry)),
    instFamily: family,
    instId: symbol,
    instType: instTypeOf(known),
    lever: kind === 'option' ? '' : '10',
    listTime: '1548133413000',
    lotSz: stepSize,
    minSz: stepSize,
    optType: right ?? '',
    state: known.halted === true ? 'suspend' : 'live',
    stk: strike?.replace('d', '.') ?? '',
    tickSz: tickSize,
    uly: family,
    ...known.listing,
  };
}
