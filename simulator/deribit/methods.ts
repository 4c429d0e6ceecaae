import type { LevelText, MarketSymbol, VenueContext } from '../ports.ts';
import { answerLastTrades } from './last-trades.ts';
import { currencyOf, expirationMs } from './instruments.ts';
import { invalidParams, methodNotFound, result } from './rpc.ts';
import type { RpcParams, RpcResult } from './rpc.ts';

/** The methods that need no connection of their own: asked over HTTP and over WebSocket alike. */

type MethodContext = Pick<VenueContext, 'market' | 'nowMs' | 'marketNowMs' | 'snapshot'>;

type Method = (params: RpcParams, context: MethodContext) => RpcResult;

const CREATED_MS = 1_534_242_287_000;
const VERSION = '1.2.26';
/** Price indexes; those of BTC and ETH have a volatility index too, on which the `dvol` ones are priced. */
const PRICE_INDEXES = [
  'btc_usd',
  'eth_usd',
  'btc_usdc',
  'btcdvol_usdc',
  'eth_usdc',
  'ethdvol_usdc',
  'sol_usdc',
];
export const VOLATILITY_INDEXES = ['btc_usd', 'eth_usd'];
const CURRENCIES = ['BTC', 'ETH', 'any'];
const STANDARD_DEPTH = 5;
const MOST_DEPTH = 10_000;
const KINDS = ['future', 'option'];

const METHODS: Readonly<Record<string, Method>> = {
  'public/test': () => result({ version: VERSION }),
  'public/hello': () => result({ version: VERSION }),
  'public/get_time': (_, { nowMs }) => result(nowMs()),
  'public/get_index_price_names': () => result(PRICE_INDEXES),
  'public/get_instruments': answerInstruments,
  'public/get_order_book': answerOrderBook,
  'public/get_last_trades_by_instrument': answerLastTrades,
};

export function answerMethod(method: string, params: RpcParams, context: MethodContext): RpcResult {
  const known = Object.hasOwn(METHODS, method) ? METHODS[method] : undefined;
  return known === undefined ? methodNotFound() : known(params, context);
}

function answerInstruments(params: RpcParams, { market }: MethodContext): RpcResult {
  const { currency, kind } = params;
  if (typeof currency !== 'string' || !CURRENCIES.includes(currency)) {
    return invalidParams('currency', currency === undefined ? 'is required' : 'value not allowed');
  }
  if (kind !== undefined && !(typeof kind === 'string' && KINDS.includes(kind))) {
    return invalidParams('kind', 'invalid value');
  }
  // The simulator keeps no expired ones.
  if (String(params['expired']) === 'true') return result([]);
  const wanted = market.symbols.filter(
    (instrument) =>
      (currency === 'any' || currencyOf(instrument.symbol) === currency) &&
      (kind === undefined || (instrument.kind === 'option') === (kind === 'option')),
  );
  return result(wanted.map(listed));
}

function answerOrderBook(params: RpcParams, { market, marketNowMs, snapshot }: MethodContext): RpcResult {
  const name = params['instrument_name'];
  const instrument = market.symbols.find(({ symbol }) => symbol === name);
  const book = instrument === undefined ? undefined : snapshot(instrument.symbol);
  if (instrument === undefined || book === undefined) return invalidParams('instrument_name', 'wrong format');
  const depth = Number(params['depth'] ?? STANDARD_DEPTH);
  if (!(depth >= 1 && depth <= MOST_DEPTH)) return invalidParams('depth', 'invalid value');
  const side = (levels: readonly LevelText[]): readonly (readonly number[])[] =>
    levels.slice(0, depth).map((level) => level.map(Number));
  return result({
    timestamp: market.bookStamp?.(instrument.symbol)?.timeMs ?? marketNowMs(),
    state: 'open',
    change_id: book.lastUpdateId,
    instrument_name: instrument.symbol,
    bids: side(book.bids),
    asks: side(book.asks),
  });
}

function listed(known: MarketSymbol): unknown {
  const { symbol, baseAsset, quoteAsset, kind, expiry, strike, right, tickSize, halted } = known;
  const isOption = kind === 'option';
  const isBitcoin = baseAsset === 'BTC';
  const option = { strike: Number(strike?.replace('d', '.')), option_type: right === 'C' ? 'call' : 'put' };
  return {
    tick_size: Number(tickSize),
    tick_size_steps: [],
    taker_commission: isOption ? 0.0003 : 0.0005,
    ...(isOption ? option : {}),
    settlement_period: kind === 'perpetual' ? 'perpetual' : 'month',
    settlement_currency: baseAsset,
    quote_currency: isOption ? baseAsset : quoteAsset,
    counter_currency: quoteAsset,
    base_currency: baseAsset,
    price_index: `${baseAsset.toLowerCase()}_usd`,
    min_trade_amount: isBitcoin ? (isOption ? 0.1 : 10) : 1,
    maker_commission: 0,
    kind: isOption ? 'option' : 'future',
    instrument_type: 'reversed',
    is_active: halted !== true,
    state: halted === true ? 'inactive' : 'open',
    rfq: false,
    instrument_name: symbol,
    expiration_timestamp: expirationMs(expiry),
    creation_timestamp: CREATED_MS,
    contract_size: isBitcoin && !isOption ? 10 : 1,
    block_trade_commission: 0.0001,
    ...known.listing,
  };
}
