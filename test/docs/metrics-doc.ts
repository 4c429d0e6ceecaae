// Prints docs/metrics.md from what collector and operator register.
import { collectorMetrics } from '../../collector/http/collector-metrics.ts';
import type { CollectorState } from '../../collector/report.ts';
import { EngineMetrics, watchEngine, type Watched } from '../../operator/metrics.ts';
import { createMetrics, type Metrics } from '../../runtime/metrics.ts';

const INTRO = `# Metrics

Both programs serve \`/metrics\` for Prometheus: collectors on port 8084, the operator on 8080. Names of our own begin with
\`marketprism_\`; the operator's queue, lease and requests carry the names of controller-runtime and client-go, so that
existing dashboards work. No label holds a symbol, a subject or a feed, so the number of series stays bounded.
\`marketprism_process_*\` and \`marketprism_nodejs_*\` are the process's own. This page is printed by \`make gen\`.
`;

interface Registered {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labels: readonly string[];
}

export function registeredBy({ registry }: Metrics): readonly Registered[] {
  return registry
    .getMetricsAsArray()
    .map((metric) => {
      const { labelNames = [] } = metric as { readonly labelNames?: readonly string[] };
      const kind = metric.constructor.name.toLowerCase();
      return { name: metric.name, help: metric.help, type: kind, labels: labelNames };
    })
    .filter(({ name }) => !/^marketprism_(process|nodejs)_/.test(name))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

export const ofCollector = (state: () => CollectorState): Metrics =>
  collectorMetrics({ state, control: () => ({}), version: '0' });

export function ofOperator(): Metrics {
  const metrics = createMetrics();
  new EngineMetrics(metrics.registry).outcome('done', 0, 0);
  watchEngine(metrics, { counted: {} } as unknown as Watched);
  return metrics;
}

function table(rows: readonly Registered[]): string {
  const cells = rows.map(({ name, type, labels, help }) => [
    `\`${name}\``,
    type,
    labels.map((label) => `\`${label}\``).join(', '),
    help.endsWith('.') ? help : `${help}.`,
  ]);
  const all = [['name', 'type', 'labels', 'what'], ...cells];
  const widths = [0, 1, 2, 3].map((column) => Math.max(...all.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[], fill = ' '): string =>
    `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0, fill)).join(' | ')} |`;
  return [line(all[0] ?? []), line(['', '', '', ''], '-'), ...cells.map((row) => line(row))].join('\n');
}

export function metricsText(): string {
  const unread = (): CollectorState => {
    throw new Error('the page is printed without a scrape');
  };
  return `${INTRO}
## Collector

${table(registeredBy(ofCollector(unread)))}

## Operator

${table(registeredBy(ofOperator()))}
`;
}
