/** Apart at least, and how many: some minutes of a stream that flows, any time of one that rests. */
const EVERY_MS = 5_000;
const MOST = 64;

/** What the stream had reached at which time, by our clock alone: the server's may differ. */
export class Marks {
  #marks: { readonly atMs: number; readonly sequence: number }[] = [];

  reached(sequence: number, nowMs: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && (nowMs - last.atMs < EVERY_MS || sequence <= last.sequence)) return;
    this.#marks.push({ atMs: nowMs, sequence });
    if (this.#marks.length > MOST) this.#marks.shift();
  }

  /** What is stored after that moment lies behind it; undefined: nothing is known of so early. */
  at(timeMs: number): number | undefined {
    return this.#marks.findLast(({ atMs }) => atMs <= timeMs)?.sequence;
  }

  /** The stream is another one. */
  clear(): void {
    this.#marks = [];
  }
}
