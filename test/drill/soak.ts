// an hour and a half of all venues with faults every few seconds: books true, holes stated, no leak (MINUTES=90 SPEED=4 SEED=1)
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';
import { startNats } from '../support/nats.ts';
import { Soak, type SoakOptions } from './rig/soak-run.ts';

/**
 * Clocks. Market time, the simulators' own, runs SPEED times as fast as true time: frames, trades and slots come that
 * much closer together. True time are all clocks of the collector (watchdogs, backoffs, the 5 s until an open gap), of
 * NATS, the venues' limits, the `ms` of faults, and the time between two faults.
 */
function optionsFrom(env: NodeJS.ProcessEnv): SoakOptions {
  const number = (name: string, standard: number): number => {
    const value = Number(env[name] ?? standard);
    if (!(value > 0)) throw new Error(`${name} must be a number above 0, not ${env[name]}`);
    return value;
  };
  return {
    minutes: number('MINUTES', 90),
    speed: number('SPEED', 4),
    seed: number('SEED', 1),
    eventsPerSecond: number('RATE', 20),
    faultEveryMs: number('FAULT_EVERY_MS', 2_500),
  };
}

const options = optionsFrom(process.env);
const nats = await startNats();
const soak = await Soak.start(nats, options);
const interrupted = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);
const figures = await Promise.race([
  soak.run((line) => console.log(line)),
  interrupted.then(() => undefined),
]);
await soak.stop();
await nats.stop();
if (figures === undefined) process.exit(130);
for (const [name, value] of Object.entries(figures.figures)) console.log(`${name.padEnd(34)} ${value}`);
for (const failure of figures.failures) console.log(`FAILED: ${failure}`);
console.log(figures.failures.length === 0 ? 'soak: all holds' : 'soak: does not hold');
await delay(0);
process.exit(figures.failures.length === 0 ? 0 : 1);
