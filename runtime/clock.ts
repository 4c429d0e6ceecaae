/** Time as an argument: production passes `systemClock`, tests and `replay` their own. */
export interface Clock {
  /** Wall time, milliseconds since 1970. */
  nowMs(): number;
  /** Wall time from the monotonic clock, microseconds since 1970, never backwards. */
  nowUs(): number;
  /** Runs `task` once after `delayMs`; the returned function cancels it. */
  after(delayMs: number, task: () => void): () => void;
  /** Runs `task` every `periodMs`; the returned function ends it. */
  every(periodMs: number, task: () => void): () => void;
}

/** How far the monotonic reading may stray from the system's clock before it is led back. */
const SLEW_US_PER_S = 500;
const ANCHOR_EVERY_NS = 1_000_000_000n;

/**
 * The monotonic clock anchored to the system's: re-anchored once a second by slewing, so a step of the system's
 * clock neither turns time back nor makes a jump in the records.
 */
export function monotonicMicroseconds(readNs: () => bigint, readWallMs: () => number): () => number {
  let anchorNs = readNs();
  let anchorUs = readWallMs() * 1_000;
  let lastUs = anchorUs;
  return () => {
    const nowNs = readNs();
    const sinceNs = nowNs - anchorNs;
    let us = anchorUs + Number(sinceNs / 1_000n);
    if (sinceNs >= ANCHOR_EVERY_NS) {
      const strayUs = readWallMs() * 1_000 - us;
      const slewUs = Math.max(-SLEW_US_PER_S, Math.min(SLEW_US_PER_S, strayUs));
      us += slewUs;
      anchorNs = nowNs;
      anchorUs = us;
    }
    lastUs = us > lastUs ? us : lastUs;
    return lastUs;
  };
}

export function systemClock(): Clock {
  return {
    nowMs: () => Date.now(),
    nowUs: monotonicMicroseconds(() => process.hrtime.bigint(), Date.now),
    after(delayMs, task) {
      const timer = setTimeout(task, delayMs);
      return () => clearTimeout(timer);
    },
    every(periodMs, task) {
      const timer = setInterval(task, periodMs);
      return () => clearInterval(timer);
    },
  };
}
