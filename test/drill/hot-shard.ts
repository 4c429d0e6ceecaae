// a collector with a tenth of the processor that it needs: named in a condition with the number of collectors that mends it
// needs the cluster
import { main } from './rig/result.ts';
import { hotShard } from './scenarios/hot-shard.ts';

await main('hot-shard', { 'a hot shard': () => hotShard({ namespace: 'drill-hot' }) });
