import assert from 'node:assert/strict';
import { test } from 'node:test';
import { binanceOption } from '../../../collector/venues/binance-options.ts';
import type { StreamName } from '../../../contract/feed.ts';
import { runVenueContract, type VenueSamples } from './contract.ts';

const CALL = 'BTC-261225-126000-C';
const TIME_US = 1_762_867_543_321_000;
const FILTERS = [
  { filterType: 'PRICE_FILTER', minPrice: '0.02', maxPrice: '80000.01', tickSize: '0.01' },
  { filterType: 'LOT_SIZE', minQty: '0.01', maxQty: '100', stepSize: '0.01' },
];
const listed = (symbol: string, more: object = {}): object => ({
  expiryDate: 1_798_185_600_000,
  filters: FILTERS,
  symbol,
  side: 'CALL',
  strikePrice: '126000',
  underlying: 'BTCUSDT',
  unit: 1,
  quoteAsset: 'USDT',
  status: 'TRADING',
  ...more,
});
const CATALOGUE = {
  optionContracts: [
    { baseAsset: 'BTC', quoteAsset: 'USDT', underlying: 'BTCUSDT', settleAsset: 'USDT' },
    { baseAsset: 'XRP', quoteAsset: 'USDT', underlying: 'XRPUSDT', settleAsset: 'USDT' },
  ],
  optionSymbols: [
    listed(CALL),
    listed('XRP-261225-0.5-P', { side: 'PUT', strikePrice: '0.5', underlying: 'XRPUSDT', unit: 100 }),
    listed('BTC-261225-90000-C', { status: 'PENDING_TRADING' }),
    listed('BTC-261225-80000-C', { status: undefined }),
    listed('SOL-261225-80-C', { quoteAsset: 'USDC', underlying: 'SOLUSDC' }),
  ],
};

const worth = { markPrice: '770.543', priceUnit: 'quote', indexPrice: '104334.60217391' } as const;
const VALUES =
  '"i":"104334.60217391","P":"0.000","bo":"0.000","ao":"900.000","bq":"0.0000","aq":"0.2000","b":"-1.0","a":"0.98161161",' +
  '"hl":"924.652","ll":"616.435","vo":"0.9408058","rf":"0.0","d":"0.11111964","t":"-164.26702615","g":"0.00001245","v":"30.63855919"';
const TRADE = {
  kind: 'trade',
  instrument: CALL,
  id: '4',
  sequence: 4,
  price: '1300.000',
  size: '0.1000',
  side: 'buy',
  exchangeTimeUs: 1_762_856_064_203_000,
} as const;
const TRADE_TEXT = `"e":"trade","E":1762856064204,"T":1762856064203,"s":"${CALL}","t":4,"p":"1300.000","q":"0.1000"`;

const SAMPLES: VenueSamples = {
  instruments: [CALL, 'XRP-261225-0.5-P'],
  maxFrameBytes: 64_000,
  frames: [
    {
      text:
        `{"stream":"btc-261225-126000-c@depth@100ms","data":{"e":"depthUpdate","E":1762866729459,"T":1762866729358,` +
        `"s":"${CALL}","U":465,"u":465,"pu":464,"b":[["1100.000","0.6000"],["1090.000","0.0000"]],"a":[["1300.000","0.6000"]]}}`,
      means: [
        {
          kind: 'depth',
          instrument: CALL,
          lastId: 465,
          prevId: 464,
          exchangeTimeUs: 1_762_866_729_358_000,
          bids: [
            ['1100.000', '0.6000'],
            ['1090.000', '0'],
          ],
          asks: [['1300.000', '0.6000']],
        },
      ],
    },
    { text: `{${TRADE_TEXT},"X":"MARKET","S":"BUY","m":false}`, means: [TRADE] },
    {
      text: `{${TRADE_TEXT},"X":"BLOCK","S":"SELL","m":true}`,
      means: [{ ...TRADE, sequence: null, side: 'sell', marks: ['block'] }],
    },
    {
      text: `{"e":"bookTicker","u":2472,"s":"${CALL}","b":"0.000","B":"0.0000","a":"5100.000","A":"0.1000","T":1763041762942,"E":1763041762943}`,
      means: [
        {
          kind: 'top',
          instrument: CALL,
          lastId: 2_472,
          exchangeTimeUs: 1_763_041_762_942_000,
          bid: null,
          ask: ['5100.000', '0.1000'],
        },
      ],
    },
    {
      text:
        `{"stream":"btcusdt@optionMarkPrice","data":[{"s":"${CALL}","mp":"770.543","E":1762867543321,"e":"markPrice",${VALUES}},` +
        `{"s":"BTC-261225-90000-C","mp":"1","E":1762867543321,"e":"markPrice","P":"12.5"},{"e":"indexPrice"},7]}`,
      means: [
        { kind: 'value', stream: 'mark-price', instrument: CALL, exchangeTimeUs: TIME_US, fields: worth },
        {
          kind: 'value',
          stream: 'option-summary',
          instrument: CALL,
          exchangeTimeUs: TIME_US,
          fields: {
            volatilityUnit: 'fraction',
            markVolatility: '0.9408058',
            askVolatility: '0.98161161',
            greeks: {
              delta: '0.11111964',
              gamma: '0.00001245',
              vega: '30.63855919',
              theta: '-164.26702615',
            },
            ...worth,
            interestRate: '0.0',
          },
        },
        {
          kind: 'value',
          stream: 'mark-price',
          instrument: 'BTC-261225-90000-C',
          exchangeTimeUs: TIME_US,
          fields: { markPrice: '1', priceUnit: 'quote', settlePrice: '12.5' },
        },
        { kind: 'undecodable', reason: 'missingField' },
        { kind: 'unknown', name: 'indexPrice' },
        { kind: 'undecodable', reason: 'notAnObject' },
      ],
    },
    {
      text: '{"stream":"btcusdt@optionMarkPrice","data":[]}',
      means: [{ kind: 'ignored', name: 'emptyList' }],
    },
    { text: '{"result":null,"id":3}', means: [{ kind: 'ack', id: 3, error: null }] },
    {
      text: '{"error":{"code":2,"msg":"Invalid request"},"id":3}',
      means: [{ kind: 'ack', id: 3, error: '2 Invalid request' }],
    },
    { text: '{"e":"serverShutdown","E":1770123456789}', means: [{ kind: 'shutdown' }] },
    { text: '{"e":"24hrTicker"}', means: [{ kind: 'ignored', name: '24hrTicker' }] },
    { text: '{"e":"novelty"}', means: [{ kind: 'unknown', name: 'novelty' }] },
  ],
  unsafe: [
    `{"e":"depthUpdate","T":1,"s":"${CALL}","U":1,"u":9007199254740993,"pu":1,"b":[],"a":[]}`,
    `{"e":"depthUpdate","T":1,"s":"${CALL}","U":1,"u":2,"b":[],"a":[]}`,
    `{"e":"bookTicker","u":9007199254740993,"s":"${CALL}","b":"1","B":"1","a":"2","A":"1","T":1,"E":1}`,
    `{"e":"trade","T":1,"s":"${CALL}","t":1.5,"p":"1","q":"1","X":"MARKET","S":"BUY","m":false}`,
  ],
  polls: [
    {
      path: '/eapi/v1/openInterest?underlyingAsset=BTC&expiration=261225',
      // A number, and no dollars: neither is relied on.
      text:
        `[{"symbol":"${CALL}","sumOpenInterest":"4.01","sumOpenInterestUsd":"4880.2985615624","timestamp":"1668754020000"},` +
        '{"symbol":"BTC-261225-90000-C","sumOpenInterest":"0.00","timestamp":1668754020000}]',
      means: [
        {
          kind: 'value',
          stream: 'open-interest',
          instrument: CALL,
          exchangeTimeUs: 1_668_754_020_000_000,
          fields: { openInterest: '4.01', openInterestUsd: '4880.2985615624', polled: true },
        },
        {
          kind: 'value',
          stream: 'open-interest',
          instrument: 'BTC-261225-90000-C',
          exchangeTimeUs: 1_668_754_020_000_000,
          fields: { openInterest: '0.00', polled: true },
        },
      ],
    },
  ],
  longIds: [
    {
      text: `{"e":"trade","T":1,"s":"${CALL}","t":9007199254740993,"p":"1","q":"1","X":"MARKET","S":"BUY","m":false}`,
      id: '9007199254740993',
    },
  ],
  trades: {
    text: `[{"id":2323857420768529130,"tradeId":12,"symbol":"${CALL}","price":"1300","qty":"0.1","quoteQty":"130","side":-1,"time":1762780453623}]`,
    means: [
      {
        ...TRADE,
        id: '12',
        sequence: 12,
        price: '1300',
        size: '0.1',
        side: 'sell',
        exchangeTimeUs: 1_762_780_453_623_000,
      },
    ],
  },
  snapshot:
    '{"bids":[["1000.000","0.1000"]],"asks":[["1900.000","0.1000"]],"T":1762780909676,"lastUpdateId":361}',
  catalogue: JSON.stringify(CATALOGUE),
  symbols: [
    'BTC-USDT-20261225-126000-C',
    'XRP-USDT-20261225-0d5-P',
    'BTC-USDT-20261225-90000-C',
    'BTC-USDT-20261225-80000-C',
    'SOL-USDC-20261225-80-C',
  ],
};

runVenueContract({ name: 'binance option', venue: binanceOption, samples: SAMPLES });

test('binance option: every stream is asked for by its name there, at the path that sends it', () => {
  const asked = (stream: StreamName): readonly unknown[] => {
    const carrier = binanceOption.carrier?.({ instrument: CALL, stream }) ?? assert.fail('has carriers');
    const { params } = JSON.parse(binanceOption.subscribe([carrier], 1)) as { readonly params: unknown[] };
    return [binanceOption.socketPath(carrier.stream), ...params];
  };
  const told = { orderbook: 'depth@100ms', trade: 'optionTrade', ticker: 'bookTicker' } as const;
  for (const [stream, name] of Object.entries(told)) {
    const wanted = ['/public/stream', `btc-261225-126000-c@${name}`];
    assert.deepEqual(asked(stream as keyof typeof told), wanted);
  }
  for (const stream of ['mark-price', 'option-summary'] as const) {
    assert.deepEqual(asked(stream), ['/market/stream', 'btcusdt@optionMarkPrice'], stream);
  }
});

test('binance option: open interest is one question for all of an underlying and a day', () => {
  const [poll] = binanceOption.polls ?? [];
  const of = ['BTC-261225-126000-C', 'ETH-261225-4000-P', 'BTC-261225-90000-P', 'BTC-270326-90000-P'];
  const asked = poll?.requests(of).map(({ path }) => path.split('?')[1]);
  assert.deepEqual(asked, [
    'underlyingAsset=BTC&expiration=261225',
    'underlyingAsset=ETH&expiration=261225',
    'underlyingAsset=BTC&expiration=270326',
  ]);
});

test('binance option: an instrument says what it is, and only what trades in USDT can be collected', () => {
  const instruments = binanceOption.decodeCatalogue(JSON.stringify(CATALOGUE));
  assert.ok(!('kind' in instruments));
  const [, put] = instruments;
  assert.deepEqual(put, {
    instrument: 'XRP-261225-0.5-P',
    symbol: 'XRP-USDT-20261225-0d5-P',
    base: 'XRP',
    quote: 'USDT',
    priceCurrency: 'USDT',
    settle: 'USDT',
    expiry: 1_798_185_600_000_000,
    strike: '0.5',
    optionType: 'put',
    tick: '0.01',
    lot: '0.01',
    minSize: '0.01',
    contractSize: '100',
    contractUnit: 'XRP',
    sizeUnit: 'contract',
    status: 'TRADING',
    trading: true,
  });
  assert.deepEqual(
    instruments.map(({ status, trading }) => [status, trading]),
    [
      ['TRADING', true],
      ['TRADING', true],
      ['PENDING_TRADING', false],
      ['listed', true],
      ['TRADING, quoted in USDC', false],
    ],
  );
});

test('binance option: the book is asked for with the next larger limit of the venue', () => {
  const request = (levels: number): unknown => binanceOption.snapshotRequest(CALL, levels);
  const path = `/eapi/v1/depth?symbol=${CALL}&limit=`;
  assert.deepEqual(request(5), { path: `${path}10`, weight: 1, levels: 10 });
  assert.deepEqual(request(51), { path: `${path}100`, weight: 5, levels: 100 });
  assert.deepEqual(request(5_000), { path: `${path}1000`, weight: 20, levels: 1_000 });
});
