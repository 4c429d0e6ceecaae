import { parse } from 'yaml';
import { parseFault } from './faults/fault.ts';
import type { Fault, FaultScope } from './faults/fault.ts';
import { SimulatorError } from './simulator-error.ts';

export interface ScenarioStep {
  /** Market time. */
  readonly atMs: number;
  readonly fault: Fault;
}

/** Faults at market times, from a YAML list of `{atMs, fault}`. */
export class Scenario {
  readonly #steps: ScenarioStep[];
  readonly #apply: (fault: Fault) => void;

  constructor(steps: readonly ScenarioStep[], apply: (fault: Fault) => void) {
    this.#steps = [...steps].sort((left, right) => left.atMs - right.atMs);
    this.#apply = apply;
  }

  get left(): number {
    return this.#steps.length;
  }

  /** Infinite: nothing is left to do. */
  get nextMs(): number {
    return this.#steps[0]?.atMs ?? Infinity;
  }

  run(marketMs: number): void {
    while (this.nextMs <= marketMs) {
      const step = this.#steps.shift();
      if (step !== undefined) this.#apply(step.fault);
    }
  }
}

export function parseScenario(name: string, text: string, scope: FaultScope): readonly ScenarioStep[] {
  let list: unknown;
  try {
    list = parse(text);
  } catch (error) {
    throw new SimulatorError(`${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
  if (!Array.isArray(list)) throw new SimulatorError(`${name}: is not a list of {atMs, fault}`);
  return list.map((item: unknown, index) => {
    const { atMs, fault } = (item ?? {}) as { readonly atMs?: unknown; readonly fault?: unknown };
    if (typeof atMs !== 'number' || !(atMs >= 0)) {
      throw new SimulatorError(`${name}: step ${index + 1}: atMs must be a number of market milliseconds`);
    }
    const parsed = parseFault(fault, scope);
    if (typeof parsed === 'string') throw new SimulatorError(`${name}: step ${index + 1}: ${parsed}`);
    return { atMs, fault: parsed };
  });
}
