import type { FromSchema, JsonSchema } from '../json-schema.ts';
import { DECIMAL, DIALECT, HEAD, HEAD_REQUIRED, PRICE_UNIT, SIGNED_DECIMAL } from './parts.ts';

const GREEKS = {
  type: 'object',
  properties: {
    delta: SIGNED_DECIMAL,
    gamma: SIGNED_DECIMAL,
    vega: SIGNED_DECIMAL,
    theta: SIGNED_DECIMAL,
    rho: SIGNED_DECIMAL,
  },
  required: ['delta', 'gamma', 'vega', 'theta'],
  additionalProperties: false,
} as const;

export const OPTION_SUMMARY = {
  $schema: DIALECT,
  title: 'option-summary',
  description: 'How the venue values an option.',
  type: 'object',
  properties: {
    ...HEAD,
    type: { const: 'option-summary' },
    volatilityUnit: {
      enum: ['percent', 'fraction'],
      description: 'Of the volatilities, annualised: 38.25 percent is a fraction of 0.3825',
    },
    markVolatility: { ...DECIMAL, description: 'Implied by the mark price' },
    bidVolatility: { ...DECIMAL, description: 'Implied by the best bid, where there is one' },
    askVolatility: { ...DECIMAL, description: 'Implied by the best ask, where there is one' },
    greeks: { ...GREEKS, description: 'Black–Scholes, of the price in the quote asset' },
    coinGreeks: { ...GREEKS, description: 'Of the price in the base asset, where the venue states them' },
    forwardPrice: {
      ...DECIMAL,
      description: "The underlying's price at the option's expiry, in the quote asset",
    },
    markPrice: { ...DECIMAL, description: 'In priceUnit, where the venue sends it in the same message' },
    priceUnit: { ...PRICE_UNIT, description: `${PRICE_UNIT.description}. Of markPrice, present with it` },
    indexPrice: { ...DECIMAL, description: 'The underlying index in the quote asset' },
    interestRate: { ...SIGNED_DECIMAL, description: 'What the valuation assumes, a fraction a year' },
  },
  required: [...HEAD_REQUIRED, 'volatilityUnit', 'markVolatility', 'greeks'],
  additionalProperties: false,
} as const satisfies JsonSchema;

export type OptionSummaryRecord = FromSchema<typeof OPTION_SUMMARY>;
