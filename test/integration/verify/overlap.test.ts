import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { Rig } from './rig.ts';

const BOOK = 'orderbook.okx.BTC-USDT';

describe('verify, on what two collectors wrote at once', () => {
  let rig: Rig;
  before(async () => {
    rig = await Rig.start();
    await rig.venue(
      'okx',
      'BTC-USDT',
      '  exchange: okx\n  market: spot\n  symbols: [BTC-USDT]\n  streams: [orderbook, trade]\n  orderbook: { snapshotEvery: 1s }\n',
    );
  });
  after(() => rig.stop());

  it('finds nothing, also where one lags, and over a reset of the ids', async () => {
    const book = (outcome: Awaited<ReturnType<Rig['outcome']>>) =>
      outcome.verdict.subjects.find(({ subject }) => subject === BOOK)?.book;
    const first = await rig.collector();
    await rig.untilStream('a book', ({ verdict }) => verdict.records > 20);
    const second = await rig.collector();
    await rig.untilStream('both to write', ({ verdict }) => Object.keys(verdict.writers).length > 1);
    for (const [round, lagging] of [second, first].entries()) {
      const { deltas = 0 } = book(await rig.outcome()) ?? {};
      lagging.child.kill('SIGSTOP');
      await rig.fault({ kind: 'sequenceReset', symbol: 'BTC-USDT' });
      await rig.untilStream(`reset ${round + 1} and what follows it`, ({ verdict }) =>
        verdict.subjects.some(
          ({ book }) => book !== null && book.resets > round && book.deltas > deltas + 20,
        ),
      );
      const { records } = (await rig.outcome()).verdict;
      lagging.child.kill('SIGCONT');
      await rig.untilStream('the lagging one to catch up', ({ verdict }) => verdict.records > records + 40);
    }
    for (const collector of [first, second]) assert.equal(await collector.ended('SIGTERM'), 0);
    const outcome = await rig.outcome();
    assert.deepEqual([outcome.problems, outcome.verdict.details, outcome.code], [[], [], 0]);
    const { resets = 0, compared = 0, isCurrent } = book(outcome) ?? {};
    assert.ok(resets >= 2 && compared > 3, `${resets} resets, ${compared} compared`);
    assert.equal(isCurrent, true);
    await rig.agreesWithPython();
  });
});
