import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { CatalogueWriter } from '../../../collector/delivery/catalogue-writer.ts';
import { catalogueMarket } from '../../../contract/catalogue.ts';
import { effectiveFeed } from '../../../contract/effective.ts';
import { UNSTATED, type Instrument } from '../../../contract/instrument.ts';
import { CatalogueBook, catalogueBucket } from '../../../operator/catalogues.ts';
import { selectSymbols } from '../../../operator/plan/selection.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { feedOf } from '../../operator/plan/observed.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { log, until } from './fixtures.ts';

const clock = systemClock();
let server: NatsServer;
before(async () => {
  server = await startNats();
});
after(() => server.stop());

const listed = (base: string, parts: Partial<Instrument> = {}): Instrument => ({
  ...UNSTATED,
  symbol: `${base}-USDT`,
  instrument: `${base}USDT`,
  base,
  quote: 'USDT',
  status: 'TRADING',
  trading: true,
  sizeUnit: 'base',
  ...parts,
});

/** Looks and retries come ten times as soon. */
const hasty = {
  ...clock,
  nowMs: () => clock.nowMs(),
  after: (ms: number, task: () => void) => clock.after(ms / 10, task),
};

test('what a collector writes is what the operator selects from, through listings, delistings and a restarted server', async () => {
  const nats = await server.connect();
  const { symbols: _symbols, ...spec } = feedOf().spec;
  const feed = { ...feedOf(), spec: { ...spec, symbolSelector: { match: '*-USDT' } } };
  const effective = effectiveFeed(feed, {});
  const changes: string[] = [];
  const book = new CatalogueBook({
    source: catalogueBucket(() => nats),
    clock: hasty,
    log,
    onChange: (uids) => changes.push(...uids),
  });
  const selected = (): string =>
    selectSymbols(
      { feed, catalogue: book.observe('uid', effective), objects: [], nowMs: clock.nowMs() },
      {},
    ).effective.symbols.join();
  assert.equal(selected(), '');
  await until('it says that nobody has written it', () => {
    const observed = book.observe('uid', effective);
    return observed.kind === 'pending' && observed.message.includes('no collector') ? true : undefined;
  });
  const writer = new CatalogueWriter({
    market: catalogueMarket(effective),
    connection: () => nats,
    domain: null,
    writer: 'uid',
    staleMs: 60_000,
    clock: hasty,
    log,
  });
  writer.offer([listed('BTC'), listed('ETH'), listed('LUNA', { trading: false, status: 'BREAK' })]);
  await until('selected', () => (selected() === 'BTC-USDT,ETH-USDT' ? true : undefined));
  writer.offer([listed('BTC'), listed('SOL')]);
  await until('a listing and a delisting', () => (selected() === 'BTC-USDT,SOL-USDT' ? true : undefined));
  await server.kill();
  assert.equal(selected(), 'BTC-USDT,SOL-USDT', 'NATS is away: nothing is forgotten');
  await server.start();
  writer.offer([listed('BTC')]);
  await until('it goes on', () => (selected() === 'BTC-USDT' ? true : undefined));
  assert.ok(changes.length >= 4);
  book.stop();
  await writer.stop();
});
