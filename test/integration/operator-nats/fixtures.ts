import { setTimeout as delay } from 'node:timers/promises';
import { effectiveFeed, type EffectiveFeed } from '../../../contract/effective.ts';
import type { FeedSpec } from '../../../contract/feed.ts';
import { createLogger } from '../../../runtime/log.ts';
import { SPEC } from '../../operator/plan/observed.ts';

export const OWNER = 'market-data/marketprism';
export const log = createLogger('test', 'silent');

/** A feed that writes to this server, where the operator is. */
export function effectiveAt(url: string, spec: Partial<FeedSpec> = {}, maxAge = '1h'): EffectiveFeed {
  return effectiveFeed(
    { spec: { ...SPEC, ...spec } },
    { nats: { servers: [url] }, jetstream: { maxAge, storage: 'memory' } },
  );
}

const DEADLINE_MS = 60_000;

/** Waits for a condition; the message says which one never came. */
export async function until<T>(what: string, read: () => T | undefined | Promise<T | undefined>): Promise<T> {
  const deadline = Date.now() + DEADLINE_MS;
  for (;;) {
    const value = await read();
    if (value !== undefined && value !== false) return value;
    if (Date.now() > deadline) throw new Error(`never came: ${what}`);
    await delay(20);
  }
}
