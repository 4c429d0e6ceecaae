import assert from 'node:assert/strict';
import { test } from 'node:test';
import { greeksOf } from '../../simulator/market/greeks.ts';
import { PERPETUAL, followed, withDeribit } from './deribit-client.ts';

type Ticker = Readonly<Record<string, number>>;
interface OptionTicker {
  readonly greeks: Ticker;
  readonly mark_iv: number;
  readonly bid_iv: number;
  readonly ask_iv: number;
  readonly open_interest: number;
}

const TICKER = 'ticker.BTC-PERPETUAL.100ms';
const QUOTE = 'quote.BTC-PERPETUAL';

const topOf = (ticker: Ticker): readonly string[] =>
  ['best_bid_price', 'best_bid_amount', 'best_ask_price', 'best_ask_amount'].map((name) =>
    String(ticker[name]),
  );

test('a ticker has the best of the book of the same time, a quote comes at each change of it', async () => {
  await withDeribit({ speed: 4, start: 'first-subscribe', waitStreams: 3 }, async (deribit) => {
    await deribit.subscribe(TICKER, PERPETUAL, QUOTE);
    await deribit.client.until(
      () => deribit.dataOf(TICKER).length > 20 && deribit.books(PERPETUAL).length > 20,
    );
    await deribit.pause();
    const books = deribit.books(PERPETUAL);
    const at = new Map(books.map(({ timestamp }, index) => [timestamp, index]));
    const tickers = (deribit.dataOf(TICKER) as readonly Ticker[]).filter(({ timestamp }) =>
      at.has(timestamp ?? 0),
    );
    assert.ok(tickers.length > 5);
    for (const ticker of tickers) {
      const { bids, asks } = followed(books.slice(0, (at.get(ticker['timestamp'] ?? 0) ?? 0) + 1));
      assert.deepEqual(topOf(ticker), [...(bids[0] ?? []), ...(asks[0] ?? [])]);
    }
    const quotes = (deribit.dataOf(QUOTE) as readonly Ticker[]).map(topOf);
    assert.ok(quotes.length >= tickers.length);
    assert.deepEqual(quotes.at(-1), topOf((deribit.dataOf(TICKER) as readonly Ticker[]).at(-1) ?? {}));
    assert.ok(quotes.every((quote, index) => quote.join() !== quotes[index - 1]?.join()));
  });
});

test('the book of one level begins with what stands, in pairs, and takes no fault that is meant for the whole one', async () => {
  await withDeribit({}, async (deribit) => {
    const top = 'book.BTC-PERPETUAL.none.1.100ms';
    await deribit.fault({ kind: 'noSnapshot', symbol: 'BTC-PERPETUAL' });
    await deribit.subscribe(top);
    await deribit.subscribe(PERPETUAL);
    await deribit.client.until(() => deribit.dataOf(top).length > 2 && deribit.books(PERPETUAL).length > 1);
    interface Top {
      readonly type?: string;
      readonly bids: readonly (readonly number[])[];
      readonly asks: readonly (readonly number[])[];
    }
    for (const { type, bids, asks } of deribit.dataOf(top) as readonly Top[]) {
      assert.equal(type, undefined);
      assert.deepEqual(
        [bids, asks].map((side) => side.map((level) => level.length)),
        [[2], [2]],
      );
      assert.ok((bids[0]?.[0] ?? 0) < (asks[0]?.[0] ?? 0));
    }
    assert.equal(deribit.books(PERPETUAL)[0]?.type, 'change', 'the fault was kept for it');
  });
});

test('funding, open interest and mark price move; open interest of a perpetual counts tens of dollars', async () => {
  await withDeribit({ speed: 10 }, async (deribit) => {
    await deribit.subscribe(TICKER, 'perpetual.BTC-PERPETUAL.100ms');
    const all = (name: string): readonly (number | undefined)[] =>
      (deribit.dataOf(TICKER) as readonly Ticker[]).map((ticker) => ticker[name]);
    const moves = ['open_interest', 'mark_price', 'current_funding', 'funding_8h', 'interest_value'];
    await deribit.client.until(() => moves.every((name) => new Set(all(name)).size > 3));
    assert.ok(all('open_interest').every((dollars) => (dollars ?? 1) % 10 === 0));
    const [{ interest } = {}] = deribit.dataOf('perpetual.BTC-PERPETUAL.100ms') as readonly Ticker[];
    assert.equal(typeof interest, 'number');
  });
});

test('an option has greeks by its implied volatility, and open interest in coin', async () => {
  await withDeribit(
    { symbols: ['BTC-USD-20270625-60000-C', 'BTC-USD-20270625-60000-P'] },
    async (deribit) => {
      const channels = ['C', 'P'].map((right) => `ticker.BTC-25JUN27-60000-${right}.100ms`);
      await deribit.subscribe(...channels);
      await deribit.client.until(() => channels.every((channel) => deribit.dataOf(channel).length > 2));
      const [call, put] = channels.map((channel) => deribit.dataOf(channel).at(-1) as OptionTicker);
      assert.ok(call !== undefined && put !== undefined);
      assert.ok((call.greeks['delta'] ?? 0) > 0 && (put.greeks['delta'] ?? 0) < 0);
      for (const { greeks, mark_iv, bid_iv, ask_iv, open_interest } of [call, put]) {
        assert.ok(bid_iv < mark_iv && mark_iv < ask_iv);
        assert.ok((greeks['gamma'] ?? 0) > 0 && (greeks['vega'] ?? 0) > 0 && (greeks['theta'] ?? 0) < 0);
        assert.ok(open_interest < 10_000, 'coins');
      }
    },
  );
});

test('some trades of a perpetual are marked as liquidations, of the maker, the taker or both', async () => {
  await withDeribit({ eventsPerSecond: 500, speed: 10 }, async (deribit) => {
    const channel = 'trades.BTC-PERPETUAL.100ms';
    await deribit.subscribe(channel);
    const trades = (): readonly { readonly liquidation?: string }[] =>
      (deribit.dataOf(channel) as readonly (readonly { readonly liquidation?: string }[])[]).flat();
    const kinds = (): readonly (string | undefined)[] => [
      ...new Set(trades().map(({ liquidation }) => liquidation)),
    ];
    await deribit.client.until(() => kinds().length === 4);
    assert.deepEqual(kinds().map(String).sort(), ['M', 'MT', 'T', 'undefined']);
  });
});

test('greeks are those of Black’s formula', () => {
  // By hand: forward 100, strike 100, one year, 20 %: d1 = 0.1, N(0.1) = 0.5398278, n(0.1) = 0.3969525.
  const call = greeksOf({ forward: 100, strike: 100, years: 1, volatility: 0.2, right: 'C' });
  const put = greeksOf({ forward: 100, strike: 100, years: 1, volatility: 0.2, right: 'P' });
  const close = (left: number, right: number): void => {
    assert.ok(Math.abs(left - right) < 1e-5, `${left} is not ${right}`);
  };
  close(call.price, 7.965_57);
  close(call.price, put.price);
  close(call.delta, 0.539_83);
  close(call.delta - put.delta, 1);
  close(call.gamma, 0.019_85);
  close(call.vega, 0.396_95);
  close(call.theta * 365, -3.969_53);
});
