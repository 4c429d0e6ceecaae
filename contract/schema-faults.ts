import type { JsonSchema } from './json-schema.ts';

export interface RecordFault {
  /** `bids[3][1]`; '' is the record itself. */
  readonly path: string;
  readonly message: string;
}

/** Every fault of `value` against `schema`, by the keywords of `JsonSchema`. */
export function recordFaults(schema: JsonSchema, value: unknown, path = ''): readonly RecordFault[] {
  const wrong = (message: string): readonly RecordFault[] => [
    { path, message: `${JSON.stringify(value)?.slice(0, 60) ?? 'undefined'} ${message}` },
  ];
  if (schema.const !== undefined && value !== schema.const)
    return wrong(`is not ${JSON.stringify(schema.const)}`);
  if (schema.enum !== undefined && !schema.enum.some((one) => one === value))
    return wrong(`is none of ${schema.enum.map((one) => JSON.stringify(one)).join(', ')}`);
  if (schema.type !== undefined) {
    const types: readonly string[] = typeof schema.type === 'string' ? [schema.type] : schema.type;
    if (!types.includes(typeOf(value))) return wrong(`is no ${types.join(' or ')}`);
  }
  if (typeof value === 'string') return textFaults(schema, value).flatMap(wrong);
  if (typeof value === 'number') return numberFaults(schema, value).flatMap(wrong);
  if (Array.isArray(value)) return listFaults(schema, value, path);
  if (typeof value === 'object' && value !== null) return objectFaults(schema, value, path);
  return [];
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

const PATTERNS = new Map<string, RegExp>();

/** Compiled once: there are as many as the schemas have. */
function compiled(pattern: string): RegExp {
  const known = PATTERNS.get(pattern) ?? new RegExp(pattern, 'u');
  PATTERNS.set(pattern, known);
  return known;
}

function textFaults({ pattern, minLength = 0 }: JsonSchema, value: string): readonly string[] {
  if (pattern !== undefined && !compiled(pattern).test(value)) return [`does not match ${pattern}`];
  return value.length < minLength ? [`has fewer than ${minLength} characters`] : [];
}

function numberFaults({ minimum, maximum }: JsonSchema, value: number): readonly string[] {
  if (minimum !== undefined && value < minimum) return [`is less than ${minimum}`];
  return maximum !== undefined && value > maximum ? [`is more than ${maximum}`] : [];
}

function listFaults(schema: JsonSchema, values: readonly unknown[], path: string): readonly RecordFault[] {
  const { minItems = 0, maxItems = Number.POSITIVE_INFINITY, prefixItems, items } = schema;
  if (values.length < minItems || values.length > maxItems)
    return [{ path, message: `has ${values.length} members, not ${minItems} to ${maxItems}` }];
  return values.flatMap((value, index) => {
    const member = prefixItems?.[index] ?? items;
    return member === undefined ? [] : recordFaults(member, value, `${path}[${index}]`);
  });
}

function objectFaults(schema: JsonSchema, value: object, path: string): readonly RecordFault[] {
  const { properties = {}, required = [], additionalProperties } = schema;
  const at = (name: string): string => (path === '' ? name : `${path}.${name}`);
  const missing = required
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => ({ path: at(name), message: 'is missing' }));
  const faults = Object.entries(value).flatMap(([name, member]): readonly RecordFault[] => {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    if (known !== undefined) return recordFaults(known, member, at(name));
    return additionalProperties === false ? [{ path: at(name), message: 'is not known' }] : [];
  });
  return [...missing, ...faults];
}
