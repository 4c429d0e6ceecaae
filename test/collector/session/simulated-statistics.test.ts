import type { StreamName } from '../../../contract/feed.ts';
import { follows, type Json, type Said, type Simulated } from './witnessed.ts';

const subscribeOkx = (...args: readonly Json[]): readonly Json[] => [{ op: 'subscribe', args }];

/** One reader for all channels; a liquidation's entry holds details. */
function okxSays({ arg, data }: Json): readonly Said[] {
  if (!Array.isArray(data)) return [];
  const { channel } = arg as { readonly channel: string };
  return (data as Readonly<Record<string, string>>[]).flatMap((entry): Said | readonly Said[] => {
    const { instId = (arg as { instId: string }).instId, ts } = entry;
    const said = (stream: StreamName, fields: Json, timeMs = Number(ts)): Said => ({
      stream,
      instrument: instId,
      timeMs,
      fields,
    });
    switch (channel) {
      case 'bbo-tbt': {
        const [[bid], [ask]] = [entry['bids'], entry['asks']] as unknown as readonly [string[][], string[][]];
        const fields = {
          bookId: entry['seqId'],
          bid: bid?.slice(0, 2),
          ask: ask?.slice(0, 2),
          sizeUnit: 'contract',
        };
        return said('ticker', fields);
      }
      case 'mark-price':
        return said('mark-price', { markPrice: entry['markPx'] });
      case 'funding-rate':
        return said('funding-rate', {
          rate: entry['fundingRate'],
          rateKind: 'predicted',
          nextFundingTime: Number(entry['fundingTime']) * 1_000,
          intervalSeconds: 28_800,
        });
      case 'open-interest':
        return said('open-interest', {
          openInterest: entry['oi'],
          sizeUnit: 'contract',
          openInterestBase: entry['oiCcy'],
          openInterestUsd: entry['oiUsd'],
        });
      case 'liquidation-orders':
        return (entry['details'] as unknown as Readonly<Record<string, string>>[]).map((detail) =>
          said(
            'liquidation',
            {
              side: detail['side'],
              price: detail['bkPx'],
              size: detail['sz'],
              sampled: true,
              sizeUnit: 'contract',
            },
            Number(detail['ts']),
          ),
        );
      case 'opt-summary': {
        const { deltaBS: delta, gammaBS: gamma, vegaBS: vega, thetaBS: theta } = entry;
        return said('option-summary', {
          volatilityUnit: 'fraction',
          markVolatility: entry['markVol'],
          bidVolatility: entry['bidVol'],
          askVolatility: entry['askVol'],
          greeks: { delta, gamma, vega, theta },
          coinGreeks: { delta: entry['delta'], gamma: entry['gamma'] },
          forwardPrice: entry['fwdPx'],
        });
      }
      default:
        return [];
    }
  });
}

const SWAPS = ['BTC-USDT-SWAP', 'BTC-USD-SWAP'];
const ofEach = (channels: readonly string[], instIds: readonly string[]): readonly Json[] =>
  instIds.flatMap((instId) => channels.map((channel) => ({ channel, instId })));

const RATIOS = {
  accounts: 'long-short-account-ratio-contract',
  topAccounts: 'long-short-account-ratio-contract-top-trader',
  topPositions: 'long-short-position-ratio-contract-top-trader',
} as const;

function ratioPolls(): NonNullable<Simulated['polls']> {
  return SWAPS.flatMap((instrument) =>
    Object.entries(RATIOS).map(([measure, name]) => ({
      path: `/api/v5/rubik/stat/contracts/${name}?instId=${instrument}&period=5m`,
      says: ({ data }: Json): readonly Said[] =>
        (data as readonly (readonly [ts: string, ratio: string])[]).map(([ts, ratio]) => ({
          stream: 'long-short-ratio',
          instrument,
          timeMs: Number(ts),
          fields: { measure, ratio, covers: 'instrument', periodSeconds: 300, polled: true },
        })),
    })),
  );
}

follows('OKX swaps', {
  venue: 'okx',
  market: 'perpetual',
  symbols: ['BTC-USDT-PERP', 'BTC-USD-PERP'],
  // Its liquidations come in the same subscription, and are nobody's.
  simulated: ['BTC-USDT-PERP', 'BTC-USD-PERP', 'ETH-USDT-PERP'],
  streams: ['ticker', 'mark-price', 'funding-rate', 'open-interest', 'liquidation', 'long-short-ratio'],
  polls: ratioPolls(),
  path: '/ws/v5/public',
  requests: subscribeOkx(...ofEach(['bbo-tbt', 'mark-price', 'funding-rate', 'open-interest'], SWAPS), {
    channel: 'liquidation-orders',
    instType: 'SWAP',
  }),
  says: okxSays,
  // A funding rate comes every 30 s.
  speed: 20,
  eventsPerSecond: 20,
});

const OPTIONS = ['BTC-USD-270625-60000-C', 'BTC-USD-270625-60000-P'];

follows('OKX options', {
  venue: 'okx',
  market: 'option',
  symbols: ['BTC-USD-20270625-60000-C', 'BTC-USD-20270625-60000-P'],
  streams: ['ticker', 'mark-price', 'open-interest', 'option-summary'],
  path: '/ws/v5/public',
  requests: subscribeOkx(...ofEach(['bbo-tbt', 'mark-price', 'open-interest'], OPTIONS), {
    channel: 'opt-summary',
    instFamily: 'BTC-USD',
  }),
  says: okxSays,
});

interface Notice {
  readonly channel: string;
  readonly data: Readonly<Record<string, unknown>> | readonly Readonly<Record<string, unknown>>[];
}

function deribitSays({ params }: Json): readonly Said[] {
  const { channel = '', data } = (params ?? {}) as Partial<Notice>;
  if (channel.startsWith('trades.')) return (data as readonly Json[]).flatMap(forced);
  if (channel.startsWith('ticker.')) return tickerSays(data as Json);
  if (!channel.startsWith('deribit_volatility_index.')) return [];
  const { index_name: instrument, timestamp, volatility } = data as Json;
  const at = { instrument: instrument as string, timeMs: timestamp as number };
  return [{ ...at, stream: 'volatility-index', fields: { value: volatility } }];
}

/** `direction` is the taker's: a maker who was forced traded the other way. */
function forced(trade: Json): readonly Said[] {
  const { liquidation = '', direction, price, amount, trade_id: tradeId } = trade;
  const other = direction === 'buy' ? 'sell' : 'buy';
  const at = { instrument: trade['instrument_name'] as string, timeMs: trade['timestamp'] as number };
  return (liquidation as string).split('').map((who) => ({
    ...at,
    stream: 'liquidation',
    fields: { side: who === 'T' ? direction : other, price, size: amount, tradeId, priceKind: 'trade' },
  }));
}

function tickerSays(data: Json): readonly Said[] {
  const at = { instrument: data['instrument_name'] as string, timeMs: data['timestamp'] as number };
  const isOption = data['greeks'] !== undefined;
  const common: Said[] = [
    {
      ...at,
      stream: 'ticker',
      fields: {
        bid: [data['best_bid_price'], data['best_bid_amount']],
        ask: [data['best_ask_price'], data['best_ask_amount']],
        sizeUnit: isOption ? 'base' : 'quote',
      },
    },
    {
      ...at,
      stream: 'mark-price',
      fields: {
        markPrice: data['mark_price'],
        indexPrice: data['index_price'],
        priceUnit: isOption ? 'base' : 'quote',
      },
    },
    { ...at, stream: 'open-interest', fields: { openInterest: data['open_interest'] } },
  ];
  const funding = { rate: data['current_funding'], rateKind: 'continuous', intervalSeconds: 28_800 };
  const summary = {
    volatilityUnit: 'percent',
    markVolatility: data['mark_iv'],
    greeks: data['greeks'],
    forwardPrice: data['underlying_price'],
  };
  return isOption
    ? [...common, { ...at, stream: 'option-summary', fields: summary }]
    : [...common, { ...at, stream: 'funding-rate', fields: funding }];
}

const subscribeDeribit = (...channels: readonly string[]): readonly Json[] => [
  { jsonrpc: '2.0', id: 1, method: 'public/subscribe', params: { channels } },
];

follows('Deribit perpetuals', {
  venue: 'deribit',
  market: 'perpetual',
  symbols: ['BTC-USD-PERP', 'ETH-USD-PERP'],
  streams: ['ticker', 'mark-price', 'funding-rate', 'open-interest', 'liquidation'],
  path: '/ws/api/v2',
  requests: subscribeDeribit(
    ...['BTC-PERPETUAL', 'ETH-PERPETUAL'].flatMap((name) => [`ticker.${name}.100ms`, `trades.${name}.100ms`]),
  ),
  says: deribitSays,
});

follows('Deribit options', {
  venue: 'deribit',
  market: 'option',
  symbols: ['BTC-USD-20270625-60000-C', 'ETH-USD-20270625-4000-P'],
  streams: ['ticker', 'mark-price', 'open-interest', 'option-summary'],
  path: '/ws/api/v2',
  requests: subscribeDeribit('ticker.BTC-25JUN27-60000-C.100ms', 'ticker.ETH-25JUN27-4000-P.100ms'),
  says: deribitSays,
});

follows('Deribit volatility indexes', {
  venue: 'deribit',
  market: 'index',
  symbols: ['BTC', 'ETH'],
  simulated: ['BTC-USD-PERP', 'ETH-USD-PERP'],
  streams: ['volatility-index'],
  path: '/ws/api/v2',
  requests: subscribeDeribit('deribit_volatility_index.btc_usd', 'deribit_volatility_index.eth_usd'),
  says: deribitSays,
});
