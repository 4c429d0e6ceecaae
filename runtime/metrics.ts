import { collectDefaultMetrics, Counter, Gauge, Histogram as PromHistogram, Registry } from 'prom-client';
import type { HistogramReading } from './histogram.ts';
import type { HttpReply } from './http-server.ts';

export const METRIC_PREFIX = 'marketprism_';

/** Label values have to come from a bounded set: never a symbol, a subject or a feed's text. */
export interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricSource {
  /** Without the prefix; a counter ends in `_total`, a unit is spelled out (`_seconds`, `_bytes`). */
  readonly name: string;
  readonly help: string;
  readonly labels?: readonly string[];
  /** Read when scraped. */
  readonly read: () => readonly Sample[];
}

export interface HistogramSource extends Omit<MetricSource, 'read'> {
  readonly read: () => readonly {
    readonly labels?: Readonly<Record<string, string>>;
    readonly reading: HistogramReading;
  }[];
}

export interface Metrics {
  readonly registry: Registry;
  /** Its values must never fall while the process lives. */
  counter(source: MetricSource): void;
  gauge(source: MetricSource): void;
  histogram(source: HistogramSource): void;
  /** The route `/metrics`. */
  scrape(): Promise<HttpReply>;
}

/** A registry of one's own, with Node's process metrics under the same prefix. Values are read when scraped, never pushed. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: METRIC_PREFIX });
  const base = ({ name, help, labels }: Omit<MetricSource, 'read'>) => ({
    name: `${METRIC_PREFIX}${name}`,
    help,
    labelNames: [...(labels ?? [])],
    registers: [],
  });
  return {
    registry,
    counter(source) {
      const metric = new Counter({
        ...base(source),
        collect() {
          clear(this, source);
          for (const { labels, value } of source.read()) this.inc({ ...labels }, value);
        },
      });
      registry.registerMetric(metric);
    },
    gauge(source) {
      const metric = new Gauge({
        ...base(source),
        collect() {
          clear(this, source);
          for (const { labels, value } of source.read()) this.set({ ...labels }, value);
        },
      });
      registry.registerMetric(metric);
    },
    histogram(source) {
      const metric = new PromHistogram(base(source));
      const { name, help } = base(source);
      // Its counts are ours: the library's own histogram can be observed only, not read into.
      const get = async (): Promise<unknown> => ({
        name,
        help,
        type: 'histogram',
        aggregator: 'sum',
        values: source.read().flatMap(({ labels, reading }) => samplesOf(name, labels ?? {}, reading)),
      });
      registry.registerMetric(Object.assign(metric, { get, getForPromString: get }));
    },
    async scrape() {
      return { status: 200, contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

/** `reset` alone leaves a 0 where there are no labels: a source that knows nothing must not claim that. */
function clear(metric: Counter | Gauge, { labels = [] }: MetricSource): void {
  metric.reset();
  if (labels.length === 0) metric.remove();
}

function samplesOf(
  name: string,
  labels: Readonly<Record<string, string>>,
  { bounds, cumulative, sum }: HistogramReading,
): readonly unknown[] {
  const count = cumulative.at(-1) ?? 0;
  return [
    ...cumulative.map((value, index) => ({
      metricName: `${name}_bucket`,
      labels: { ...labels, le: bounds[index] ?? '+Inf' },
      value,
    })),
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ];
}
