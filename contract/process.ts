/**
 * How a process is started so that its memory stays small and even. These are starting conditions: they cannot be set from
 * inside. `bin/marketprism.js` and the Dockerfile have the same.
 */

/**
 * V8 lets each half of its young generation grow to 32 MB and keeps what it took: of a collector's 248 MB it came to hold 105.
 * With 8 MB the pipeline is as fast (`docs/performance.md`).
 */
export const YOUNG_OPTION = '--max-semi-space-size=8';
/**
 * The C library's memory. One heap: each thread of V8 and libuv takes one of its own otherwise, and never gives back what it had
 * at its busiest. What is as large as a REST book comes from the system and goes back there: otherwise the first that is freed
 * lifts the bound up to 32 MB, and the heap is full of holes of that size.
 */
export const MALLOC_OPTIONS: Readonly<Record<string, string>> = {
  MALLOC_ARENA_MAX: '1',
  MALLOC_MMAP_THRESHOLD_: '131072',
};
