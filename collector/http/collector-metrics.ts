import type { SymbolState } from '../../contract/control.ts';
import { createMetrics, type Metrics, type Sample } from '../../runtime/metrics.ts';
import type { CollectorState } from '../report.ts';
import { addBookChecks } from './book-checks.ts';
import { judgeReadiness } from './readiness.ts';

const STATES: readonly SymbolState[] = ['waiting', 'subscribing', 'syncing', 'inSync', 'resyncing'];

export interface MetricSources {
  readonly state: () => CollectorState;
  /** Counters of the control path by name. */
  readonly control: () => Readonly<Record<string, number>>;
  readonly version: string;
}

/** One value without labels: its name, help, and where it is read; undefined is left out. */
type Single = readonly [name: string, help: string, read: (state: CollectorState) => number | undefined];

const GAUGES: readonly Single[] = [
  ['ready', '1 when /readyz answers 200.', (state) => (judgeReadiness(state).ready ? 1 : 0)],
  [
    'load',
    "How busy the collector's one thread is, from 0 to 1, over the last half minute.",
    ({ load }) => load,
  ],
  ['assignment_epoch', 'Epoch of the assignment in force.', ({ assignment }) => assignment?.epoch ?? 0],
  ['symbols_assigned', 'Symbols of the assignment.', ({ assignment }) => assignment?.symbols.length ?? 0],
  ['symbols_unknown', 'Symbols that the venue does not list.', ({ session }) => session?.unknown.length ?? 0],
  ['venue_connected', '1 while the venue connection is up.', ({ session }) => (session?.connected ? 1 : 0)],
  [
    'venue_last_frame_timestamp_seconds',
    'Wall time of the last frame or heartbeat of the venue.',
    ({ session }) => (session?.lastFrameMs ?? 0) / 1_000,
  ],
  [
    'nats_connected',
    '1 while the data connection is up.',
    ({ delivery }) => (delivery?.publish.connected ? 1 : 0),
  ],
  [
    'publish_in_flight',
    'Publishes without an acknowledgement.',
    ({ delivery }) => delivery?.publish.inFlight ?? 0,
  ],
  ['publish_queued', 'Records that wait to be published.', ({ delivery }) => delivery?.publish.queued ?? 0],
  ['publish_queued_bytes', 'Bytes of those records.', ({ delivery }) => delivery?.gauges.queuedBytes ?? 0],
  [
    'venue_snapshots_waiting',
    'REST snapshots that wait for their turn.',
    ({ session }) => session?.gauges.snapshotsWaiting,
  ],
  [
    'venue_connects_waiting',
    "Connections that wait for the venue's limit of connects.",
    ({ session }) => session?.gauges.connectsWaiting,
  ],
  [
    'venue_subscriptions_waiting',
    "Channels that wait for the venue's limits of requests or of connections.",
    ({ session }) => session?.gauges.subscriptionsWaiting,
  ],
  [
    'venue_backfills_waiting',
    'Holes in trades that are being fetched.',
    ({ session }) => session?.gauges.backfillsWaiting,
  ],
  [
    'spilled_bytes',
    'Bytes of records spilled to disk.',
    ({ delivery }) => delivery?.publish.spilledBytes ?? 0,
  ],
  [
    'spill_age_seconds',
    'Age of the oldest record on disk.',
    ({ delivery }) => (delivery?.gauges.spillAgeMs ?? 0) / 1_000,
  ],
  [
    'spill_unwritten_bytes',
    'Bytes of the spill that are in no file yet.',
    ({ delivery }) => delivery?.gauges.spillUnwrittenBytes ?? 0,
  ],
  [
    'publish_confirmed_timestamp_seconds',
    'Wall time of the last acknowledgement or JetStream round trip.',
    ({ delivery }) => (delivery?.publish.lastConfirmedMs ?? 0) / 1_000,
  ],
];

const COUNTERS: readonly Single[] = [
  ['resyncs_total', 'Books built anew.', ({ session }) => session?.resyncs ?? 0],
  ['gaps_total', 'Gaps stated by this process.', ({ delivery }) => delivery?.gaps ?? 0],
  ['messages_dropped_total', 'Records given up.', ({ delivery }) => delivery?.publish.dropped ?? 0],
  [
    'publishes_total',
    'Publishes sent to JetStream, gap records and every try again among them.',
    ({ delivery }) => delivery?.counters['publishes'] ?? 0,
  ],
  [
    'publishes_acknowledged_total',
    'Publishes that JetStream acknowledged, stored or as a duplicate.',
    ({ delivery }) => delivery?.counters['acknowledged'] ?? 0,
  ],
  [
    'messages_duplicate_total',
    'Records that the stream had already: of another collector, or of a try whose acknowledgement was lost.',
    ({ delivery, writer }) => delivery?.ledger?.writers[writer]?.duplicates ?? 0,
  ],
  ['publish_retries_total', 'Publishes tried again.', ({ delivery }) => delivery?.publish.retries ?? 0],
];

/** `/metrics`: read from the state when scraped. No symbol, subject or feed in a label, so the series stay bounded. */
export function collectorMetrics({ state, control, version }: MetricSources): Metrics {
  const metrics = createMetrics();
  for (const [name, help, read] of GAUGES) metrics.gauge({ name, help, read: () => only(read(state())) });
  for (const [name, help, read] of COUNTERS) metrics.counter({ name, help, read: () => only(read(state())) });
  addLabelled(metrics, state);
  addBookChecks(metrics, state);
  metrics.gauge({
    name: 'build_info',
    help: 'Always 1; the version is its label.',
    labels: ['version'],
    read: () => [{ labels: { version }, value: 1 }],
  });
  metrics.counter({
    name: 'control_events_total',
    help: 'Events of the control path by name.',
    labels: ['event'],
    read: () => by('event', control()),
  });
  return metrics;
}

function addLabelled(metrics: Metrics, state: () => CollectorState): void {
  metrics.gauge({
    name: 'symbols',
    help: 'Symbols by state.',
    labels: ['state'],
    read: () => {
      const symbols = state().session?.symbols ?? [];
      const count = (name: SymbolState): number => symbols.filter((symbol) => symbol.state === name).length;
      return STATES.map((name) => ({ labels: { state: name }, value: count(name) }));
    },
  });
  metrics.counter({
    name: 'messages_stored_total',
    help: 'Records that JetStream stored for this writer.',
    labels: ['stream'],
    read: () => {
      const { delivery, writer } = state();
      return by('stream', delivery?.ledger?.writers[writer]?.byStream ?? {});
    },
  });
  metrics.histogram({
    name: 'record_seconds',
    help: 'Time that a stored record took, by stage; publishToAck is that of its last try, venueToAck the whole way.',
    labels: ['stage'],
    read: () =>
      Object.entries(state().delivery?.stages ?? {}).map(([stage, reading]) => ({
        labels: { stage },
        reading,
      })),
  });
  metrics.gauge({
    name: 'latency_seconds',
    help: 'Venue time to acknowledged, over the last half to whole minute.',
    labels: ['quantile'],
    read: () => {
      const latency = state().delivery?.latencyMs ?? null;
      return latency === null
        ? []
        : by('quantile', { '0.5': latency.p50 / 1_000, '0.99': latency.p99 / 1_000 });
    },
  });
  metrics.counter({
    name: 'venue_events_total',
    help: 'Events of the venue side by name.',
    labels: ['event'],
    read: () => by('event', state().session?.counters ?? {}),
  });
  metrics.counter({
    name: 'delivery_events_total',
    help: 'Events of delivery by name.',
    labels: ['event'],
    read: () => by('event', state().delivery?.counters ?? {}),
  });
}

const only = (value: number | undefined): readonly Sample[] => (value === undefined ? [] : [{ value }]);

function by(label: string, values: Readonly<Record<string, number>>): readonly Sample[] {
  return Object.entries(values).map(([name, value]) => ({ labels: { [label]: name }, value }));
}
