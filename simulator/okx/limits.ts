import type { VenueLimits } from '../limits.ts';

/** Sources: OKX API v5, «WebSocket», «Connect» and «Order book channel»; help pages on rate limits. */
export const OKX_LIMITS: VenueLimits = {
  // The client pings, in text.
  pingEveryMs: Infinity,
  pongWithinMs: Infinity,
  silenceMs: 30_000,
  connectionLifeMs: Infinity,
  clientMessagesPerSecond: Infinity,
  streamsPerConnection: Infinity,
  connectsPerWindow: 3,
  connectWindowMs: 1_000,
  weightPerMinute: Infinity,
  ignored429: Infinity,
  banMs: 0,
  sendBufferBytes: 8 * 1_024 * 1_024,
  connections: 2_000,
};

/** Subscribe and unsubscribe together. */
export const REQUESTS_PER_HOUR = 480;
/** Statistics of one contract: all accounts, those of the largest traders, their positions. */
export const RATIO_PATHS: readonly string[] = [
  'long-short-account-ratio-contract',
  'long-short-account-ratio-contract-top-trader',
  'long-short-position-ratio-contract-top-trader',
].map((name) => `/api/v5/rubik/stat/contracts/${name}`);
/** Of one address to one REST endpoint; of the statistics to one of them about one instrument. */
export const REST_PER_2_S: Readonly<Record<string, number>> = {
  '/api/v5/market/books': 40,
  '/api/v5/market/history-trades': 20,
  '/api/v5/public/instruments': 20,
  '/api/v5/public/underlying': 20,
  '/api/v5/public/time': 10,
  ...Object.fromEntries(RATIO_PATHS.map((path) => [path, 5])),
};
/** The window of the channel `books`, and the most that REST gives. */
export const BOOK_LEVELS = 400;
/** After so long without a change `books` sends an update without levels. */
export const KEEPALIVE_MS = 60_000;
