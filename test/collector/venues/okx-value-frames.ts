import type { VenueSamples } from './contract.ts';

/** OKX's channels of one value, as captured in 2026-09 or documented, and exactly what they mean. */

const TIME_US = 1_790_757_203_016_000;
const TS = '"ts":"1790757203016"';
const SWAP = 'BTC-USDT-SWAP';
const OPTION = 'BTC-USD-200103-5500-C';
const AT = { kind: 'value', instrument: SWAP, exchangeTimeUs: TIME_US } as const;

const push = (arg: string, entry: string): string => `{"arg":{${arg}},"data":[{${entry}}]}`;
const ofSwap = (channel: string, rest: string): string =>
  push(`"channel":"${channel}","instId":"${SWAP}"`, `"instId":"${SWAP}","instType":"SWAP",${rest},${TS}`);

const FUNDING = '"fundingTime":"1790784000000","nextFundingTime":"1790812800000","interestRate":"0.0001"';
const PAID = { nextFundingTime: 1_790_784_000_000_000, intervalSeconds: 28_800 } as const;
const DETAIL =
  '{"bkLoss":"0","bkPx":"0.007831","ccy":"","posSide":"short","side":"buy","sz":"13","ts":"1692266434010"}';
const LIQUIDATION = {
  kind: 'value',
  stream: 'liquidation',
  instrument: 'IOST-USDT-SWAP',
  exchangeTimeUs: 1_692_266_434_010_000,
  fields: { side: 'buy', price: '0.007831', priceKind: 'bankruptcy', size: '13', sampled: true },
} as const;
const SUMMARY =
  `"instType":"OPTION","instId":"${OPTION}","uly":"BTC-USD","delta":"0.7494223636","gamma":"-0.6765419039",` +
  '"theta":"-0.0000809873","vega":"0.0000077307","deltaBS":"0.75","gammaBS":"0.0001","thetaBS":"-12.5","vegaBS":"3.0",' +
  `"realVol":"0","bidVol":"","askVol":"1.5625","markVol":"0.9987","fwdPx":"39016.8143629068452065",${TS}`;

export const OKX_VALUE_FRAMES: VenueSamples['frames'] = [
  {
    text: ofSwap(
      'tickers',
      '"last":"9999.90","lastSz":"0.10","askPx":"9999.99","askSz":"11","bidPx":"","bidSz":""',
    ),
    means: [
      {
        ...AT,
        stream: 'ticker',
        fields: { bid: null, ask: ['9999.99', '11'], lastPrice: '9999.90', lastSize: '0.10' },
      },
    ],
  },
  {
    text: ofSwap('mark-price', '"markPx":"83004.0"'),
    means: [{ ...AT, stream: 'mark-price', fields: { markPrice: '83004.0', priceUnit: 'quote' } }],
  },
  {
    text: push(
      '"channel":"mark-price","instId":"X"',
      `"instId":"${OPTION}","instType":"OPTION","markPx":"0.1",${TS}`,
    ),
    means: [
      {
        ...AT,
        stream: 'mark-price',
        instrument: OPTION,
        fields: { markPrice: '0.1', priceUnit: 'base' },
      },
    ],
  },
  {
    text: ofSwap(
      'open-interest',
      '"oi":"2874486.99000000925","oiCcy":"28744.8699000000925","oiUsd":"2385812703.752047677463"',
    ),
    means: [
      {
        ...AT,
        stream: 'open-interest',
        fields: {
          openInterest: '2874486.99000000925',
          openInterestBase: '28744.8699000000925',
          openInterestUsd: '2385812703.752047677463',
        },
      },
    ],
  },
  {
    text: ofSwap(
      'funding-rate',
      `${FUNDING},"fundingRate":"-0.0000252378080097","method":"current_period","nextFundingRate":""`,
    ),
    means: [
      {
        ...AT,
        stream: 'funding-rate',
        fields: { rate: '-0.0000252378080097', rateKind: 'predicted', ...PAID },
      },
    ],
  },
  {
    text: ofSwap(
      'funding-rate',
      `${FUNDING},"fundingRate":"0.018","method":"next_period","nextFundingRate":"-0.017"`,
    ),
    means: [
      {
        ...AT,
        stream: 'funding-rate',
        fields: { rate: '0.018', rateKind: 'fixed', ...PAID, followingRate: '-0.017' },
      },
    ],
  },
  {
    text: push(
      '"channel":"funding-rate","instId":"X"',
      `"instType":"SWAP","instId":"${SWAP}","fundingRate":"0.018","nextFundingRate":"","fundingTime":"1790784000000"`,
    ),
    means: [
      {
        ...AT,
        stream: 'funding-rate',
        exchangeTimeUs: null,
        fields: { rate: '0.018', rateKind: 'fixed', nextFundingTime: PAID.nextFundingTime },
      },
    ],
  },
  {
    text: push(
      '"channel":"liquidation-orders","instType":"SWAP"',
      `"details":[${DETAIL},${DETAIL}],"instFamily":"IOST-USDT","instId":"IOST-USDT-SWAP","instType":"SWAP"`,
    ),
    means: [LIQUIDATION, { ...LIQUIDATION, ordinal: 1 }],
  },
  {
    text: push('"channel":"opt-summary","instFamily":"BTC-USD"', SUMMARY),
    means: [
      {
        ...AT,
        stream: 'option-summary',
        instrument: OPTION,
        fields: {
          volatilityUnit: 'fraction',
          markVolatility: '0.9987',
          askVolatility: '1.5625',
          greeks: { delta: '0.75', gamma: '0.0001', vega: '3.0', theta: '-12.5' },
          coinGreeks: {
            delta: '0.7494223636',
            gamma: '-0.6765419039',
            vega: '0.0000077307',
            theta: '-0.0000809873',
          },
          forwardPrice: '39016.8143629068452065',
        },
      },
    ],
  },
  {
    text: ofSwap('mark-price', '"markPx":83004.0'),
    means: [{ kind: 'undecodable', reason: 'missingField' }],
  },
  {
    text: '{"id":"4","event":"subscribe","arg":{"channel":"liquidation-orders","instType":"SWAP"},"connId":"73220c7f"}',
    means: [{ kind: 'opened', channel: { instrument: 'SWAP', stream: 'liquidation' } }],
  },
  {
    text: '{"event":"error","code":"60018","msg":"Wrong URL or channel:opt-summary,instFamily:XRP-USD doesn\'t exist."}',
    means: [
      {
        kind: 'refused',
        channel: { instrument: 'XRP-USD', stream: 'option-summary' },
        error: "60018 Wrong URL or channel:opt-summary,instFamily:XRP-USD doesn't exist.",
      },
    ],
  },
];

const ENDPOINTS = [
  ['accounts', 'long-short-account-ratio-contract'],
  ['topAccounts', 'long-short-account-ratio-contract-top-trader'],
  ['topPositions', 'long-short-position-ratio-contract-top-trader'],
] as const;

/** Answers about one instrument, newest first as the venue gives them: oldest first as they are meant. */
export const okxRatioSamples = (instrument: string): NonNullable<VenueSamples['polls']> =>
  ENDPOINTS.map(([measure, name]) => {
    const ratio = {
      kind: 'value',
      stream: 'long-short-ratio',
      instrument,
      exchangeTimeUs: 1_701_417_600_000_000,
      fields: { measure, covers: 'instrument', periodSeconds: 300, polled: true, ratio: '0.1236' },
    } as const;
    return {
      path: `/api/v5/rubik/stat/contracts/${name}?instId=${instrument}&period=5m&limit=12`,
      text: '{"code":"0","msg":"","data":[["1701417900000","1.1739"],["1701417600000","0.1236"]]}',
      means: [
        ratio,
        {
          ...ratio,
          exchangeTimeUs: ratio.exchangeTimeUs + 300_000_000,
          fields: { ...ratio.fields, ratio: '1.1739' },
        },
      ],
    };
  });
