import {
  deribitFuture,
  deribitIndex,
  deribitOption,
  deribitPerpetual,
} from '../../../collector/venues/deribit.ts';
import type { VenueFrame } from '../../../collector/venues/venue.ts';
import { runVenueContract, type VenueSamples } from './contract.ts';
import { DERIBIT_VALUE_FRAMES } from './deribit-value-frames.ts';

const push = (channel: string, data: string): string =>
  `{"jsonrpc":"2.0","method":"subscription","params":{"channel":"${channel}","data":${data}}}`;

/** As captured in 2026: id beyond 2^53, exponents. */
const TRADE =
  '"timestamp":1789344933994,"price":76917.5,"amount":8.45e3,"direction":"buy","index_price":76906.67,' +
  '"instrument_name":"BTC-PERPETUAL","mark_price":76917.12,"tick_direction":0,' +
  '"starbase_match_id":225046781992378368,"trade_id":"267258393","contracts":845.0';
const TRADED = {
  kind: 'trade',
  instrument: 'BTC-PERPETUAL',
  id: '267258393',
  price: '76917.5',
  size: '8450',
  side: 'buy',
  exchangeTimeUs: 1_789_344_933_994_000,
} as const;

/** The taker bought: where it was the maker who was forced, the liquidating order sold. */
const FORCED = {
  kind: 'value',
  stream: 'liquidation',
  instrument: 'BTC-PERPETUAL',
  exchangeTimeUs: TRADED.exchangeTimeUs,
  fields: { price: '76917.5', priceKind: 'trade', size: '8450', tradeId: '267258393' },
} as const;

/** The four markets share one API. */
const frames: readonly { readonly text: string; readonly means: readonly VenueFrame[] }[] = [
  {
    text: push(
      'book.BTC-PERPETUAL.100ms',
      '{"timestamp":1789344931302,"type":"snapshot","change_id":118850968930,"instrument_name":"BTC-PERPETUAL","bids":[["new",76914.0,1000200.0]],"asks":[["new",76914.5,2.8e-4]]}',
    ),
    means: [
      {
        kind: 'state',
        instrument: 'BTC-PERPETUAL',
        snapshot: {
          kind: 'snapshot',
          lastId: 118_850_968_930,
          exchangeTimeUs: 1_789_344_931_302_000,
          limit: Number.MAX_SAFE_INTEGER,
          bids: [['76914', '1000200']],
          asks: [['76914.5', '0.00028']],
        },
      },
    ],
  },
  {
    text: push(
      'book.BTC-PERPETUAL.100ms',
      '{"timestamp":1789344931639,"type":"change","change_id":118850969743,"instrument_name":"BTC-PERPETUAL","bids":[["change",76914.0,1.0002e6],["delete",8.55e4,5.0]],"asks":[["new",40,0.0]],"prev_change_id":118850968930}',
    ),
    means: [
      {
        kind: 'depth',
        instrument: 'BTC-PERPETUAL',
        lastId: 118_850_969_743,
        prevId: 118_850_968_930,
        exchangeTimeUs: 1_789_344_931_639_000,
        bids: [
          ['76914', '1000200'],
          ['85500', '0'],
        ],
        asks: [['40', '0']],
      },
    ],
  },
  {
    text: push(
      'trades.BTC-PERPETUAL.100ms',
      `[{"trade_seq":140284854,${TRADE}},{"trade_seq":140284855,"liquidation":"T","block_trade_id":"BLOCK-1",${TRADE}}]`,
    ),
    means: [
      { ...TRADED, sequence: 140_284_854 },
      { ...TRADED, sequence: 140_284_855, marks: ['block', 'liquidation'] },
      { ...FORCED, fields: { ...FORCED.fields, side: 'buy' } },
    ],
  },
  {
    text: push(
      'trades.BTC-PERPETUAL.100ms',
      `[{"trade_seq":1,"liquidation":"M",${TRADE}},{"trade_seq":2,"liquidation":"MT",${TRADE}}]`,
    ),
    means: [
      { ...TRADED, sequence: 1, marks: ['liquidation'] },
      { ...FORCED, fields: { ...FORCED.fields, side: 'sell' } },
      { ...TRADED, sequence: 2, marks: ['liquidation'] },
      { ...FORCED, fields: { ...FORCED.fields, side: 'sell' } },
      { ...FORCED, fields: { ...FORCED.fields, side: 'buy' } },
    ],
  },
  {
    text: push(
      'deribit_volatility_index.btc_usd',
      '{"volatility":129.360,"timestamp":1619777946007,"index_name":"btc_usd"}',
    ),
    means: [
      {
        kind: 'value',
        stream: 'volatility-index',
        instrument: 'btc_usd',
        exchangeTimeUs: 1_619_777_946_007_000,
        fields: { value: '129.36' },
      },
    ],
  },
  {
    text: '{"jsonrpc":"2.0","id":4,"result":["trades.BTC-PERPETUAL.100ms","book.BTC-15SEP26-77000-C.100ms","deribit_volatility_index.eth_usd","ticker.BTC-PERPETUAL.100ms","trades.option.BTC.100ms","book.BTC-PERPETUAL.none.10.100ms"],"usIn":1}',
    means: [
      {
        kind: 'ack',
        id: 4,
        error: null,
        accepted: [
          { instrument: 'BTC-PERPETUAL', stream: 'trade' },
          { instrument: 'BTC-15SEP26-77000-C', stream: 'orderbook' },
          { instrument: 'eth_usd', stream: 'volatility-index' },
          { instrument: 'BTC-PERPETUAL', stream: 'ticker' },
        ],
      },
    ],
  },
  { text: '{"jsonrpc":"2.0","id":0,"result":"ok"}', means: [{ kind: 'ack', id: 0, error: null }] },
  {
    text: '{"jsonrpc":"2.0","id":3,"error":{"code":13778,"message":"raw_subscriptions_not_available_for_unauthorized"}}',
    means: [{ kind: 'ack', id: 3, error: '13778 raw_subscriptions_not_available_for_unauthorized' }],
  },
  {
    text: '{"jsonrpc":"2.0","id":7,"error":{"code":-32602,"data":{"reason":"value must be >= 10","param":"interval"},"message":"Invalid params"}}',
    means: [
      {
        kind: 'ack',
        id: 7,
        error: '-32602 Invalid params {"reason":"value must be >= 10","param":"interval"}',
      },
    ],
  },
  {
    text: '{"jsonrpc":"2.0","id":1,"error":{"code":10028,"message":"too_many_requests"}}',
    means: [{ kind: 'tooManyRequests', reason: '10028 too_many_requests' }],
  },
  {
    text: '{"params":{"type":"heartbeat"},"method":"heartbeat","jsonrpc":"2.0"}',
    means: [{ kind: 'heartbeat' }],
  },
  {
    text: '{"params":{"type":"test_request"},"method":"heartbeat","jsonrpc":"2.0"}',
    means: [{ kind: 'reply', text: '{"jsonrpc":"2.0","id":0,"method":"public/test","params":{}}' }],
  },
  { text: push('trades.BTC-PERPETUAL.100ms', '[]'), means: [{ kind: 'ignored', name: 'noTrades' }] },
  ...DERIBIT_VALUE_FRAMES,
  {
    text: push('book.BTC-PERPETUAL.none.10.100ms', '{"bids":[[1,2]]}'),
    means: [{ kind: 'ignored', name: 'groupedBook' }],
  },
  {
    text: push(
      'book.BTC-PERPETUAL.none.1.100ms',
      '{"timestamp":1,"instrument_name":"BTC-PERPETUAL","change_id":14214997020,"bids":[[20659.0,3.97e3]],"asks":[]}',
    ),
    means: [
      {
        kind: 'top',
        instrument: 'BTC-PERPETUAL',
        lastId: 14_214_997_020,
        exchangeTimeUs: 1_000,
        bid: ['20659', '3970'],
        ask: null,
      },
    ],
  },
  { text: push('novelty.any', '{}'), means: [{ kind: 'unknown', name: 'novelty' }] },
  {
    text: '{"jsonrpc":"2.0","method":"novelty","params":{}}',
    means: [{ kind: 'unknown', name: 'novelty' }],
  },
  {
    text: push(
      'book.BTC-PERPETUAL.100ms',
      '{"timestamp":1,"type":"change","change_id":2,"prev_change_id":1,"instrument_name":"X","bids":[["new",-1.0,1]],"asks":[]}',
    ),
    means: [{ kind: 'undecodable', reason: 'badLevel' }],
  },
  {
    text: push(
      'book.BTC-PERPETUAL.100ms',
      '{"timestamp":1,"type":"change","change_id":2,"prev_change_id":1,"instrument_name":"X","bids":[["swap",1.0,1]],"asks":[]}',
    ),
    means: [{ kind: 'undecodable', reason: 'badLevel' }],
  },
];

const unsafe = [
  push(
    'book.BTC-PERPETUAL.100ms',
    '{"timestamp":1,"type":"change","change_id":9007199254740993,"prev_change_id":1,"instrument_name":"X","bids":[],"asks":[]}',
  ),
  push('trades.BTC-PERPETUAL.100ms', `[{"trade_seq":1.5,${TRADE}}]`),
];

const common: Omit<VenueSamples, 'instruments' | 'catalogue' | 'symbols'> = {
  // What 200 of the longest names come to; no limit is documented.
  maxFrameBytes: 16_384,
  frames,
  unsafe,
  longIds: [
    {
      text: push('trades.BTC-PERPETUAL.100ms', `[{"trade_seq":9007199254740993,${TRADE}}]`),
      id: '267258393',
    },
  ],
  trades: {
    text: `{"jsonrpc":"2.0","result":{"trades":[{"trade_seq":12,"combo_id":"BTC-FS-25DEC26_PERP",${TRADE}}],"has_more":false},"usIn":1}`,
    means: [{ ...TRADED, sequence: 12, marks: ['combo'] }],
  },
  snapshot:
    '{"jsonrpc":"2.0","result":{"timestamp":1550757626706,"change_id":1474988,"instrument_name":"BTC-PERPETUAL","bids":[[3955.75,30.0]],"asks":[[3956.0,1.0e3]]}}',
};

const listed = (...entries: readonly object[]): string =>
  JSON.stringify({ jsonrpc: '2.0', result: entries.map((entry) => ({ is_active: true, ...entry })) });
const FUTURES = listed(
  { instrument_name: 'BTC-PERPETUAL', kind: 'future', settlement_period: 'perpetual', state: 'open' },
  { instrument_name: 'BTC_USDC-PERPETUAL', kind: 'future', settlement_period: 'perpetual' },
  { instrument_name: 'BTC-9APR27', kind: 'future', settlement_period: 'week' },
  { instrument_name: 'BTC_USDC-25DEC26', kind: 'future', settlement_period: 'month' },
  { instrument_name: 'BTC-FS-25DEC26_PERP', kind: 'future_combo' },
);

const markets: readonly (readonly [Parameters<typeof runVenueContract>[0]['venue'], VenueSamples])[] = [
  [
    deribitPerpetual,
    {
      ...common,
      instruments: ['BTC-PERPETUAL', 'BTC_USDC-PERPETUAL'],
      catalogue: FUTURES,
      symbols: ['BTC-USD-PERP', 'BTC-USDC-PERP'],
    },
  ],
  [
    deribitFuture,
    {
      ...common,
      instruments: ['BTC-9APR27', 'BTC_USDC-25DEC26'],
      catalogue: FUTURES,
      symbols: ['BTC-USD-20270409', 'BTC-USDC-20261225'],
    },
  ],
  [
    deribitOption,
    {
      ...common,
      instruments: ['BTC-25DEC26-100000-C', 'XRP_USDC-30JUN23-0d625-C'],
      catalogue: listed(
        { instrument_name: 'BTC-25DEC26-100000-C', kind: 'option', settlement_period: 'month' },
        { instrument_name: 'XRP_USDC-30JUN23-0d625-C', kind: 'option', settlement_period: 'month' },
        { instrument_name: 'odd', kind: 'option' },
      ),
      symbols: ['BTC-USD-20261225-100000-C', 'XRP-USDC-20230630-0d625-C', 'odd'],
    },
  ],
  [
    deribitIndex,
    {
      ...common,
      instruments: ['btc_usd', 'eth_usd'],
      snapshot: null,
      trades: null,
      catalogue:
        '{"jsonrpc":"2.0","result":["btc_usd","eth_usd","btc_usdc","drbfix-btc_usdc",{"name":"sol_usd"}]}',
      symbols: ['BTC', 'ETH', 'BTC-USDC', 'DRBFIX-BTC-USDC', 'SOL'],
    },
  ],
];
for (const [venue, samples] of markets) {
  runVenueContract({ name: `deribit ${venue.market}`, venue, samples });
}
