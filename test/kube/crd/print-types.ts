// Prints the CRD's schema as TypeScript types: node test/kube/crd/print-types.ts > test/kube/crd/schema-types.ts
import { format, resolveConfig } from 'prettier';
import { rootSchema, type Schema } from './definition.ts';

const key = (name: string): string => (/^[a-zA-Z]+$/.test(name) ? name : `'${name}'`);

function typeText(schema: Schema): string {
  if (schema.enum !== undefined) {
    return schema.enum.map((value) => (typeof value === 'string' ? `'${value}'` : String(value))).join(' | ');
  }
  if (schema['x-kubernetes-int-or-string'] === true) return 'string | number';
  switch (schema.type) {
    case 'string':
    case 'boolean':
      return schema.type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      return schema.items === undefined ? 'readonly unknown[]' : `readonly (${typeText(schema.items)})[]`;
    case 'object':
      return objectText(schema);
    default:
      throw new Error(`no TypeScript type is known for ${JSON.stringify(schema)}`);
  }
}

function objectText(schema: Schema): string {
  const { properties, additionalProperties, required = [] } = schema;
  if (properties === undefined) {
    const value = additionalProperties === undefined ? 'unknown' : typeText(additionalProperties);
    return `{ readonly [key: string]: ${value} }`;
  }
  const members = Object.entries(properties).map(
    ([name, child]) => `readonly ${key(name)}${required.includes(name) ? '' : '?'}: ${typeText(child)};`,
  );
  return `{ ${members.join(' ')} }`;
}

function part(name: 'spec' | 'status'): string {
  const schema = rootSchema().properties?.[name];
  if (schema === undefined) throw new Error(`the CRD has no ${name}`);
  return typeText(schema);
}

export async function schemaTypesText(path: string): Promise<string> {
  const text = `// Printed from crds/ by print-types.ts; not edited by hand.
export type SchemaSpec = ${part('spec')};
export type SchemaStatus = ${part('status')};
`;
  return format(text, { ...(await resolveConfig(path)), parser: 'typescript' });
}

if (import.meta.main) process.stdout.write(await schemaTypesText(import.meta.filename));
