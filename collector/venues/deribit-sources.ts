import type { Market } from '../../contract/feed.ts';
import type { StreamSource, StreamSources } from './source.ts';

/** Where each market's streams come from, and what they count. */
export function deribitSources(market: Market): StreamSources {
  if (market === 'index') return { 'volatility-index': VOLATILITY_INDEX };
  const isOption = market === 'option';
  const amount = isOption ? 'base' : 'USD, or base where linear';
  const common = {
    ...bookAndTrade(amount),
    ticker: ofTicker('best bid and ask', `price as the instrument is quoted, size in ${amount}`),
    'mark-price': ofTicker('mark_price', isOption ? 'coin, or quote where linear; index in quote' : 'quote'),
    'open-interest': ofTicker('open_interest', amount),
    liquidation: liquidation(amount),
  };
  if (isOption) {
    const units = 'volatility in percent a year, greeks in quote';
    return { ...common, 'option-summary': ofTicker('greeks, mark_iv, bid_iv, ask_iv', units) };
  }
  if (market === 'future') return common;
  const funding = ofTicker('current_funding', 'a fraction for 8 hours, paid all the time');
  return { ...common, 'funding-rate': funding };
}

const VOLATILITY_INDEX: StreamSource = {
  channel: 'deribit_volatility_index.<index>',
  pace: { kind: 'pushed', every: 'every second' },
  checks: [],
  units: 'annualised percent',
  login: null,
};

function ofTicker(what: string, units: string): StreamSource {
  return {
    channel: `ticker.<instrument>.100ms (${what})`,
    pace: { kind: 'pushed', every: '100 ms, when it changed; once a minute anyway' },
    checks: [],
    units,
    login: null,
  };
}

/** Whose position was closed stands in the trades themselves: none is left out. */
function liquidation(amount: string): StreamSource {
  return {
    channel: 'trades.<instrument>.100ms (liquidation)',
    pace: { kind: 'pushed', every: '100 ms, while there are any' },
    checks: [],
    units: `price as the instrument is quoted, size in ${amount}`,
    login: null,
  };
}

function bookAndTrade(size: string): StreamSources {
  return {
    orderbook: {
      channel: 'book.<instrument>.100ms (every level)',
      pace: { kind: 'pushed', every: '100 ms, while it changes' },
      checks: [
        { by: 'sequence', rule: '`prev_change_id` is the last `change_id`' },
        { by: 'top', rule: '`book.X.none.1.100ms`, by `change_id`' },
        { by: 'audit', rule: '`get_order_book`, by `change_id`' },
      ],
      units: `price as the instrument is quoted, size in ${size}`,
      login: null,
    },
    trade: {
      channel: 'trades.<instrument>.100ms',
      pace: { kind: 'pushed', every: '100 ms, while there are any' },
      checks: [{ by: 'sequence', rule: '`trade_seq` is the last one + 1' }],
      units: `price as the instrument is quoted, size in ${size}`,
      login: null,
    },
  };
}
