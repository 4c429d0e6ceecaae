import { binanceSpot } from '../../../collector/venues/binance.ts';
import { runVenueContract } from './contract.ts';

const TRADE_TAIL = `"p":"0.00001230","q":"1.10","T":1700000000124,"m":true,"M":true}`;

runVenueContract({
  name: 'binance spot',
  venue: binanceSpot,
  samples: {
    instruments: ['BTCUSDT', '1000SATSUSDT'],
    maxFrameBytes: 64_000,
    frames: [
      {
        text: '{"e":"depthUpdate","E":1700000000123,"s":"BTCUSDT","U":11,"u":12,"b":[["1.10","0.00000000"]],"a":[["1.20","3.0"]]}',
        means: [
          {
            kind: 'depth',
            instrument: 'BTCUSDT',
            lastId: 12,
            prevId: 10,
            exchangeTimeUs: 1_700_000_000_123_000,
            bids: [['1.10', '0']],
            asks: [['1.20', '3.0']],
          },
        ],
      },
      {
        text: `{"stream":"btcusdt@trade","data":{"e":"trade","E":1700000000125,"s":"BTCUSDT","t":7,${TRADE_TAIL}}`,
        means: [
          {
            kind: 'trade',
            instrument: 'BTCUSDT',
            id: '7',
            sequence: 7,
            price: '0.00001230',
            size: '1.10',
            side: 'sell',
            exchangeTimeUs: 1_700_000_000_124_000,
          },
        ],
      },
      {
        text: '{"u":400900217,"s":"BTCUSDT","b":"25.3519","B":"31.21","a":"25.3652","A":"40.66"}',
        means: [
          {
            kind: 'top',
            instrument: 'BTCUSDT',
            lastId: 400_900_217,
            exchangeTimeUs: null,
            bid: ['25.3519', '31.21'],
            ask: ['25.3652', '40.66'],
          },
        ],
      },
      { text: '{"result":null,"id":3}', means: [{ kind: 'ack', id: 3, error: null }] },
      {
        text: '{"error":{"code":2,"msg":"Invalid request"},"id":3}',
        means: [{ kind: 'ack', id: 3, error: '2 Invalid request' }],
      },
      { text: '{"e":"serverShutdown","E":1770123456789}', means: [{ kind: 'shutdown' }] },
      { text: '{"e":"kline","s":"BTCUSDT"}', means: [{ kind: 'ignored', name: 'kline' }] },
      { text: '{"e":"novelty"}', means: [{ kind: 'unknown', name: 'novelty' }] },
    ],
    unsafe: [
      '{"e":"depthUpdate","E":1700000000123,"s":"BTCUSDT","U":11,"u":9007199254740993,"b":[],"a":[]}',
      `{"e":"trade","E":1700000000125,"s":"BTCUSDT","t":1.5,${TRADE_TAIL}`,
    ],
    longIds: [
      {
        text: `{"stream":"btcusdt@trade","data":{"e":"trade","E":1,"s":"BTCUSDT","t":9007199254740993,${TRADE_TAIL}}`,
        id: '9007199254740993',
      },
      {
        text: `{"e":"aggTrade","E":1,"s":"BTCUSDT","a":98765432109876543211,"f":1,"l":2,${TRADE_TAIL}`,
        id: '98765432109876543211',
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
    snapshot: '{"lastUpdateId":160,"bids":[["1.1","2.0"]],"asks":[["1.2","3"]]}',
    catalogue: JSON.stringify({
      symbols: [
        { symbol: 'BTCUSDT', baseAsset: 'BTC', quoteAsset: 'USDT', status: 'TRADING' },
        { symbol: 'LUNAUSDT', baseAsset: 'LUNA', quoteAsset: 'USDT', status: 'BREAK' },
      ],
    }),
    symbols: ['BTC-USDT', 'LUNA-USDT'],
  },
});
