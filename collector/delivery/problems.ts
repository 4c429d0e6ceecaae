import type { Problem, ProblemReason } from '../../contract/control.ts';

/** What a user can mend now, one line a reason, with the moment it began. */
export class Problems {
  readonly #open = new Map<string, Problem>();

  /** `key` tells apart two of one reason that end independently. */
  raise(reason: ProblemReason, message: string, nowMs: number, key: string = reason): void {
    const known = this.#open.get(key);
    this.#open.set(key, { reason, message, sinceMs: known?.sinceMs ?? nowMs });
  }

  clear(...keys: readonly string[]): void {
    for (const key of keys) this.#open.delete(key);
  }

  list(): readonly Problem[] {
    return [...this.#open.values()];
  }
}
