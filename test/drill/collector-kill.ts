// collectors killed a hundred times over one playback: with two nothing missing, with one exactly what is stated (KILLS=100)
import { recordingPath } from '../support/recording.ts';
import { main, setting } from './rig/result.ts';
import { collectorKill, KILL_RECORDING } from './scenarios/collector-kill.ts';

const recording = recordingPath(KILL_RECORDING);
if (recording === undefined) throw new Error(`the recording ${KILL_RECORDING} is not at hand`);
const kills = setting('KILLS', 100);
const mostApartMs = setting('APART_MS', 4_000);
// Half a minute of market time; two that wait for each other take about three times as long.
const common = { kills, mostApartMs, recording, seed: setting('SEED', 1) };
const lastsMs = (kills * mostApartMs) / 2 + 60_000;
await main('collector-kill', {
  'one writer': () => collectorKill({ ...common, redundancy: 1, speed: 30_000 / (2 * lastsMs) }),
  'two writers': () => collectorKill({ ...common, redundancy: 2, speed: 30_000 / (4 * lastsMs) }),
});
