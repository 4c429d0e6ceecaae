// NATS killed for longer than the duplicate window, again during the drain: nothing lost, nothing twice (OUTAGE_S=15 WINDOW_S=5)
import { main, setting } from './rig/result.ts';
import { natsOutage } from './scenarios/nats-outage.ts';

const outageMs = setting('OUTAGE_S', 15) * 1_000;
const windowMs = setting('WINDOW_S', 5) * 1_000;
await main('nats-outage', {
  'one writer': () => natsOutage({ redundancy: 1, outageMs, windowMs }),
  'two writers': () => natsOutage({ redundancy: 2, outageMs, windowMs }),
});
