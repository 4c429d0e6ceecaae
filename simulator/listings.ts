import type { Market, Protocol, RestAnswer } from './ports.ts';

export const LISTING_VERBS = ['list', 'halt', 'delist'] as const;
export type ListingVerb = (typeof LISTING_VERBS)[number];

export interface ListingContext {
  readonly market: Market;
  readonly protocol: Pick<Protocol, 'instrument' | 'symbolForm'>;
  readonly seed: number;
}

/**
 * `POST /admin/list` (canonical) puts an instrument on the venue's list, or back into trade; `halt` (the venue's name) leaves
 * it there in the venue's word for what does not trade, `delist` takes it off.
 */
export function changeListing(verb: ListingVerb, body: string, context: ListingContext): RestAnswer {
  const { market, protocol, seed } = context;
  const symbol = symbolIn(body);
  if (symbol === undefined) return answer(400, { error: 'the body is not {"symbol": "…"}' });
  if (market.listings === undefined) return answer(400, { error: 'a playback lists what was recorded' });
  if (verb !== 'list') {
    return market.listings.end(symbol, verb === 'halt')
      ? answer(200, { symbol })
      : answer(400, { error: `unknown symbol ${symbol}` });
  }
  const instrument = protocol.instrument(symbol, seed);
  if (instrument === undefined)
    return answer(400, { error: `symbol ${symbol} is not of the form ${protocol.symbolForm}` });
  market.listings.begin(instrument);
  return answer(200, { symbol: instrument.symbol });
}

function symbolIn(body: string): string | undefined {
  try {
    const { symbol } = JSON.parse(body) as { readonly symbol?: unknown };
    return typeof symbol === 'string' ? symbol : undefined;
  } catch {
    return undefined;
  }
}

function answer(status: number, body: unknown): RestAnswer {
  return { status, headers: {}, body };
}
