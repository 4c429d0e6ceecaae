// The CRD as the tests see it: parsed once, its schema walked.
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';

export const CRD_PATH = new URL('../../../crds/marketprism.io_collectorfeeds.yaml', import.meta.url).pathname;

export interface SchemaRule {
  readonly rule: string;
  readonly message: string;
}

export interface Schema {
  readonly type?: string;
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly enum?: readonly (string | number)[];
  readonly pattern?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly maxLength?: number;
  readonly default?: unknown;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-validations'?: readonly SchemaRule[];
}

export interface Definition {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly group: string;
    readonly names: Readonly<Record<string, unknown>>;
    readonly versions: readonly {
      readonly name: string;
      readonly additionalPrinterColumns: readonly {
        readonly name: string;
        readonly jsonPath: string;
        readonly priority?: number;
      }[];
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

export const crdText = readFileSync(CRD_PATH, 'utf8');
export const definition = parse(crdText) as Definition;

export function rootSchema(): Schema {
  const [version] = definition.spec.versions;
  if (version === undefined) throw new Error('the CRD has no version');
  return version.schema.openAPIV3Schema;
}

export interface PlacedSchema {
  /** Dotted path; `[]` stands for the items of a list, `*` for the values of a map; '' is the resource. */
  readonly path: string;
  readonly schema: Schema;
  readonly required: boolean;
}

/** The schema and everything below it, in the order of the file. */
export function walk(schema: Schema, path = '', required = true): readonly PlacedSchema[] {
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  return [
    { path, schema, required },
    ...Object.entries(schema.properties ?? {}).flatMap(([name, child]) =>
      walk(child, at(name), schema.required?.includes(name) ?? false),
    ),
    ...(schema.items === undefined ? [] : walk(schema.items, `${path}[]`)),
    ...(schema.additionalProperties === undefined ? [] : walk(schema.additionalProperties, `${path}.*`)),
  ];
}
