import {
  binanceInverseFuture,
  binanceInversePerpetual,
  binanceLinearFuture,
  binanceLinearPerpetual,
} from '../../../collector/venues/binance-futures.ts';
import { POLLS, VALUE_FRAMES } from './binance-futures-samples.ts';
import { runVenueContract, type VenueSamples } from './contract.ts';

const LISTED = {
  symbols: [
    contract('BTCUSDT', 'PERPETUAL', { status: 'TRADING', quoteAsset: 'USDT' }),
    contract('BTCUSDT_261225', 'CURRENT_QUARTER', { status: 'TRADING', quoteAsset: 'USDT' }),
    contract('BTCUSD_PERP', 'PERPETUAL', { contractStatus: 'TRADING' }),
    contract('BTCUSD_261225', 'NEXT_QUARTER', { contractStatus: 'PENDING_TRADING' }),
    contract('SOONUSDT', '', { status: 'PENDING_TRADING', quoteAsset: 'USDT' }),
  ],
};
function contract(symbol: string, contractType: string, more: object): object {
  return {
    symbol,
    contractType,
    baseAsset: 'BTC',
    quoteAsset: 'USD',
    deliveryDate: 1_798_185_600_000,
    ...more,
  };
}

const TOP = { kind: 'top', instrument: 'BTCUSDT', lastId: 41 } as const;
const TRADE_TAIL = '"p":"61800.30","q":"0.006","X":"MARKET","m":false}';
const SAMPLES: Omit<VenueSamples, 'symbols'> = {
  instruments: ['BTCUSDT', 'BTCUSD_PERP', '1000SHIBUSDT_261225'],
  maxFrameBytes: 64_000,
  frames: [
    {
      text:
        '{"stream":"btcusdt@depth@100ms","data":{"e":"depthUpdate","E":1723161256299,"T":1723161256298,"s":"BTCUSDT",' +
        '"U":40,"u":57,"pu":31,"b":[["58710.20","0.014"],["61510.90","0.000"]],"a":[]}}',
      means: [
        {
          kind: 'depth',
          instrument: 'BTCUSDT',
          lastId: 57,
          prevId: 31,
          exchangeTimeUs: 1_723_161_256_298_000,
          bids: [
            ['58710.20', '0.014'],
            ['61510.90', '0'],
          ],
          asks: [],
        },
      ],
    },
    {
      text: `{"e":"trade","E":1723161256322,"T":1723161256321,"s":"BTCUSDT","t":5266583935,${TRADE_TAIL}`,
      means: [
        {
          kind: 'trade',
          instrument: 'BTCUSDT',
          id: '5266583935',
          sequence: 5_266_583_935,
          price: '61800.30',
          size: '0.006',
          side: 'buy',
          exchangeTimeUs: 1_723_161_256_321_000,
        },
      ],
    },
    {
      text: '{"e":"trade","E":1,"T":1,"s":"BTCUSDT","t":9,"p":"0","q":"0","X":"NA","m":true}',
      means: [{ kind: 'notTrade', instrument: 'BTCUSDT', name: 'NA', sequence: 9 }],
    },
    {
      text: '{"e":"bookTicker","u":41,"s":"BTCUSDT","b":"1.1","B":"2","a":"1.2","A":"3","T":1,"E":2}',
      means: [{ ...TOP, exchangeTimeUs: 1_000, bid: ['1.1', '2'], ask: ['1.2', '3'] }],
    },
    {
      text: '{"e":"bookTicker","u":41,"s":"BTCUSDT","b":"0.00","B":"0.000","a":"1.2","A":"3","T":1,"E":2}',
      means: [{ ...TOP, exchangeTimeUs: 1_000, bid: null, ask: ['1.2', '3'] }],
    },
    { text: '{"result":null,"id":3}', means: [{ kind: 'ack', id: 3, error: null }] },
    {
      text: '{"error":{"code":2,"msg":"Invalid request"},"id":3}',
      means: [{ kind: 'ack', id: 3, error: '2 Invalid request' }],
    },
    { text: '{"e":"serverShutdown","E":1770123456789}', means: [{ kind: 'shutdown' }] },
    ...VALUE_FRAMES,
    { text: '{"e":"novelty"}', means: [{ kind: 'unknown', name: 'novelty' }] },
  ],
  polls: POLLS,
  unsafe: [
    '{"e":"depthUpdate","T":1,"s":"BTCUSDT","U":1,"u":9007199254740993,"pu":1,"b":[],"a":[]}',
    '{"e":"depthUpdate","T":1,"s":"BTCUSDT","U":1,"u":2,"b":[],"a":[]}',
    '{"e":"trade","T":1,"s":"BTCUSDT","t":1.5,"X":"ADL"}',
  ],
  longIds: [
    {
      text: `{"e":"trade","T":1,"s":"BTCUSDT","t":9007199254740993,${TRADE_TAIL}`,
      id: '9007199254740993',
    },
  ],
  trades: {
    text: '[{"id":12,"price":"0.00001230","qty":"1.10","quoteQty":"0.00001353","time":1700000000124,"isBuyerMaker":true,"isBestMatch":true}]',
    means: [
      {
        kind: 'trade',
        instrument: 'BTCUSDT',
        id: '12',
        sequence: 12,
        price: '0.00001230',
        size: '1.10',
        side: 'sell',
        exchangeTimeUs: 1_700_000_000_124_000,
      },
    ],
  },
  snapshot: '{"lastUpdateId":160,"E":2,"T":1,"bids":[["1.1","2.0"]],"asks":[["1.2","3"]]}',
  catalogue: JSON.stringify(LISTED),
};

for (const [name, venue] of [
  ['usd-m', binanceLinearPerpetual],
  ['coin-m', binanceInversePerpetual],
] as const) {
  const symbols = ['BTC-USDT-PERP', 'BTC-USD-PERP'];
  runVenueContract({ name: `binance ${name} perpetual`, venue, samples: { ...SAMPLES, symbols } });
}
for (const [name, venue] of [
  ['usd-m', binanceLinearFuture],
  ['coin-m', binanceInverseFuture],
] as const) {
  const symbols = ['BTC-USDT-20261225', 'BTC-USD-20261225'];
  runVenueContract({ name: `binance ${name} future`, venue, samples: { ...SAMPLES, symbols } });
}
