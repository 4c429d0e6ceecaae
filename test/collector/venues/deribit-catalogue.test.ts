import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  deribitFuture,
  deribitIndex,
  deribitOption,
  deribitPerpetual,
} from '../../../collector/venues/deribit.ts';
import type { Venue } from '../../../collector/venues/venue.ts';
import type { Instrument } from '../../../contract/instrument.ts';

function listed(venue: Venue, ...result: readonly unknown[]): readonly Instrument[] {
  const instruments = venue.decodeCatalogue(JSON.stringify({ jsonrpc: '2.0', result }));
  assert.ok(!('kind' in instruments));
  return instruments;
}

test('sizes count USD for inverse contracts, the base for linear ones and options', () => {
  const perpetual = { kind: 'future', settlement_period: 'perpetual', is_active: true };
  assert.deepEqual(
    listed(
      deribitPerpetual,
      { ...perpetual, instrument_name: 'BTC-PERPETUAL', instrument_type: 'reversed', quote_currency: 'USD' },
      { ...perpetual, instrument_name: 'BTC_USDC-PERPETUAL', instrument_type: 'linear' },
      { ...perpetual, instrument_name: 'X_USD-PERPETUAL', instrument_type: 'linear', quote_currency: 'USD' },
    ).map(({ sizeUnit }) => sizeUnit),
    ['quote', 'base', 'base'],
  );
  const old = { kind: 'future', settlement_period: 'month', is_active: true, quote_currency: 'USD' };
  assert.equal(listed(deribitFuture, { ...old, instrument_name: 'BTC-25MAR22' })[0]?.sizeUnit, 'quote');
  const option = { kind: 'option', is_active: true, instrument_type: 'reversed', quote_currency: 'BTC' };
  const [call] = listed(deribitOption, { ...option, instrument_name: 'BTC-25DEC26-100000-C' });
  assert.equal(call?.sizeUnit, 'base');
});

test('what is not active cannot be collected, in the words of the venue', () => {
  const future = { kind: 'future', settlement_period: 'week', instrument_name: 'BTC-9APR27' };
  const one = (fields: object): readonly [string | undefined, boolean | undefined] => {
    const [instrument] = listed(deribitFuture, { ...future, ...fields });
    return [instrument?.status, instrument?.trading];
  };
  assert.deepEqual(one({ is_active: true, state: 'open' }), ['open', true]);
  assert.deepEqual(one({ is_active: false, state: 'settlement' }), ['settlement', false]);
  assert.deepEqual(one({ is_active: false }), ['inactive', false]);
});

test('a list is asked for once for all currencies, and an index counts only with a volatility index', () => {
  assert.match(deribitPerpetual.catalogueRequest().path, /get_instruments\?currency=any&kind=future$/);
  assert.match(deribitOption.catalogueRequest().path, /get_instruments\?currency=any&kind=option$/);
  assert.match(deribitIndex.catalogueRequest().path, /get_index_price_names$/);
  assert.deepEqual(
    listed(deribitIndex, 'btc_usd', 'eth_usd', 'btc_usdc', { instrument_name: 'BTC-PERPETUAL' }).map(
      ({ symbol, trading }) => [symbol, trading],
    ),
    [
      ['BTC', true],
      ['ETH', true],
      ['BTC-USDC', false],
    ],
  );
});

test('a base that futures on its volatility are priced for has a volatility index, in dollars or else in USDC', () => {
  const names = ['btc_usd', 'btcdvol_usdc', 'sol_usdc', 'sol_usdt', 'soldvol_usdc', 'xrp_usdc'];
  const trading = listed(deribitIndex, ...names.map((name) => ({ name })))
    .filter((one) => one.trading)
    .map(({ symbol }) => symbol);
  assert.deepEqual(trading, ['BTC', 'SOL-USDC']);
});
