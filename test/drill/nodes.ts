// edits, scale, roll to another image, drains, evictions, killed operators on two nodes: nothing missing, counts exact (EDITS=50 API_AWAY_S=120)
// needs the cluster
import { main, setting } from './rig/result.ts';
import { nodes } from './scenarios/nodes.ts';

await main('nodes', {
  'two nodes': () =>
    nodes({
      namespace: 'drill-nodes',
      edits: setting('EDITS', 50),
      scales: [2, 4, 1],
      drains: ['node1', 'node2'],
      apiAwayMs: setting('API_AWAY_S', 120) * 1_000,
      steps: [
        'edit',
        'scale',
        'upgrade',
        'evict',
        'podDeleted',
        'operatorKilled',
        'apiServerStopped',
        'drain',
      ],
    }),
});
