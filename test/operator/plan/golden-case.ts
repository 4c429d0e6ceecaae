import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import type { CollectorFeed } from '../../../contract/feed.ts';
import { plan } from '../../../operator/plan/plan.ts';
import { status } from '../../../operator/plan/status.ts';
import type { KubeObject, Observed, PodSummary, ReceivedReport } from '../../../operator/plan/types.ts';
import { feedOf, observedOf, podOf, reportOf, SETTINGS_YAML, settingsOf } from './observed.ts';

export const GOLDEN = join(import.meta.dirname, 'golden');

/** `input.yaml`: parts over a healthy default. */
interface Input {
  readonly about: string;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly feed: Partial<CollectorFeed>;
  readonly observed?: Partial<Omit<Observed, 'pods' | 'reports'>>;
  readonly pods?: readonly Partial<PodSummary>[];
  readonly reports?: readonly Partial<ReceivedReport>[];
}

export interface Rendered {
  readonly about: string;
  readonly objects: readonly KubeObject[];
  readonly objectsYaml: string;
  readonly statusYaml: string;
}

export const goldenCases = (): readonly string[] => readdirSync(GOLDEN).sort();

export function render(name: string): Rendered {
  const input = parse(readFileSync(join(GOLDEN, name, 'input.yaml'), 'utf8')) as Input;
  const settings = settingsOf(
    stringify({ ...(parse(SETTINGS_YAML) as Record<string, unknown>), ...input.settings }),
  );
  const observed = observedOf({
    ...input.observed,
    feed: feedOf(input.feed.spec, input.feed.metadata),
    pods: (input.pods ?? []).map((pod) => podOf(pod)),
    reports: (input.reports ?? []).map((report) => reportOf(report)),
  });
  const planned = plan(observed, settings);
  const objects = [...planned.assignments.map(({ configMap }) => configMap), ...planned.apply];
  return {
    about: input.about,
    objects,
    objectsYaml: toYaml({
      objects,
      prune: planned.prune.map(({ kind, metadata }) => `${kind}/${metadata.name}`),
    }),
    statusYaml: toYaml(status(observed, planned, { kind: 'applied' })),
  };
}

function toYaml(value: unknown): string {
  return stringify(value, { lineWidth: 0, aliasDuplicateObjects: false });
}

export function golden(name: string, file: string): string {
  return readFileSync(join(GOLDEN, name, file), 'utf8');
}

export function rewrite(name: string, { objectsYaml, statusYaml }: Rendered): void {
  writeFileSync(join(GOLDEN, name, 'objects.yaml'), objectsYaml);
  writeFileSync(join(GOLDEN, name, 'status.yaml'), statusYaml);
}
