import type { Clock } from '../../runtime/clock.ts';

/** True when `promise` resolved in time. */
export async function within(promise: Promise<unknown>, limitMs: number, clock: Clock): Promise<boolean> {
  const { promise: late, resolve } = Promise.withResolvers<false>();
  const cancel = clock.after(limitMs, () => resolve(false));
  const done = await Promise.race([promise.then(() => true as const), late]);
  cancel();
  return done;
}
