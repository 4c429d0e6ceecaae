import { isDeepStrictEqual } from 'node:util';
import type { Assignment } from '../../contract/assignment.ts';
import type { EffectiveFeed } from '../../contract/effective.ts';

/** What differs between the settings that the running parts were started with and those of an assignment. */
export interface SettingsChange {
  /** Another feed or shard: nothing of the running parts may be kept. */
  readonly identity: boolean;
  /** What delivery reads once at its start. */
  readonly delivery: boolean;
  /** What the venue session reads once at its start. */
  readonly session: boolean;
  /** Limits of a stream that this feed has to ensure by itself; no roll comes for those. */
  readonly ownStreamLimits: boolean;
}

export const NO_CHANGE: SettingsChange = {
  identity: false,
  delivery: false,
  session: false,
  ownStreamLimits: false,
};

export function changeOf(before: Assignment, after: Assignment): SettingsChange {
  const { effective: old } = before;
  const { effective: next } = after;
  return {
    identity: before.feed.uid !== after.feed.uid || before.shard !== after.shard,
    delivery: !isDeepStrictEqual(deliverySettings(old), deliverySettings(next)),
    session: !isDeepStrictEqual(sessionSettings(old), sessionSettings(next)),
    ownStreamLimits:
      next.nats.own && !isDeepStrictEqual([old.stream, old.gapStream], [next.stream, next.gapStream]),
  };
}

function deliverySettings({ nats, buffer, orderbook, stream, gapStream }: EffectiveFeed): unknown {
  return { nats, buffer, orderbook, into: [stream.name, stream.scope, gapStream.name, gapStream.scope] };
}

function sessionSettings(effective: EffectiveFeed): unknown {
  const { exchange, market, settle, streams, orderbook, endpoints, nats } = effective;
  return { exchange, market, settle, streams, orderbook, endpoints, subjects: nats.subjects };
}

export const sameSymbols = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((symbol, index) => symbol === b[index]);
