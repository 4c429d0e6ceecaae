/** Every bound and period of delivery in one place; tests shorten them. */
export interface DeliveryTuning {
  /** Unacknowledged publishes at once, over all subjects. */
  readonly window: number;
  readonly ackTimeoutMs: number;
  readonly maxQueuedItems: number;
  /** Subjects whose state is kept while they rest. */
  readonly maxLanes: number;
  /** Acknowledged records above the watermark before nothing new is sent. */
  readonly maxWaitingCounts: number;
  /** Records read back from disk in a second: what is new queues behind them meanwhile. */
  readonly loadPerSecond: number;
  readonly retryFirstMs: number;
  readonly retryMaxMs: number;
  readonly checkpointMs: number;
  /** A hole is looked up in the stream this long after it was met: another writer may fill it. */
  readonly settleMs: number;
  /** With two writers, a hole of one waits for the other as long as the subject went on within this time … */
  readonly otherQuietMs: number;
  /** … and no longer than this in all. */
  readonly otherMostMs: number;
  /** So long before its last sign of life a killed writer may have met holes that it did not state, nor enter in the ledger. */
  readonly lastWordMs: number;
  /** At a take-over: so long nothing may have come from the predecessor before it counts as ended. */
  readonly takeOverQuietMs: number;
  /** An interruption without a new start becomes an open gap. */
  readonly openGapMs: number;
  readonly resyncMinMs: number;
  /** Longest age of a record that the duplicate window alone is trusted with. */
  readonly freshMaxMs: number;
}

export const TUNING: DeliveryTuning = {
  window: 256,
  ackTimeoutMs: 5_000,
  maxQueuedItems: 500_000,
  maxLanes: 10_000,
  maxWaitingCounts: 50_000,
  loadPerSecond: 20_000,
  retryFirstMs: 50,
  retryMaxMs: 2_000,
  checkpointMs: 2_000,
  settleMs: 1_000,
  otherQuietMs: 3_000,
  otherMostMs: 30_000,
  lastWordMs: 60_000,
  takeOverQuietMs: 1_000,
  openGapMs: 5_000,
  resyncMinMs: 5_000,
  freshMaxMs: 30_000,
};
