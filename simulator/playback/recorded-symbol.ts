import type { MarketSymbol } from '../ports.ts';
import type { Recording } from './recording.ts';

/**
 * The instruments that frames are of, as far as a recording tells: in the words of a recorded list; else assets by the name,
 * tick and lot by the finest digits seen.
 */
export function recordedSymbols(recording: Recording): readonly MarketSymbol[] {
  const { dialect, frames, snapshots, listings } = recording;
  const ofInstruments = frames.filter(({ ofInstrument }) => ofInstrument !== false);
  const names = [...new Set([...ofInstruments.map(({ symbol }) => symbol), ...snapshots.keys()])].sort();
  const digits = finestDigits(recording);
  return names.map((symbol) => {
    const { price = 0, size = 0 } = digits.get(symbol) ?? {};
    const listing = listings.get(symbol);
    return {
      ...dialect.symbolName(symbol),
      symbol,
      tickSize: dialect.stepText(price),
      stepSize: dialect.stepText(size),
      ...(listing === undefined ? {} : { listing }),
    };
  });
}

interface Digits {
  price: number;
  size: number;
}

function finestDigits({ frames, snapshots }: Recording): ReadonlyMap<string, Digits> {
  const bySymbol = new Map<string, Digits>();
  const see = (symbol: string, [price, size]: readonly [string, string]): void => {
    const finest = bySymbol.get(symbol) ?? { price: 0, size: 0 };
    finest.price = Math.max(finest.price, digitsOf(price));
    finest.size = Math.max(finest.size, digitsOf(size));
    bySymbol.set(symbol, finest);
  };
  for (const { symbol, book } of snapshots.values())
    for (const level of [...book.bids, ...book.asks]) see(symbol, level);
  for (const { symbol, event } of frames) {
    if (event.kind === 'depth') for (const level of [...event.bids, ...event.asks]) see(symbol, level);
    else if (event.kind === 'trades') for (const { price, size } of event.trades) see(symbol, [price, size]);
    else if (event.kind === 'aggTrade') see(symbol, [event.trade.price, event.trade.size]);
  }
  return bySymbol;
}

/** Decimals without trailing zeros. */
function digitsOf(text: string): number {
  return (text.split('.')[1] ?? '').replace(/0+$/, '').length;
}
