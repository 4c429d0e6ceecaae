/**
 * How a process is started so that its memory stays small and even. Both are starting conditions: they cannot be set from
 * inside. `bin/marketprism.js` and the Dockerfile have the same.
 */

/**
 * V8 lets each half of its young generation grow to 32 MB and keeps it: a collector that lives in 27 MB of heap then holds 64
 * more. With 8 MB the pipeline is as fast (`docs/performance.md`).
 */
export const YOUNG_OPTION = '--max-semi-space-size=8';
/** The C library's heaps, of which each thread of V8 and libuv takes one and never gives back what it had at its busiest. */
export const MALLOC_ARENAS = '2';
