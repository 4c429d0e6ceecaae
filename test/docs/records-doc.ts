import type { JsonSchema } from '../../contract/json-schema.ts';
import { RECORD_SCHEMAS } from '../../contract/record.ts';
import { HEAD } from '../../contract/records/parts.ts';
import { RECORD_EXAMPLES } from './record-examples.ts';

const INTRO = `# Records

Printed from the schemas in \`contract/\` (\`make gen\`). A record is UTF-8 JSON, one a message; its schema is in
[schemas/](schemas). A schema lists what this version writes; a later one may add members within \`v\` 1, so readers ignore
what they do not know.

- **Prices, sizes, rates** are text: a venue's string digit for digit; a venue's JSON number as a plain decimal of the same
  value, without exponent and without zeros that add nothing. The size of a level that is removed is always \`"0"\`.
- **Times** are integers, microseconds since 1970. \`exchangeTime\` is the venue's and null where it gives none.
  \`receiveTime\` is ours, from a clock that never goes backwards.
- **\`sizeUnit\`** says what a size counts. Contracts have the size that the catalogue names
  ([instruments.md](instruments.md)); no record converts.
- **Message ids** (\`Nats-Msg-Id\`) are \`<subject>|<identity>\`. Records without an id of the venue have the identity
  \`<exchangeTime>-<digest of the record without receiveTime>-<ordinal among equal ones of one message>\`.
- **Books, trades and gaps** follow the rule in [consume.md](consume.md). All others stand alone: none continues the one
  before it, and a missing one makes no gap record.

Which market has which stream, from where and how often: [venues.md](venues.md).

## Every record
`;

/** What a schema cannot say. */
const NOTES: Readonly<Record<string, string>> = {
  trade:
    'Trades of one millisecond are all there. What is missing in the ids is looked up in the stream, then fetched from the ' +
    "venue's list (`backfilled`), and only what stays missing is a gap record. OKX does not document that its ids count: no " +
    'jump of them says that something is missing. What is no trade (insurance fund, auto-deleveraging) is not here.',
  ticker:
    'Binance spot gives no time. Where `bookId` is there, the book at that id has this top: collectors compare the two.',
  'mark-price': 'Binance and OKX: a record each push. `ap` of Binance, not documented, is left out.',
  'funding-rate':
    'Published when it changes where it comes in a message that is pushed for other reasons too (Binance, Deribit). Binance: ' +
    'the message of the very second of the payment still names the payment just made. Dated contracts have none.',
  'open-interest':
    'Binance: asked for every 60 s. With `redundancy: 2` both collectors ask, at different moments; each answer with a time of ' +
    'its own is a record.',
  liquidation:
    'Binance and OKX send at most one a second and instrument (`sampled`): sums over them are too low. Deribit marks its trades: ' +
    'all are there, and each is a `trade` record too where that stream is collected.',
  'long-short-ratio':
    'Binance: three measures, every 5 minutes; points that a late question finds are told with their own times, each once. ' +
    '`topPositions` is of position sizes, the others count accounts. COIN-M states its pairs, not its instruments (`covers`).',
  'option-summary':
    '`volatilityUnit` differs by venue and is never converted: Deribit writes percent, OKX a fraction.',
};

const typeOf = (schema: JsonSchema): string => {
  if (schema.const !== undefined) return `\`${JSON.stringify(schema.const)}\``;
  if (schema.enum !== undefined) return schema.enum.map((one) => `\`${String(one)}\``).join(', ');
  const types = typeof schema.type === 'string' ? [schema.type] : (schema.type ?? []);
  const names = types.map((type) => {
    if (type === 'array' && schema.items?.enum !== undefined) return `list of ${typeOf(schema.items)}`;
    if (type === 'array') return schema.prefixItems === undefined ? 'list of [price, size]' : '[price, size]';
    return type === 'string' && schema.pattern !== undefined ? 'decimal text' : type;
  });
  return names.join(' or ');
};

function table(properties: Readonly<Record<string, JsonSchema>>, required: readonly string[]): string {
  const rows = Object.entries(properties).map(([name, schema]) => {
    const cells = [
      `\`${name}\``,
      typeOf(schema),
      required.includes(name) ? 'yes' : '',
      schema.description ?? '',
    ];
    return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |\n`;
  });
  return `| member | value | always | meaning |\n|---|---|---|---|\n${rows.join('')}`;
}

export const schemaText = (schema: JsonSchema): string => `${JSON.stringify(schema, null, 2)}\n`;

export function recordsText(): string {
  const sections = Object.entries(RECORD_SCHEMAS).map(([name, schema]) => {
    const own = Object.fromEntries(Object.entries(schema.properties).filter(([key]) => !(key in HEAD)));
    const note = NOTES[name];
    return (
      `\n## ${schema.title}\n\n${schema.description} Schema: [${name}.json](schemas/${name}.json).\n\n` +
      `${note === undefined ? '' : `${note}\n\n`}${table(own, schema.required)}\n` +
      `\`\`\`json\n${JSON.stringify(RECORD_EXAMPLES[name])}\n\`\`\`\n`
    );
  });
  return `${INTRO}\n${table(HEAD, Object.keys(HEAD))}${sections.join('')}`;
}
