// disks really full, NATS's and the spill's: told, nothing lost, or exactly what is stated (TROUBLE_S=20)
import { main, setting } from './rig/result.ts';
import { natsDiskFull, spillDiskFull } from './scenarios/disk-full.ts';

const troubleMs = setting('TROUBLE_S', 20) * 1_000;
await main('disk-full', {
  "NATS's disk": () => natsDiskFull({ troubleMs }),
  "the spill's disk": () => spillDiskFull({ troubleMs }),
});
