/** What Binance's futures say beside book and trades, as documented and as recorded, and what it means. */
import type { VenueSamples } from './contract.ts';

const TIME = { kind: 'value', exchangeTimeUs: 1_790_757_176_000_000 } as const;
const DATED_TIME_US = 1_596_095_725_000_000;
const LIQUIDATED_US = 1_591_154_240_949_000;

export const VALUE_FRAMES: VenueSamples['frames'] = [
  {
    text: '{"stream":"btcusdt@markPrice@1s","data":{"e":"markPriceUpdate","E":1790757176000,"s":"BTCUSDT","p":"83003.10000000","ap":"83003.10000000","P":"83198.80343841","i":"83045.69043478","r":"-0.00001012","T":1790784000000,"st":1}}',
    means: [
      {
        ...TIME,
        stream: 'mark-price',
        instrument: 'BTCUSDT',
        fields: {
          markPrice: '83003.10000000',
          priceUnit: 'quote',
          indexPrice: '83045.69043478',
          settlePrice: '83198.80343841',
        },
      },
      {
        ...TIME,
        stream: 'funding-rate',
        instrument: 'BTCUSDT',
        fields: {
          rate: '-0.00001012',
          rateKind: 'predicted',
          nextFundingTime: 1_790_784_000_000_000,
        },
        onChange: true,
      },
    ],
  },
  {
    text: '{"e":"markPriceUpdate","E":1596095725000,"s":"BTCUSD_261225","p":"10934.62615417","P":"10962.17178236","i":"10933.62615417","r":"","T":0}',
    means: [
      {
        kind: 'value',
        stream: 'mark-price',
        instrument: 'BTCUSD_261225',
        exchangeTimeUs: DATED_TIME_US,
        fields: {
          markPrice: '10934.62615417',
          priceUnit: 'quote',
          indexPrice: '10933.62615417',
          settlePrice: '10962.17178236',
        },
      },
    ],
  },
  {
    text: '{"stream":"btcusd_perp@forceOrder","data":{"e":"forceOrder","E":1591154240950,"o":{"s":"BTCUSD_PERP","ps":"BTCUSD","S":"SELL","o":"LIMIT","f":"IOC","q":"3","p":"9425.5","ap":"9496.5","X":"PARTIALLY_FILLED","l":"1","z":"2","T":1591154240949}}}',
    means: [
      {
        kind: 'value',
        stream: 'liquidation',
        instrument: 'BTCUSD_PERP',
        exchangeTimeUs: LIQUIDATED_US,
        fields: {
          side: 'sell',
          price: '9425.5',
          priceKind: 'order',
          size: '3',
          averagePrice: '9496.5',
          filledSize: '2',
          sampled: true,
        },
      },
    ],
  },
  {
    text: '{"e":"forceOrder","o":{"s":"BTCUSDT"}}',
    means: [{ kind: 'undecodable', reason: 'missingField' }],
  },
];

const ratio = (measure: 'accounts' | 'topAccounts' | 'topPositions', covers: 'instrument' | 'pair') =>
  ({
    kind: 'value',
    stream: 'long-short-ratio',
    fields: {
      measure,
      covers,
      ratio: '1.4342',
      longShare: '0.5891',
      shortShare: '0.4108',
      periodSeconds: 300,
      polled: true,
    },
  }) as const;
const FIRST_US = 1_583_139_600_000_000;
const NEXT_US = 1_583_139_900_000_000;

const point = (name: string, of: string, time: string): string =>
  `{${name},"longShortRatio":"1.4342","long${of}":"0.5891","short${of}":"0.4108","timestamp":${time}}`;
const QUERY = 'period=5m&limit=12';

export const POLLS: NonNullable<VenueSamples['polls']> = [
  {
    path: '/fapi/v1/openInterest?symbol=BTCUSDT',
    text: '{"openInterest":"10659.509","symbol":"BTCUSDT","time":1589437530011}',
    means: [
      {
        kind: 'value',
        stream: 'open-interest',
        instrument: 'BTCUSDT',
        exchangeTimeUs: 1_589_437_530_011_000,
        fields: { openInterest: '10659.509', polled: true },
      },
    ],
  },
  {
    path: '/dapi/v1/openInterest?symbol=BTCUSD_PERP',
    text: '{"symbol":"BTCUSD_PERP","pair":"BTCUSD","openInterest":"15004","contractType":"PERPETUAL","time":1591261042378}',
    means: [
      {
        kind: 'value',
        stream: 'open-interest',
        instrument: 'BTCUSD_PERP',
        exchangeTimeUs: 1_591_261_042_378_000,
        fields: { openInterest: '15004', polled: true },
      },
    ],
  },
  {
    path: `/futures/data/globalLongShortAccountRatio?symbol=BTCUSDT&${QUERY}`,
    // Newest first and last, a number and a text: the order and the form are not relied on.
    text: `[${point('"symbol":"BTCUSDT"', 'Account', '1583139900000')},${point('"symbol":"BTCUSDT"', 'Account', '"1583139600000"')}]`,
    means: [
      { ...ratio('accounts', 'instrument'), instrument: 'BTCUSDT', exchangeTimeUs: FIRST_US },
      { ...ratio('accounts', 'instrument'), instrument: 'BTCUSDT', exchangeTimeUs: NEXT_US },
    ],
  },
  {
    path: `/futures/data/topLongShortAccountRatio?symbol=BTCUSDT&${QUERY}`,
    text: `[${point('"symbol":"BTCUSDT"', 'Account', '1583139600000')}]`,
    means: [{ ...ratio('topAccounts', 'instrument'), instrument: 'BTCUSDT', exchangeTimeUs: FIRST_US }],
  },
  {
    path: `/futures/data/topLongShortPositionRatio?symbol=BTCUSDT&${QUERY}`,
    text: `[${point('"symbol":"BTCUSDT"', 'Account', '1583139600000')}]`,
    means: [{ ...ratio('topPositions', 'instrument'), instrument: 'BTCUSDT', exchangeTimeUs: FIRST_US }],
  },
  {
    path: `/futures/data/globalLongShortAccountRatio?pair=BTCUSD&${QUERY}`,
    text: `[${point('"pair":"BTCUSD"', 'Account', '1583139600000')}]`,
    means: [{ ...ratio('accounts', 'pair'), instrument: 'BTCUSD_PERP', exchangeTimeUs: FIRST_US }],
  },
  {
    path: `/futures/data/topLongShortAccountRatio?pair=BTCUSD&${QUERY}`,
    text: `[${point('"pair":"BTCUSD"', 'Account', '1583139600000')}]`,
    means: [{ ...ratio('topAccounts', 'pair'), instrument: 'BTCUSD_PERP', exchangeTimeUs: FIRST_US }],
  },
  {
    path: `/futures/data/topLongShortPositionRatio?pair=BTCUSD&${QUERY}`,
    text: `[${point('"pair":"BTCUSD"', 'Position', '1583139600000')}]`,
    means: [{ ...ratio('topPositions', 'pair'), instrument: 'BTCUSD_PERP', exchangeTimeUs: FIRST_US }],
  },
];
