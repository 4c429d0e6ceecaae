import type { Market } from '../../contract/feed.ts';
import { RATIO_EVERY_MS } from './okx-polls.ts';
import type { StreamSource, StreamSources } from './source.ts';

/** Where each market's streams come from, and what they count. */
export function okxSources(market: Market): StreamSources {
  const isOption = market === 'option';
  const size = market === 'spot' ? 'size in base' : 'size in contracts of `ctVal` `ctValCcy`';
  const price = isOption ? 'price in coin' : 'price in quote';
  const common = { ...bookAndTrade(`${price}, ${size}`), ticker: ticker(`${price}, ${size}`) };
  if (market === 'spot') return common;
  const contracts = {
    ...common,
    'mark-price': pushed('mark-price', '200 ms while it changes, else 10 s', price),
    'open-interest': pushed(
      'open-interest',
      '3 s, while it changes',
      'contracts (`oi`), coin (`oiCcy`), dollars (`oiUsd`)',
    ),
  };
  if (isOption) {
    const units = 'volatility as a fraction a year, greeks in dollars and in coin';
    return {
      ...contracts,
      'option-summary': pushed('opt-summary (all of a family)', 'when it changes', units),
    };
  }
  const forced = pushed(
    'liquidation-orders (all of a type)',
    'at most one a contract and second: a sample',
    'bankruptcy price in quote, size in contracts',
  );
  const both = { ...contracts, liquidation: forced, 'long-short-ratio': RATIO };
  if (market === 'future') return both;
  return { ...both, 'funding-rate': pushed('funding-rate', '30 s to 90 s', 'a fraction an interval') };
}

const RATIO: StreamSource = {
  ...pushed(
    'GET /api/v5/rubik/stat/contracts/long-short-<measure>',
    '',
    'long divided by short, of 5 minutes',
  ),
  pace: { kind: 'polled', everyMs: RATIO_EVERY_MS },
};

function pushed(channel: string, every: string, units: string): StreamSource {
  return { channel, pace: { kind: 'pushed', every }, checks: [], units, login: null };
}

/** Of the 10 ms channel: the other one, `tickers`, does not say of which state of the book it is. */
function ticker(units: string): StreamSource {
  return pushed('bbo-tbt', '10 ms, when it changes', units);
}

function bookAndTrade(units: string): StreamSources {
  return {
    orderbook: {
      ...pushed('books (400 levels)', '100 ms, while it changes', units),
      checks: [
        { by: 'sequence', rule: '`prevSeqId` is the last `seqId`' },
        { by: 'checksum', rule: '`checksum`, where it is not 0' },
        { by: 'top', rule: '`bbo-tbt`, by `seqId`' },
        { by: 'audit', rule: '`market/books`, by `seqId`' },
      ],
    },
    trade: {
      ...pushed('trades-all', 'every trade', units),
      checks: [
        {
          by: 'audit',
          rule: 'ids are not said to be consecutive: a jump of `tradeId`, and what lies before a new connection, is looked up in GET /market/history-trades',
        },
      ],
    },
  };
}
