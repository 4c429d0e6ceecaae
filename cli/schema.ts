/** The part of OpenAPI v3 that Kubernetes allows in a CRD and ours uses; a test proves that ours uses no more. */
export interface Schema {
  readonly type?: 'object' | 'array' | 'string' | 'integer' | 'number' | 'boolean';
  readonly description?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly minLength?: number;
  readonly maxLength?: number;
  readonly minItems?: number;
  readonly maxItems?: number;
  readonly minProperties?: number;
  readonly maxProperties?: number;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly nullable?: boolean;
  readonly format?: string;
  readonly default?: unknown;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-list-type'?: 'atomic' | 'set' | 'map';
  readonly 'x-kubernetes-list-map-keys'?: readonly string[];
  readonly 'x-kubernetes-map-type'?: 'atomic' | 'granular';
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message?: string }[];
}

export type Path = readonly (string | number)[];

export interface SchemaFault {
  readonly path: Path;
  /** In the words of the API server, so that `kubectl apply` and `collect -f` say the same. */
  readonly message: string;
  /** The message names the field itself. */
  readonly namesField?: true;
}

export function formatPath(path: Path): string {
  return path.reduce<string>(
    (text, part) => (typeof part === 'number' ? `${text}[${part}]` : text === '' ? part : `${text}.${part}`),
    '',
  );
}

/** Every fault of `value` against `schema`, in document order. */
export function schemaFaults(schema: Schema, value: unknown, path: Path = []): readonly SchemaFault[] {
  if (value === null && schema.nullable === true) return [];
  if (schema['x-kubernetes-int-or-string'] === true)
    return typeof value === 'string' || Number.isInteger(value)
      ? stringFaults(schema, String(value), path)
      : [wrongType('integer or string', value, path)];
  if (schema.type !== undefined && !isOfType(schema.type, value))
    return [wrongType(schema.type, value, path)];
  if (schema.enum !== undefined && !schema.enum.includes(value)) {
    const supported = schema.enum.map((choice) => JSON.stringify(choice)).join(', ');
    return [fault(path, `Unsupported value: ${JSON.stringify(value)}: supported values: ${supported}`)];
  }
  if (typeof value === 'string') return stringFaults(schema, value, path);
  if (typeof value === 'number') return numberFaults(schema, value, path);
  if (Array.isArray(value)) return arrayFaults(schema, value, path);
  if (isObject(value)) return objectFaults(schema, value, path);
  return [];
}

const fault = (path: Path, message: string): SchemaFault => ({ path, message });
const inBody = (path: Path, value: unknown, limit: string): SchemaFault =>
  fault(path, `Invalid value: ${JSON.stringify(value)}: ${formatPath(path)} in body should ${limit}`);

function wrongType(type: string, value: unknown, path: Path): SchemaFault {
  const mend = type === 'string' && (typeof value === 'number' || typeof value === 'boolean');
  return fault(
    path,
    `Invalid value: ${JSON.stringify(value)}: ${formatPath(path)} in body must be of type ${type}: "${typeOf(value)}"` +
      (mend ? '; put it in quotes' : ''),
  );
}

function typeOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
}

function isOfType(type: NonNullable<Schema['type']>, value: unknown): boolean {
  const actual = typeOf(value);
  return actual === type || (type === 'number' && actual === 'integer');
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function stringFaults(schema: Schema, value: string, path: Path): readonly SchemaFault[] {
  const { pattern, maxLength, minLength } = schema;
  // Kubernetes counts characters, not UTF-16 units.
  const length = Array.from(value).length;
  const faults: SchemaFault[] = [];
  if (maxLength !== undefined && length > maxLength)
    faults.push(fault(path, `Too long: may not be more than ${maxLength} bytes`));
  if (minLength !== undefined && length < minLength)
    faults.push(inBody(path, value, `be at least ${minLength} chars long`));
  if (pattern !== undefined && !new RegExp(pattern, 'u').test(value))
    faults.push(inBody(path, value, `match '${pattern}'`));
  return faults;
}

function numberFaults(schema: Schema, value: number, path: Path): readonly SchemaFault[] {
  const { minimum, maximum } = schema;
  if (minimum !== undefined && value < minimum)
    return [inBody(path, value, `be greater than or equal to ${minimum}`)];
  if (maximum !== undefined && value > maximum)
    return [inBody(path, value, `be less than or equal to ${maximum}`)];
  return [];
}

function arrayFaults(schema: Schema, values: readonly unknown[], path: Path): readonly SchemaFault[] {
  const { minItems, maxItems, items } = schema;
  if (maxItems !== undefined && values.length > maxItems)
    return [fault(path, `Too many: ${values.length}: must have at most ${maxItems} items`)];
  if (minItems !== undefined && values.length < minItems)
    return [inBody(path, values.length, `have at least ${minItems} items`)];
  const faults = values.flatMap((value, index) =>
    items === undefined ? [] : schemaFaults(items, value, [...path, index]),
  );
  return [...faults, ...duplicateFaults(schema, values, path)];
}

function duplicateFaults(schema: Schema, values: readonly unknown[], path: Path): readonly SchemaFault[] {
  const type = schema['x-kubernetes-list-type'];
  if (type !== 'set' && type !== 'map') return [];
  const keys = schema['x-kubernetes-list-map-keys'] ?? [];
  const seen = new Set<string>();
  return values.flatMap((value, index) => {
    const identity =
      type === 'set' || !isObject(value)
        ? value
        : Object.fromEntries(keys.map((key) => [key, value[key]] as const));
    const text = JSON.stringify(identity);
    if (!seen.has(text)) {
      seen.add(text);
      return [];
    }
    return [fault([...path, index], `Duplicate value: ${text}`)];
  });
}

function objectFaults(
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
  path: Path,
): readonly SchemaFault[] {
  const { properties = {}, required = [], additionalProperties, minProperties, maxProperties } = schema;
  const names = Object.keys(value);
  const faults: SchemaFault[] = required
    .filter((name) => !Object.hasOwn(value, name))
    .map((name) => fault([...path, name], 'Required value'));
  if (maxProperties !== undefined && names.length > maxProperties)
    faults.push(fault(path, `Too many: ${names.length}: must have at most ${maxProperties} items`));
  if (minProperties !== undefined && names.length < minProperties)
    faults.push(inBody(path, names.length, `have at least ${minProperties} properties`));
  for (const [name, member] of Object.entries(value)) {
    const known = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const memberPath = [...path, name];
    if (known !== undefined) faults.push(...schemaFaults(known, member, memberPath));
    else if (isObject(additionalProperties))
      faults.push(...schemaFaults(additionalProperties, member, memberPath));
    else if (additionalProperties !== true && schema['x-kubernetes-preserve-unknown-fields'] !== true)
      faults.push(unknownField(memberPath, Object.keys(properties)));
  }
  return faults;
}

function unknownField(path: Path, known: readonly string[]): SchemaFault {
  const name = String(path.at(-1));
  const near = known.find((candidate) => isNear(candidate, name));
  const mend = near === undefined ? `known here: ${known.join(', ')}` : `did you mean "${near}"?`;
  return { path, message: `unknown field "${formatPath(path)}"; ${mend}`, namesField: true };
}

/** Case, one letter more, less or other, or two swapped: what fingers do. */
function isNear(known: string, given: string): boolean {
  const [a, b] = [known.toLowerCase(), given.toLowerCase()];
  if (a === b) return true;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start += 1;
  let end = 0;
  while (end < a.length - start && end < b.length - start && a.at(-1 - end) === b.at(-1 - end)) end += 1;
  const [restA, restB] = [a.slice(start, a.length - end), b.slice(start, b.length - end)];
  return (
    (restA.length <= 1 && restB.length <= 1) ||
    (restA.length === 2 && restA === `${restB.at(1)}${restB.at(0)}`)
  );
}
