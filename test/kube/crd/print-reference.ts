// Prints the field reference from the CRD: node test/kube/crd/print-reference.ts > docs/resource.md
import { format, resolveConfig } from 'prettier';
import { definition, rootSchema, walk, type PlacedSchema, type Schema } from './definition.ts';

const cell = (text: string): string => text.replaceAll('|', String.raw`\|`).replaceAll(/([*_<>])/g, '\\$1');

function typeOf(schema: Schema): string {
  if (schema.enum !== undefined) return schema.enum.map((value) => `\`${value}\``).join(', ');
  if (schema['x-kubernetes-int-or-string'] === true) return 'quantity';
  if (schema.pattern?.includes('ms|s|m|h|d') === true) return 'duration';
  if (schema.pattern?.includes('Ki|Mi|Gi') === true) return 'quantity';
  if (schema.type === 'array') {
    const item = schema.items === undefined ? 'any' : typeOf(schema.items);
    return schema.items?.enum === undefined ? `list of ${item}` : `list of: ${item}`;
  }
  if (schema.additionalProperties !== undefined) return `map of ${typeOf(schema.additionalProperties)}`;
  if (schema['x-kubernetes-preserve-unknown-fields'] === true) return 'object, as in a pod';
  return schema.type ?? 'any';
}

function limits(schema: Schema): string {
  const range = (unit: string, from: number | undefined, to: number | undefined): readonly string[] => {
    if (from === undefined && to === undefined) return [];
    if (to === undefined) return [`at least ${from}${unit}`];
    return [from === undefined ? `at most ${to}${unit}` : `${from}–${to}${unit}`];
  };
  const parts = [
    ...range('', schema.minimum, schema.maximum),
    ...range(' items', schema.minItems, schema.maxItems),
    ...(schema.default === undefined ? [] : [`default \`${JSON.stringify(schema.default)}\``]),
  ];
  return parts.length === 0 ? '' : `; ${parts.join('; ')}`;
}

function row({ path, schema, required }: PlacedSchema, part: 'spec' | 'status'): string {
  const name = path.replace(`${part}.`, '');
  const mark = required && part === 'spec' && !name.includes('.') ? ' (required)' : '';
  return `| \`${name}\`${mark} | ${typeOf(schema)}${limits(schema)} | ${cell(schema.description ?? '')} |`;
}

function table(part: 'spec' | 'status'): string {
  const rows = walk(rootSchema())
    .filter(({ path, schema }) => path.startsWith(`${part}.`) && schema.description !== undefined)
    .map((placed) => row(placed, part));
  return ['| field | type | meaning |', '|---|---|---|', ...rows].join('\n');
}

function rules(): string {
  const shown = walk(rootSchema()).filter(({ path }) => !/^spec\.nats\.subjects\.(?!orderbook$)/.test(path));
  return shown
    .flatMap(({ schema }) => schema['x-kubernetes-validations'] ?? [])
    .map(
      ({ message }) => `- ${cell(message.replace('spec.nats.subjects.orderbook', 'spec.nats.subjects.…'))}`,
    )
    .join('\n');
}

function columns(): string {
  const [version] = definition.spec.versions;
  const rows = (version?.additionalPrinterColumns ?? []).map(
    ({ name, jsonPath, priority }) =>
      `| ${name.toUpperCase()}${priority === 1 ? ' (`-o wide`)' : ''} | \`${jsonPath}\` |`,
  );
  return ['| column | from |', '|---|---|', ...rows].join('\n');
}

export async function referenceText(path: string): Promise<string> {
  const text = `# CollectorFeed, field by field

Printed from \`crds/marketprism.io_collectorfeeds.yaml\`; \`kubectl explain collectorfeed.spec\` says the same.

A duration is \`250ms\`, \`90s\`, \`5m\`, \`24h\`, \`7d\` or several of them together (\`1h30m\`). A quantity is \`512Mi\`, \`2G\` or plain bytes in quotes (\`"1048576"\`).
Where no default is named here, the chart's values or the venue decide; \`status.effective\` shows what is in force.

## spec

${table('spec')}

## What is refused

Beside types and limits, with these words:

${rules()}

## status

Written by the operator alone, never by hand.

${table('status')}

## Columns of \`kubectl get collectorfeeds\`

${columns()}

## kubectl

- \`kubectl get cfeed\`, or \`kubectl get marketprism\` for everything of this category.
- \`kubectl get cfeed --field-selector spec.exchange=binance,spec.paused=false\`: \`spec.exchange\`, \`spec.market\` and \`spec.paused\` can be selected by.
- \`kubectl scale cfeed NAME --replicas 3\` sets \`spec.sharding.collectors\`. The field has to have a value before, else there is no scale to change.
- \`kubectl annotate cfeed NAME marketprism.io/reconcile=disabled\`: hands off the feed's objects, the status is still written.
`;
  return format(text, { ...(await resolveConfig(path)), parser: 'markdown' });
}

if (import.meta.main) process.stdout.write(await referenceText(import.meta.filename));
