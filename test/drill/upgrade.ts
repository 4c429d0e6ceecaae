// all feeds of a venue given a bad image at once: it stops at the first pod and says how to go back; a good one goes in waves
// needs the cluster
import { main } from './rig/result.ts';
import { upgrade } from './scenarios/upgrade.ts';

await main('upgrade', {
  'three feeds': () => upgrade({ namespace: 'drill-upgrade', deadlineSeconds: 60 }),
});
