import type { VenueLimits } from '../limits.ts';

/** Sources: binance-spot-api-docs, web-socket-streams.md and rest-api.md. */
export const BINANCE_SPOT_LIMITS: VenueLimits = {
  pingEveryMs: 20_000,
  pongWithinMs: 60_000,
  silenceMs: Infinity,
  connectionLifeMs: 24 * 3_600_000,
  clientMessagesPerSecond: 5,
  streamsPerConnection: 1_024,
  connectsPerWindow: 300,
  connectWindowMs: 300_000,
  weightPerMinute: 6_000,
  ignored429: 10,
  banMs: 120_000,
  sendBufferBytes: 8 * 1_024 * 1_024,
  connections: 2_000,
};

/** Sources: developers.binance.com, derivatives, «General Info» and «Websocket Market Streams» of USD-M and COIN-M. */
export const BINANCE_FUTURES_LIMITS: VenueLimits = {
  ...BINANCE_SPOT_LIMITS,
  pingEveryMs: 180_000,
  pongWithinMs: 600_000,
  clientMessagesPerSecond: 10,
  weightPerMinute: 2_400,
};

/** Sources: the same site, «Options Trading». What the documentation gives as 2,400 others report as 400. */
export const BINANCE_OPTIONS_LIMITS: VenueLimits = {
  ...BINANCE_FUTURES_LIMITS,
  streamsPerConnection: 200,
  weightPerMinute: 400,
};
