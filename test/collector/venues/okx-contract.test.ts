import { okxFuture, okxOption, okxPerpetual, okxSpot } from '../../../collector/venues/okx.ts';
import { runVenueContract, type VenueSamples } from './contract.ts';
import { OKX_VALUE_FRAMES, okxRatioSamples } from './okx-value-frames.ts';

const MS = '"ts":"1790439596400"';
const TOP = {
  kind: 'top',
  instrument: 'BTC-USDT',
  lastId: 9,
  exchangeTimeUs: 1_790_439_596_400_000,
} as const;
const TIME_US = 1_790_439_596_400_000;
const book = (action: string, rest: string): string =>
  `{"arg":{"channel":"books","instId":"BTC-USDT"},"action":"${action}","data":[{${rest}}]}`;
const trade = (channel: string, rest: string): string =>
  `{"arg":{"channel":"${channel}","instId":"BTC-USDT"},"data":[{"instId":"BTC-USDT","px":"84093.50","sz":"0.010",${MS},${rest}}]}`;
const EMPTY = '"asks":[],"bids":[]';
const CHANNEL = { instrument: 'BTC-USDT', stream: 'orderbook' } as const;
const AT = { instrument: 'BTC-USDT', exchangeTimeUs: TIME_US } as const;
const FILL = {
  kind: 'trade',
  ...AT,
  sequence: null as number | null,
  price: '84093.50',
  size: '0.010',
} as const;

const FRAMES: VenueSamples['frames'] = [
  {
    text: book(
      'snapshot',
      `"asks":[["100.10","1.0","0","1"]],"bids":[],${MS},"checksum":0,"seqId":7,"prevSeqId":-1`,
    ),
    means: [
      {
        kind: 'state',
        instrument: 'BTC-USDT',
        snapshot: {
          kind: 'snapshot',
          lastId: 7,
          exchangeTimeUs: TIME_US,
          window: 400,
          bids: [],
          asks: [['100.10', '1.0']],
        },
      },
    ],
  },
  {
    text: book(
      'update',
      `"asks":[],"bids":[["9.90","0.000","0","0"]],${MS},"checksum":-12,"seqId":9,"prevSeqId":7`,
    ),
    means: [{ kind: 'depth', ...AT, lastId: 9, prevId: 7, checksum: -12, bids: [['9.90', '0']], asks: [] }],
  },
  {
    text: book('update', `${EMPTY},${MS},"checksum":0,"seqId":15,"prevSeqId":15`),
    means: [{ kind: 'depth', ...AT, lastId: 15, prevId: 15, bids: [], asks: [] }],
  },
  {
    text: book('update', `${EMPTY},${MS},"checksum":0,"seqId":3,"prevSeqId":15`),
    means: [{ kind: 'depth', ...AT, lastId: 3, prevId: 15, reset: true, bids: [], asks: [] }],
  },
  {
    text: book('update', `${EMPTY},${MS}`),
    means: [{ kind: 'depth', ...AT, lastId: TIME_US, prevId: TIME_US, timed: true, bids: [], asks: [] }],
  },
  {
    text: trade('trades-all', '"tradeId":"130639474","side":"sell","source":"0"'),
    means: [{ ...FILL, id: '130639474', sequence: 130_639_474, side: 'sell' }],
  },
  {
    text: trade('trades', '"tradeId":"130639474","side":"buy","count":"3"'),
    means: [{ ...FILL, id: '130639474', side: 'buy', aggregate: { lastTradeId: '130639474' } }],
  },
  {
    text: trade('trades', '"tradeId":"5","side":"buy","count":"1"'),
    means: [{ ...FILL, id: '5', side: 'buy', aggregate: { firstTradeId: '5', lastTradeId: '5' } }],
  },
  {
    text: `{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"data":[{"asks":[["2","1","0","1"]],"bids":[["1","3","0","1"]],${MS},"seqId":9}]}`,
    means: [{ ...TOP, bid: ['1', '3'], ask: ['2', '1'] }],
  },
  {
    text: `{"arg":{"channel":"bbo-tbt","instId":"BTC-USDT"},"data":[{"asks":[],"bids":[["1","3","0","1"]],${MS},"seqId":9}]}`,
    means: [{ ...TOP, bid: ['1', '3'], ask: null }],
  },
  {
    text: '{"id":"4","event":"subscribe","arg":{"channel":"books","instId":"BTC-USDT"},"connId":"73220c7f"}',
    means: [{ kind: 'opened', channel: CHANNEL }],
  },
  {
    text: '{"id":"4","event":"subscribe","arg":{"channel":"trades-all","instId":"BTC-USDT"},"connId":"73220c7f"}',
    means: [{ kind: 'opened', channel: { ...CHANNEL, stream: 'trade' } }],
  },
  {
    text: '{"id":"5","event":"unsubscribe","arg":{"channel":"books","instId":"BTC-USDT"},"connId":"73220c7f"}',
    means: [{ kind: 'ack', id: 5, error: null }],
  },
  {
    text: '{"id":"6","event":"error","code":"60012","msg":"Invalid request: {}","connId":"a4d3ae55"}',
    means: [{ kind: 'ack', id: 6, error: '60012 Invalid request: {}' }],
  },
  {
    text: `{"id":"6","event":"error","code":"60018","msg":"Wrong URL or channel:books,instId:BTC-USDT doesn't exist."}`,
    means: [
      {
        kind: 'refused',
        channel: CHANNEL,
        error: "60018 Wrong URL or channel:books,instId:BTC-USDT doesn't exist.",
      },
    ],
  },
  {
    text: '{"event":"notice","code":"64008","msg":"The connection will soon be closed for a service upgrade. Please reconnect.","connId":"a4d3ae55"}',
    means: [
      {
        kind: 'shutdown',
        reason: '64008 The connection will soon be closed for a service upgrade. Please reconnect.',
      },
    ],
  },
  { text: '{"event":"notice","code":"1"}', means: [{ kind: 'unknown', name: 'notice 1' }] },
  { text: 'pong', means: [{ kind: 'heartbeat' }] },
  ...OKX_VALUE_FRAMES,
  ...['books5', 'index-tickers', 'option-trades', 'public-block-trades'].map(
    (channel) =>
      ({
        text: `{"arg":{"channel":"${channel}","instId":"BTC-USDT"},"data":[{}]}`,
        means: [{ kind: 'ignored', name: channel }],
      }) as const,
  ),
  {
    text: '{"arg":{"channel":"novelty","instId":"BTC-USDT"},"data":[{}]}',
    means: [{ kind: 'unknown', name: 'novelty' }],
  },
];

const instrument = (instId: string, instType: string, state = 'live'): unknown => ({
  instId,
  instType,
  state,
});

const COMMON: Omit<VenueSamples, 'instruments' | 'catalogue' | 'symbols'> = {
  maxFrameBytes: 64 << 10,
  frames: FRAMES,
  unsafe: [
    book('update', `${EMPTY},${MS},"seqId":9007199254740993,"prevSeqId":7`),
    book('update', `${EMPTY},${MS},"seqId":"9","prevSeqId":7`),
    book('update', `${EMPTY},${MS},"seqId":9`),
    trade('trades-all', '"tradeId":"x7","side":"sell"'),
  ],
  longIds: [
    { text: trade('trades-all', '"tradeId":"9007199254740993","side":"sell"'), id: '9007199254740993' },
  ],
  trades: {
    text: `{"code":"0","msg":"","data":[{"instId":"BTC-USDT","side":"sell","sz":"0.010","px":"84093.50","source":"0","tradeId":"12",${MS}}]}`,
    means: [{ ...FILL, id: '12', sequence: 12, side: 'sell' }],
  },
  snapshot: `{"code":"0","msg":"","data":[{"asks":[["2","1","0","1"]],"bids":[["1","3","0","1"]],${MS},"seqId":9}]}`,
};

const MARKETS = [
  [
    okxSpot,
    [
      ['BTC-USDT', 'SPOT'],
      ['ETH-USD_UM', 'SPOT', 'suspend'],
    ],
    ['BTC-USDT', 'ETH-USD_UM'],
  ],
  [
    okxPerpetual,
    [
      ['BTC-USDT-SWAP', 'SWAP'],
      ['BTC-USD-SWAP', 'SWAP'],
      ['BTC-USD_UM-SWAP', 'SWAP'],
      ['ODD', 'SWAP'],
    ],
    ['BTC-USDT-PERP', 'BTC-USD-PERP', 'BTC-USD_UM-PERP', 'ODD'],
  ],
  [
    okxFuture,
    [
      ['BTC-USD-261225', 'FUTURES'],
      ['BTC-USDT-261225', 'FUTURES'],
    ],
    ['BTC-USD-20261225', 'BTC-USDT-20261225'],
  ],
  [
    okxOption,
    [
      ['BTC-USD-261225-100000-C', 'OPTION'],
      ['XRP-USD-261225-0.625-P', 'OPTION'],
    ],
    ['BTC-USD-20261225-100000-C', 'XRP-USD-20261225-0d625-P'],
  ],
] as const;

/** An entry of the list is of the instrument that was asked for. */
function ofInstrument(instrument: string): Pick<VenueSamples, 'trades'> {
  const { trades } = COMMON;
  return {
    trades:
      trades === null ? null : { ...trades, means: trades.means.map((one) => ({ ...one, instrument })) },
  };
}

for (const [venue, listed, symbols] of MARKETS) {
  const catalogue = JSON.stringify({
    code: '0',
    msg: '',
    data: listed.map(([instId, instType, state]) => instrument(instId, instType, state)),
  });
  const instruments = listed.map(([instId]) => instId);
  runVenueContract({
    name: `okx ${venue.market}`,
    venue,
    samples: {
      ...COMMON,
      ...ofInstrument(instruments[0] ?? ''),
      instruments,
      catalogue,
      symbols,
      polls: okxRatioSamples(instruments[0] ?? ''),
    },
  });
}
