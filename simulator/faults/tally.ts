import type { FaultKind } from './fault.ts';

/** How often each fault was asked for, and how many frames, answers or connections it has met. */
export class FaultTally {
  readonly #asked = new Map<FaultKind, number>();
  readonly #done = new Map<FaultKind, number>();

  ask(kind: FaultKind): void {
    this.#asked.set(kind, (this.#asked.get(kind) ?? 0) + 1);
  }

  done(kind: FaultKind, by = 1): void {
    this.#done.set(kind, (this.#done.get(kind) ?? 0) + by);
  }

  all(): Readonly<Record<string, { readonly asked: number; readonly done: number }>> {
    return Object.fromEntries(
      [...this.#asked].map(([kind, asked]) => [kind, { asked, done: this.#done.get(kind) ?? 0 }]),
    );
  }
}

/** A fault that waits for what it shall meet. */
export interface ArmedFault {
  readonly kind: FaultKind;
  readonly symbol: string | undefined;
  left: number;
}

/** Takes one from the first fault that fits; undefined: none does. */
export function takeOne<Armed extends ArmedFault>(
  armed: Armed[],
  fits: (fault: Armed) => boolean,
): Armed | undefined {
  const index = armed.findIndex(fits);
  const fault = armed[index];
  if (fault === undefined) return undefined;
  fault.left -= 1;
  if (fault.left === 0) armed.splice(index, 1);
  return fault;
}

/** The faults that a protocol carries out itself: armed until it takes them. */
export class ProtocolFaults {
  readonly tally = new FaultTally();
  readonly #armed: ArmedFault[] = [];

  arm(fault: ArmedFault): void {
    this.#armed.push(fault);
  }

  /** True: it was asked for, and is used up. */
  take(kind: FaultKind, symbol: string): boolean {
    const fits = (armed: ArmedFault): boolean =>
      armed.kind === kind && (armed.symbol === undefined || armed.symbol === symbol);
    if (this.#armed.length === 0 || takeOne(this.#armed, fits) === undefined) return false;
    this.tally.done(kind);
    return true;
  }
}
