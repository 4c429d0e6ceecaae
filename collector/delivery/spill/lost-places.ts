import type { LostRecords } from './segment.ts';

/** Before everything that waits. */
const AT_ONCE = 0;

/**
 * What was given up, by its place in the log: told once everything before it was read back, so that the record behind it
 * ends the hole. No more places than segments that wait.
 */
export class LostPlaces {
  readonly #tell: (lost: readonly LostRecords[]) => void;
  /** By the segment behind which they lay, then by subject. */
  readonly #after = new Map<number, Map<string, LostRecords>>();

  constructor(tell: (lost: readonly LostRecords[]) => void) {
    this.#tell = tell;
  }

  /** `before`: the segment in front of it that still waits; undefined: none does. */
  add(number: number, before: number | undefined, lost: readonly LostRecords[]): void {
    const place = before ?? AT_ONCE;
    this.#merge(place, lost);
    this.#merge(place, this.#take(number));
    if (place === AT_ONCE) this.passed(AT_ONCE);
  }

  /** The segment was read back to its end. */
  passed(number: number): void {
    const lost = this.#take(number);
    if (lost.length > 0) this.#tell(lost);
  }

  #take(number: number): readonly LostRecords[] {
    const lost = [...(this.#after.get(number)?.values() ?? [])];
    this.#after.delete(number);
    return lost;
  }

  #merge(place: number, lost: readonly LostRecords[]): void {
    if (lost.length === 0) return;
    const here = this.#after.get(place) ?? new Map<string, LostRecords>();
    this.#after.set(place, here);
    for (const one of lost) {
      const count = one.count + (here.get(one.subject)?.count ?? 0);
      here.set(one.subject, { ...one, count });
    }
  }
}
