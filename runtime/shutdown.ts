import { constants } from 'node:os';

const SIGNALS = ['SIGTERM', 'SIGINT'] as const;
export type ShutdownSignal = (typeof SIGNALS)[number];

/** What is used of `process`, so that a test can hand in an emitter. */
export interface SignalSource {
  on(signal: ShutdownSignal, listener: () => void): unknown;
  off(signal: ShutdownSignal, listener: () => void): unknown;
}

export interface Shutdown {
  /** Resolves at the first signal: end in good order. */
  readonly requested: Promise<ShutdownSignal>;
  /** Resolves at the second one: the user or the kubelet means now. */
  readonly insisted: Promise<ShutdownSignal>;
  dispose(): void;
}

/** One Ctrl-C reaches a process twice: from the terminal, and forwarded by `bin/marketprism.js`, its parent. */
const ECHO_MS = 250;

export function watchShutdown(
  source: SignalSource = process,
  nowMs: () => number = () => performance.now(),
): Shutdown {
  const requested = Promise.withResolvers<ShutdownSignal>();
  const insisted = Promise.withResolvers<ShutdownSignal>();
  let first: { readonly signal: ShutdownSignal; readonly atMs: number } | undefined;
  const listeners = SIGNALS.map((signal) => {
    const listener = (): void => {
      if (first === undefined) {
        first = { signal, atMs: nowMs() };
        requested.resolve(signal);
      } else if (signal !== first.signal || nowMs() - first.atMs >= ECHO_MS) insisted.resolve(signal);
    };
    source.on(signal, listener);
    return { signal, listener };
  });
  return {
    requested: requested.promise,
    insisted: insisted.promise,
    dispose() {
      for (const { signal, listener } of listeners) source.off(signal, listener);
    },
  };
}

/** 130 for SIGINT, 143 for SIGTERM, as a shell reports a process that the signal ended. */
export function exitCodeOf(signal: ShutdownSignal): number {
  return 128 + constants.signals[signal];
}
