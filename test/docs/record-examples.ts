/** An example of every record, by the name of its schema. The figures are made up. */
const TIMES = { exchangeTime: 1_790_757_176_000_000, receiveTime: 1_790_757_176_012_345 } as const;
const SPOT = { exchange: 'binance', market: 'spot', symbol: 'BTC-USDT', instrument: 'BTCUSDT' } as const;
const PERPETUAL = {
  exchange: 'binance',
  market: 'perpetual',
  symbol: 'BTC-USDT-PERP',
  instrument: 'BTCUSDT',
} as const;
const OPTION = {
  exchange: 'deribit',
  market: 'option',
  symbol: 'BTC-USD-20261225-76000-C',
  instrument: 'BTC-25DEC26-76000-C',
} as const;
const of = (type: string, head: object, says: object): Readonly<Record<string, unknown>> => ({
  v: 1,
  type,
  ...head,
  ...TIMES,
  ...says,
});

export const RECORD_EXAMPLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  'orderbook-delta': of('orderbook', SPOT, {
    action: 'delta',
    prevId: 71_220_400_100,
    lastId: 71_220_400_112,
    bids: [
      ['83210.10', '0.5100'],
      ['83209.80', '0'],
    ],
    asks: [],
    sizeUnit: 'base',
    epoch: 'binance-majors-0-a-7d9f.m3k1',
  }),
  'orderbook-snapshot': of('orderbook', SPOT, {
    action: 'snapshot',
    lastId: 71_220_400_112,
    bids: [
      ['83210.10', '0.5100'],
      ['83209.90', '1.2000'],
    ],
    asks: [
      ['83210.20', '0.0100'],
      ['83210.90', '2.0000'],
    ],
    sizeUnit: 'base',
    epoch: 'binance-majors-0-a-7d9f.m3k1',
    completeFrom: '83209.90',
    completeTo: null,
  }),
  trade: of('trade', SPOT, {
    id: '4012345678',
    price: '83210.20',
    size: '0.0042',
    side: 'buy',
    sizeUnit: 'base',
  }),
  'volatility-index': of(
    'volatility-index',
    { exchange: 'deribit', market: 'index', symbol: 'BTC', instrument: 'btc_usd' },
    { value: '51.27' },
  ),
  ticker: of('ticker', SPOT, {
    exchangeTime: null,
    bid: ['83210.10', '0.5100'],
    ask: ['83210.20', '0.0100'],
    bookId: 71_220_400_112,
    sizeUnit: 'base',
  }),
  'mark-price': of('mark-price', PERPETUAL, {
    markPrice: '83203.10000000',
    priceUnit: 'quote',
    indexPrice: '83245.69043478',
    settlePrice: '83198.80343841',
  }),
  'funding-rate': of('funding-rate', PERPETUAL, {
    rate: '-0.00001012',
    rateKind: 'predicted',
    nextFundingTime: 1_790_784_000_000_000,
  }),
  'open-interest': of('open-interest', PERPETUAL, {
    openInterest: '91659.509',
    polled: true,
    sizeUnit: 'base',
  }),
  liquidation: of('liquidation', PERPETUAL, {
    side: 'sell',
    price: '82990.10',
    priceKind: 'order',
    size: '0.014',
    averagePrice: '83012.40',
    filledSize: '0.014',
    sampled: true,
    sizeUnit: 'base',
  }),
  'option-summary': of('option-summary', OPTION, {
    volatilityUnit: 'percent',
    markVolatility: '38.25',
    bidVolatility: '35.6',
    askVolatility: '40.38',
    greeks: { delta: '0.74092', gamma: '0.00002', vega: '132.3649', theta: '-29.43212', rho: '121.30652' },
    forwardPrice: '84222.23',
    markPrice: '0.1296',
    priceUnit: 'base',
    indexPrice: '83250.78',
  }),
  'long-short-ratio': of('long-short-ratio', PERPETUAL, {
    measure: 'topPositions',
    covers: 'instrument',
    ratio: '1.4342',
    longShare: '0.5891',
    shortShare: '0.4109',
    periodSeconds: 300,
    polled: true,
  }),
  gap: of('gap', SPOT, {
    subject: 'trade.binance.BTC-USDT',
    stream: 'trade',
    fromId: '4012345678',
    fromTime: 1_790_757_170_000_000,
    toId: '4012345690',
    toTime: 1_790_757_176_000_000,
    toSeq: 9_182_736,
    cause: 'network',
    missing: 11,
  }),
};
