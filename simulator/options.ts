export const VENUE_NAMES = [
  'binance-spot',
  'binance-usdm',
  'binance-coinm',
  'binance-options',
  'okx',
  'deribit',
] as const;
export type VenueName = (typeof VENUE_NAMES)[number];

export interface SimulatorOptions {
  readonly venue: VenueName;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  readonly seed: number;
  /** Canonical, `BTC-USDT`; none: what the venue's protocol proposes. */
  readonly symbols: readonly string[];
  /** Files to play back in place of the synthetic market; side by side, each from its own beginning. */
  readonly recordings: readonly string[];
  /** How often the recordings are played; may be infinite. */
  readonly loops: number;
  /** Book and trade events per second and symbol of the synthetic market. */
  readonly eventsPerSecond: number;
  /** Market milliseconds per true millisecond. */
  readonly speed: number;
  readonly start: 'immediately' | 'first-subscribe' | 'manual';
  /** With `first-subscribe`: so many different streams must be subscribed. */
  readonly waitStreams: number;
  readonly snapshotLagMs: number;
  /** What OKX's books carry: `real` as before 2026-06-23, `zero` as since then. */
  readonly okxChecksum: 'zero' | 'real';
  /** A YAML list of `{atMs, fault}`. */
  readonly scenario: string | undefined;
}

export const DEFAULT_OPTIONS: SimulatorOptions = {
  venue: 'binance-spot',
  host: '127.0.0.1',
  port: 8090,
  seed: 1,
  symbols: [],
  recordings: [],
  loops: Infinity,
  eventsPerSecond: 100,
  speed: 1,
  start: 'immediately',
  waitStreams: 1,
  snapshotLagMs: 0,
  okxChecksum: 'zero',
  scenario: undefined,
};
