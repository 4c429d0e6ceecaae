import { setTimeout as delay } from 'node:timers/promises';

export interface DrillResult {
  readonly figures: Readonly<Record<string, string>>;
  /** What did not hold; empty when all does. */
  readonly failures: readonly string[];
}

/** Of a machine that has much else to do. */
const DEADLINE_MS = 120_000;
const POLL_MS = 100;

export async function until(
  what: string,
  isSo: () => boolean | Promise<boolean>,
  mostMs = DEADLINE_MS,
): Promise<void> {
  const endMs = performance.now() + mostMs;
  while (!(await isSo())) {
    if (performance.now() > endMs) throw new Error(`not within ${mostMs / 1_000} s: ${what}`);
    await delay(POLL_MS);
  }
}

export function print(drill: string, { figures, failures }: DrillResult): void {
  for (const [name, value] of Object.entries(figures)) console.log(`${name.padEnd(38)} ${value}`);
  for (const failure of failures) console.log(`FAILED: ${failure}`);
  console.log(failures.length === 0 ? `${drill}: all holds` : `${drill}: does not hold`);
}

/** A positive number from the environment. */
export function setting(name: string, standard: number): number {
  const value = Number(process.env[name] ?? standard);
  if (!(value > 0)) throw new Error(`${name} must be a number above 0, not ${process.env[name]}`);
  return value;
}

/** Runs the drill with these settings, says what came of it, and ends the process accordingly. */
export async function main(
  drill: string,
  runs: Readonly<Record<string, () => Promise<DrillResult>>>,
): Promise<void> {
  let holds = true;
  for (const [name, run] of Object.entries(runs)) {
    console.log(`-- ${name}`);
    const result = await run();
    print(drill, result);
    holds &&= result.failures.length === 0;
  }
  process.exit(holds ? 0 : 1);
}
