import type { VenueSamples } from './contract.ts';

/** Deribit's ticker in its three forms, as captured on 2026-09-30, and exactly what it means. */

const push = (name: string, data: string): string =>
  `{"jsonrpc":"2.0","method":"subscription","params":{"channel":"ticker.${name}.100ms","data":{${data}}}}`;

const TIME_US = 1_790_755_218_559_000;
const TIME = '"timestamp":1790755218559,"state":"open"';
const at = (instrument: string) =>
  ({ kind: 'value', instrument, exchangeTimeUs: TIME_US, onChange: true }) as const;
const PERPETUAL = at('BTC-PERPETUAL');
const FUTURE = at('BTC-25DEC26');
const OPTION = at('BTC-25DEC26-76000-C');
const LINEAR = at('XRP_USDC-30JUN23-0d625-C');

const BEST =
  '"best_ask_price":83212.5,"best_bid_price":83212.0,"best_ask_amount":261910.0,"best_bid_amount":7.175e4';
const SIDES = { bid: ['83212', '71750'], ask: ['83212.5', '261910'] } as const;
const GREEKS = '"greeks":{"delta":0.74092,"gamma":2.0e-5,"vega":132.3649,"theta":-29.43212,"rho":-0.0}';
const SUMMARY =
  `${GREEKS},"interest_rate":0.0,"mark_iv":38.25,"bid_iv":0.0,"ask_iv":40.380,"underlying_price":84222.23,` +
  '"underlying_index":"BTC-25DEC26"';
const MEASURED = {
  volatilityUnit: 'percent',
  markVolatility: '38.25',
  askVolatility: '40.38',
  greeks: { delta: '0.74092', gamma: '0.00002', vega: '132.3649', theta: '-29.43212', rho: '0' },
  forwardPrice: '84222.23',
} as const;

export const DERIBIT_VALUE_FRAMES: VenueSamples['frames'] = [
  {
    text: push(
      'BTC-PERPETUAL',
      `${TIME},"index_price":83251.03,"instrument_name":"BTC-PERPETUAL","last_price":83216.0,"open_interest":797578130,` +
        `"mark_price":83212.14,"interest_value":-4.467407940520975e-5,"current_funding":-2.1714e-4,"funding_8h":-3.1e-6,` +
        `"estimated_delivery_price":83251.03,${BEST}`,
    ),
    means: [
      { ...PERPETUAL, stream: 'ticker', fields: { ...SIDES, lastPrice: '83216' } },
      {
        ...PERPETUAL,
        stream: 'mark-price',
        fields: { markPrice: '83212.14', priceUnit: 'quote', indexPrice: '83251.03' },
      },
      { ...PERPETUAL, stream: 'open-interest', fields: { openInterest: '797578130' } },
      {
        ...PERPETUAL,
        stream: 'funding-rate',
        fields: {
          rate: '-0.00021714',
          rateKind: 'continuous',
          nextFundingTime: null,
          intervalSeconds: 28_800,
        },
      },
    ],
  },
  {
    text: push(
      'BTC-25DEC26',
      `${TIME},"index_price":83251.03,"instrument_name":"BTC-25DEC26","last_price":null,"open_interest":311779840,` +
        `"mark_price":84222.65,"estimated_delivery_price":83251.03,${BEST}`,
    ),
    means: [
      { ...FUTURE, stream: 'ticker', fields: SIDES },
      {
        ...FUTURE,
        stream: 'mark-price',
        fields: {
          markPrice: '84222.65',
          priceUnit: 'quote',
          indexPrice: '83251.03',
          settlePrice: '83251.03',
        },
      },
      { ...FUTURE, stream: 'open-interest', fields: { openInterest: '311779840' } },
    ],
  },
  {
    text: push(
      'BTC-25DEC26-76000-C',
      `${TIME},${SUMMARY},"index_price":83250.78,"instrument_name":"BTC-25DEC26-76000-C","last_price":0.133,` +
        '"open_interest":480.6,"mark_price":0.1296,"estimated_delivery_price":83250.78,"best_ask_price":0.133,' +
        '"best_bid_price":0.0,"best_ask_amount":29.3,"best_bid_amount":0.0',
    ),
    means: [
      { ...OPTION, stream: 'ticker', fields: { bid: null, ask: ['0.133', '29.3'], lastPrice: '0.133' } },
      {
        ...OPTION,
        stream: 'mark-price',
        fields: { markPrice: '0.1296', priceUnit: 'base', indexPrice: '83250.78' },
      },
      { ...OPTION, stream: 'open-interest', fields: { openInterest: '480.6' } },
      {
        ...OPTION,
        stream: 'option-summary',
        fields: {
          ...MEASURED,
          markPrice: '0.1296',
          priceUnit: 'base',
          indexPrice: '83250.78',
          interestRate: '0',
        },
      },
    ],
  },
  {
    text: push(
      'XRP_USDC-30JUN23-0d625-C',
      `${TIME},${SUMMARY},"index_price":0.62,"instrument_name":"XRP_USDC-30JUN23-0d625-C","last_price":0.01,` +
        '"open_interest":1.0e3,"mark_price":0.02,"estimated_delivery_price":0.62,"best_ask_price":0.03,' +
        '"best_bid_price":0.01,"best_ask_amount":10.0,"best_bid_amount":20.0',
    ),
    means: [
      {
        ...LINEAR,
        stream: 'ticker',
        fields: { bid: ['0.01', '20'], ask: ['0.03', '10'], lastPrice: '0.01' },
      },
      {
        ...LINEAR,
        stream: 'mark-price',
        fields: { markPrice: '0.02', priceUnit: 'quote', indexPrice: '0.62' },
      },
      { ...LINEAR, stream: 'open-interest', fields: { openInterest: '1000' } },
      {
        ...LINEAR,
        stream: 'option-summary',
        fields: {
          ...MEASURED,
          bidVolatility: '0',
          markPrice: '0.02',
          priceUnit: 'quote',
          indexPrice: '0.62',
          interestRate: '0',
        },
      },
    ],
  },
  {
    text: push('BTC-PERPETUAL', '"timestamp":1790755218559'),
    means: [{ kind: 'undecodable', reason: 'missingField' }],
  },
];
