import { accountedFor, reportSubject, type CollectorReport } from '../../contract/control.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { ControlBus } from './bus.ts';

export interface ReporterOptions {
  readonly bus: ControlBus;
  readonly clock: Clock;
  /** Undefined before the first assignment: nobody knows the subject yet. */
  readonly build: () => CollectorReport | undefined;
}

const LOOK_EVERY_MS = 200;
const WHILE_CHANGING_MS = 1_000;
const WHILE_QUIET_MS = 5_000;

/** What the operator turns into conditions; sent within one look, whatever the pace. */
function transitionKey(report: CollectorReport): string {
  const { epoch, writer, terminating, symbols, flow, publish, problems } = report;
  const settled = accountedFor(report) - symbols.resyncing;
  return JSON.stringify({
    epoch,
    writer,
    terminating,
    assigned: symbols.assigned,
    unknown: symbols.unknown.length,
    duplicates: symbols.duplicates.length,
    noneInSync: symbols.inSync === 0,
    allInSync: settled >= symbols.assigned,
    venueConnected: flow.connected,
    flowing: flow.flowing,
    natsConnected: publish.connected,
    confirmed: publish.lastConfirmedMs > 0,
    problems: problems.map(({ reason }) => reason),
  });
}

const changeKey = (report: CollectorReport): string => JSON.stringify({ ...report, sentMs: 0 });

/** Sends the collector's report: at once on a transition, once a second while something changes, else every 5 s. */
export class Reporter {
  readonly counters = { sent: 0, skipped: 0 };
  readonly #options: ReporterOptions;
  #sentMs = Number.NEGATIVE_INFINITY;
  #transition = '';
  #change = '';
  #end: (() => void) | undefined;

  constructor(options: ReporterOptions) {
    this.#options = options;
  }

  start(): void {
    this.#end = this.#options.clock.every(LOOK_EVERY_MS, () => this.look());
  }

  look(): void {
    const report = this.#options.build();
    if (report === undefined) return;
    const waitedMs = this.#options.clock.nowMs() - this.#sentMs;
    const transition = transitionKey(report);
    const change = changeKey(report);
    const isDue =
      transition !== this.#transition ||
      waitedMs >= WHILE_QUIET_MS ||
      (waitedMs >= WHILE_CHANGING_MS && change !== this.#change);
    if (!isDue) return;
    if (this.#send(report)) {
      this.#transition = transition;
      this.#change = change;
    }
  }

  /** The last word of this process, whatever the pace. */
  async final(): Promise<void> {
    this.#end?.();
    const report = this.#options.build();
    if (report !== undefined && this.#send(report)) await this.#options.bus.flush();
  }

  stop(): void {
    this.#end?.();
  }

  #send(report: CollectorReport): boolean {
    const { bus, clock } = this.#options;
    if (!bus.connected) {
      this.counters.skipped += 1;
      return false;
    }
    bus.publish(reportSubject(report.feedUid, report.shard), JSON.stringify(report));
    this.#sentMs = clock.nowMs();
    this.counters.sent += 1;
    return true;
  }
}
