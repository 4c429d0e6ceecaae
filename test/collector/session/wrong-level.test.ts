import { test } from 'node:test';
import { CASES, openCase } from './simulated-cases.ts';
import { until } from './tiny-venue.ts';

// A level of a state may be wrong though every id joins: only the venue's own best bid and ask tell, at the same id.
for (const one of CASES) {
  test(`${one.name}: a state with a wrong best bid is found by the venue’s own top, and the next one is true`, async (t) => {
    const { feed, fault, counter, isTrue } = await openCase(t, one);
    await until('tops are compared', () => counter('topEqual') > 0);
    const isInSync = (): boolean => feed.state(one.symbol) === 'inSync';

    // The level may be right again before a top of a change's own id comes; then another state is made wrong.
    while (counter('topMismatch') === 0) {
      const gaps = counter('depthGap');
      await fault({ kind: 'wrongLevel', symbol: one.instrument });
      await fault({ kind: 'drop', symbol: one.instrument });
      await until('a new state is asked for', () => counter('depthGap') > gaps);
      const equal = counter('topEqual');
      const compared = (): boolean => counter('topMismatch') > 0 || counter('topEqual') > equal;
      await until('it is compared', () => isInSync() && compared());
    }
    await until('in sync again', isInSync);
    await isTrue();
  });
}
