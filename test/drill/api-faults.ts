// 429, 5xx, lost and late answers, broken, expired and silent watches, an API server away: nothing missed (FEEDS=10 FAULT_S=20)
// needs the cluster
import { main, setting } from './rig/result.ts';
import { apiFaults } from './scenarios/api-faults.ts';

const feeds = setting('FEEDS', 10);
const faultMs = setting('FAULT_S', 20) * 1_000;
await main('api-faults', {
  'under edits': () => apiFaults({ feeds, editEveryMs: 500, faultMs, withSilence: true }),
});
