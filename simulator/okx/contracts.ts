import type { MarketSymbol } from '../ports.ts';

/** What one contract stands for: `value` × `multiplier` of `currency`. */
export interface Contract {
  readonly type: 'linear' | 'inverse' | '';
  readonly value: number;
  readonly multiplier: number;
  readonly currency: string;
  readonly settlement: string;
}

/** Undefined: spot has none. */
export function contractOf({ kind, baseAsset, quoteAsset }: MarketSymbol): Contract | undefined {
  if (kind === 'spot') return undefined;
  if (kind === 'option') {
    const multiplier = baseAsset === 'BTC' ? 0.01 : 0.1;
    return { type: '', value: 1, multiplier, currency: baseAsset, settlement: baseAsset };
  }
  if (quoteAsset !== 'USD') {
    return { type: 'linear', value: 0.01, multiplier: 1, currency: baseAsset, settlement: quoteAsset };
  }
  const value = baseAsset === 'BTC' ? 100 : 10;
  return { type: 'inverse', value, multiplier: 1, currency: 'USD', settlement: baseAsset };
}

/** `BTC-USDT` of all contracts on it: the instrument family, the underlying and the index have the same name. */
export const familyOf = ({ baseAsset, quoteAsset }: MarketSymbol): string => `${baseAsset}-${quoteAsset}`;

export function instTypeOf({ kind }: MarketSymbol): string {
  const types = { spot: 'SPOT', perpetual: 'SWAP', future: 'FUTURES', option: 'OPTION' };
  return types[kind];
}

const DELIVERY_HOUR_UTC = 8;

/** Of a canonical day, `20261225`. */
export function deliveryMs(day: string): number {
  const [year, month, date] = [day.slice(0, 4), day.slice(4, 6), day.slice(6)].map(Number);
  return Date.UTC(year ?? 0, (month ?? 1) - 1, date, DELIVERY_HOUR_UTC);
}
