/** A report older than this counts as none: three of the slowest period (5 s). */
export const REPORT_FRESH_MS = 15_000;
/** A confirmed publish or JetStream round trip older than this is no longer «publishing». */
export const CONFIRMED_FRESH_MS = 30_000;
