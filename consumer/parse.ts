import type { DeltaRecord, GapRecord, RecordHead, SnapshotRecord, TradeRecord } from '../contract/record.ts';

/** A record without ids of its own: ticker, volatility index and the like. */
export interface OtherRecord extends RecordHead {
  readonly type: string;
}

export type Parsed =
  | { readonly kind: 'delta'; readonly record: DeltaRecord }
  | { readonly kind: 'snapshot'; readonly record: SnapshotRecord }
  | { readonly kind: 'trade'; readonly record: TradeRecord }
  | { readonly kind: 'gap'; readonly record: GapRecord }
  | { readonly kind: 'other'; readonly record: OtherRecord }
  | { readonly kind: 'unusable'; readonly reason: 'notJson' | 'field'; readonly what: string };

type Fields = Readonly<Record<string, unknown>>;
type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value !== '';
const isTime: Check = (value) => Number.isSafeInteger(value) && (value as number) > 0;
const isTimeOrNull: Check = (value) => value === null || isTime(value);
const isId: Check = (value) =>
  typeof value === 'number'
    ? Number.isSafeInteger(value)
    : typeof value === 'string' && /^-?\d+$/.test(value);
const isIdOrNull: Check = (value) => value === null || isId(value) || isText(value);
const isSequenceOrNull: Check = (value) => value === null || Number.isSafeInteger(value);
const isPlainDecimal: Check = (value) => typeof value === 'string' && isDigits(value, 0);
const isSignedDecimal: Check = (value) =>
  typeof value === 'string' && isDigits(value, value.startsWith('-') ? 1 : 0);
const isPriceOrNull: Check = (value) => value === null || isSignedDecimal(value);
const isUnit: Check = (value) => value === 'base' || value === 'quote' || value === 'contract';
const isLevels: Check = (value) =>
  Array.isArray(value) &&
  value.every(
    (level) =>
      Array.isArray(level) && level.length === 2 && isSignedDecimal(level[0]) && isPlainDecimal(level[1]),
  );

const [ZERO, NINE, POINT] = [0x30, 0x39, 0x2e];

/** Digits, at most one point, a digit on either side of it: most of a record is this, so no pattern is matched. */
function isDigits(text: string, from: number): boolean {
  let point = -1;
  for (let at = from; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === POINT && point === -1 && at > from) point = at;
    else if (code < ZERO || code > NINE) return false;
  }
  return text.length > from && point !== text.length - 1;
}

const HEAD: readonly (readonly [string, Check])[] = [
  ['exchange', isText],
  ['market', isText],
  ['symbol', isText],
  ['instrument', isText],
  ['exchangeTime', isTimeOrNull],
  ['receiveTime', isTime],
];
const BOOK = [
  ['lastId', isId],
  ['bids', isLevels],
  ['asks', isLevels],
  ['sizeUnit', isUnit],
  ['epoch', isText],
] as const;
const FIELDS = {
  delta: [['prevId', isId], ...BOOK],
  snapshot: [...BOOK, ['completeFrom', isPriceOrNull], ['completeTo', isPriceOrNull]],
  trade: [
    ['id', isText],
    ['price', isSignedDecimal],
    ['size', isPlainDecimal],
    ['sizeUnit', isUnit],
    ['side', (value) => value === 'buy' || value === 'sell'],
  ],
  gap: [
    ['subject', isText],
    ['stream', isText],
    ['fromId', isIdOrNull],
    ['toId', isIdOrNull],
    ['toSeq', isSequenceOrNull],
    ['cause', isText],
  ],
  other: [],
} as const satisfies Record<string, readonly (readonly [string, Check])[]>;

/** A message's payload as the record that it is, every field checked. */
export function parseRecord(text: string): Parsed {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { kind: 'unusable', reason: 'notJson', what: text.slice(-40) };
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return { kind: 'unusable', reason: 'notJson', what: text.slice(-40) };
  const fields = value as Fields;
  if (fields['v'] !== 1) return wrong('v', fields['v']);
  if (!isText(fields['type'])) return wrong('type', fields['type']);
  const kind = kindOf(fields);
  if (kind === undefined) return wrong('action', fields['action']);
  for (const [name, isRight] of HEAD) if (!isRight(fields[name])) return wrong(name, fields[name]);
  for (const [name, isRight] of FIELDS[kind]) if (!isRight(fields[name])) return wrong(name, fields[name]);
  return { kind, record: value } as unknown as Parsed;
}

function kindOf({ type, action }: Fields): keyof typeof FIELDS | undefined {
  if (type === 'trade' || type === 'gap') return type;
  if (type !== 'orderbook') return 'other';
  return action === 'delta' || action === 'snapshot' ? action : undefined;
}

const wrong = (name: string, value: unknown): Parsed => ({
  kind: 'unusable',
  reason: 'field',
  what: `${name}: ${value === undefined ? 'missing' : JSON.stringify(value).slice(0, 60)}`,
});
