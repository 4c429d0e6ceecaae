import { isMap, isNode, isScalar, isSeq, LineCounter, parseAllDocuments, type Document } from 'yaml';
import { FEED_RULES } from '../contract/feed-rules.ts';
import { API_GROUP, API_VERSION, FEED_KIND, type CollectorFeed } from '../contract/feed.ts';
import { formatPath, schemaFaults, type Path, type Schema, type SchemaFault } from './schema.ts';

export type FeedFile =
  | {
      readonly kind: 'feed';
      readonly feed: Pick<CollectorFeed, 'spec'> & {
        readonly metadata: { readonly namespace: string; readonly name: string };
      };
      /** Documents of other kinds, which are left alone. */
      readonly ignored: readonly string[];
    }
  | {
      readonly kind: 'faults';
      /** `file:line:column: field: message`, in the order of the file. */
      readonly faults: readonly string[];
    };

interface Source {
  readonly file: string;
  readonly lines: LineCounter;
}

const DNS_NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;

/** Judges a feed's YAML as the API server would: schema first, then the rules; every fault names its line. */
export function readFeedFile(text: string, file: string, schema: Schema): FeedFile {
  const source: Source = { file, lines: new LineCounter() };
  const parsed = parseAllDocuments(text, { lineCounter: source.lines, prettyErrors: false });
  const documents = 'empty' in parsed ? [] : parsed.filter((document) => !isEmpty(document));
  const malformed = documents.flatMap(({ errors }) =>
    errors.map((error) => at(source, error.pos[0], `malformed YAML: ${firstLine(error.message)}`)),
  );
  if (malformed.length > 0) return { kind: 'faults', faults: malformed };
  const feeds = documents.filter((document) => kindOf(document) === FEED_KIND);
  const only = feeds[0];
  if (only === undefined || feeds.length > 1)
    return { kind: 'faults', faults: [wrongNumber(documents, feeds, source)] };
  const faults = feedFaults(only, schema);
  if (faults.length > 0) return { kind: 'faults', faults: inFileOrder(faults, only, source) };
  const value = only.toJS() as CollectorFeed;
  const { name, namespace } = value.metadata as { name: string; namespace?: string };
  return {
    kind: 'feed',
    feed: { spec: value.spec, metadata: { name, namespace: namespace ?? 'default' } },
    ignored: documents.filter((document) => document !== only).map((document) => kindOf(document)),
  };
}

function feedFaults(document: Document, schema: Schema): readonly SchemaFault[] {
  const value = document.toJS() as Readonly<Record<string, unknown>>;
  const faults = [...headFaults(value), ...schemaFaults(withOpenMetadata(schema), value)];
  if (faults.length > 0) return faults;
  const feed = value as unknown as CollectorFeed;
  return FEED_RULES.filter(({ holds }) => holds !== null && !holds(feed)).map(({ path, message }) => ({
    path: fieldNamedIn(message) ?? (path === '' ? [] : path.split('.')),
    message,
    namesField: true,
  }));
}

/** The API server judges metadata by itself, the CRD's schema may only narrow the name. */
function withOpenMetadata(schema: Schema): Schema {
  const metadata: Schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return { ...schema, properties: { ...schema.properties, metadata } };
}

/** What the API server itself checks of every object, before any schema. */
function headFaults(value: Readonly<Record<string, unknown>>): readonly SchemaFault[] {
  const expected = `${API_GROUP}/${API_VERSION}`;
  const faults: SchemaFault[] = [];
  if (value['apiVersion'] !== expected)
    faults.push({
      path: ['apiVersion'],
      message: `Unsupported value: ${JSON.stringify(value['apiVersion'])}: supported values: "${expected}"`,
    });
  const metadata = (value['metadata'] ?? {}) as Readonly<Record<string, unknown>>;
  for (const field of ['name', 'namespace'] as const) {
    const given = metadata[field];
    if (given === undefined && field === 'namespace') continue;
    if (given === undefined || given === null)
      faults.push({ path: ['metadata', field], message: 'Required value' });
    else if (typeof given !== 'string' || !DNS_NAME.test(given))
      faults.push({
        path: ['metadata', field],
        message: `Invalid value: ${JSON.stringify(given)}: use lower case letters, digits, "-" and "."`,
      });
  }
  return faults;
}

/** A rule's message names the field first; its line is the one to show. */
function fieldNamedIn(message: string): Path | undefined {
  return /\b(?:spec|metadata)(?:\.[a-zA-Z-]+)+/.exec(message)?.[0].split('.');
}

function wrongNumber(documents: readonly Document[], feeds: readonly Document[], source: Source): string {
  if (feeds.length > 1)
    return at(
      source,
      startOf(feeds[1]),
      `a second ${FEED_KIND}; collect runs one feed, put each in a file of its own`,
    );
  const kinds = documents.map((document) => kindOf(document));
  const found = kinds.length === 0 ? 'the file is empty' : `found ${kinds.join(', ')}`;
  return at(source, 0, `no ${FEED_KIND} (apiVersion: ${API_GROUP}/${API_VERSION}); ${found}`);
}

function kindOf(document: Document): string {
  const kind: unknown = isMap(document.contents) ? document.get('kind') : undefined;
  return typeof kind === 'string' ? kind : 'a document without kind';
}

/** What stands behind a closing `---`. */
const isEmpty = ({ contents, errors }: Document): boolean =>
  errors.length === 0 && (contents === null || (isScalar(contents) && contents.value === null));

const startOf = (document: Document | undefined): number => document?.contents?.range?.[0] ?? 0;
const firstLine = (text: string): string => text.split('\n', 1)[0] ?? text;

function at({ file, lines }: Source, offset: number, message: string): string {
  const { line, col } = lines.linePos(offset);
  return `${file}:${Math.max(line, 1)}:${Math.max(col, 1)}: ${message}`;
}

function inFileOrder(faults: readonly SchemaFault[], document: Document, source: Source): readonly string[] {
  return faults
    .map((fault) => ({ fault, offset: offsetOf(document, fault.path) }))
    .sort((a, b) => a.offset - b.offset)
    .map(({ fault: { path, message, namesField }, offset }) =>
      at(source, offset, namesField === true ? message : `${formatPath(path)}: ${message}`),
    );
}

/** Where the key of `path` stands, or the item; of what is missing, the innermost parent that is there. */
function offsetOf(document: Document, path: Path): number {
  let node: unknown = document.contents;
  let offset = startOf(document);
  for (const part of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && key.value === part);
      if (pair === undefined) return offset;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node) && typeof part === 'number') {
      node = node.items[part];
      if (isNode(node)) offset = node.range?.[0] ?? offset;
    } else return offset;
  }
  return offset;
}
