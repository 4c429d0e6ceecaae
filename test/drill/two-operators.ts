// the leader of two operators killed, ended, frozen with writes on their way: taken over in time, nothing turned back (FEEDS=20)
// needs the cluster
import { main, setting } from './rig/result.ts';
import { twoOperators } from './scenarios/two-operators.ts';

const feeds = setting('FEEDS', 20);
await main('two-operators', {
  'under edits': () => twoOperators({ feeds, editEveryMs: 250, frozenMs: 5_000 }),
});
