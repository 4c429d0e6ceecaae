import {
  aggregatedTradeIdentity,
  deltaIdentity,
  gapIdentity,
  messageId,
  snapshotIdentity,
  tradeIdentity,
} from '../contract/identity.ts';
import type { RecordHead } from '../contract/record.ts';
import { DEFAULT_SUBJECTS, expandSubject, type SubjectValues } from '../contract/subjects.ts';
import type { Parsed } from '../consumer/parse.ts';
import type { Message, Report } from './message.ts';

type Usable = Exclude<Parsed, { kind: 'unusable' }>;

/** The message id that this record must have; undefined where its identity is not made of its own ids. */
function expectedId({ subject }: Message, parsed: Usable): string | undefined {
  switch (parsed.kind) {
    case 'delta': {
      const { prevId, lastId } = parsed.record;
      return messageId(subject, deltaIdentity(String(prevId), String(lastId)));
    }
    case 'snapshot': {
      const { lastId, bids, asks } = parsed.record;
      const levels = `"bids":${JSON.stringify(bids)},"asks":${JSON.stringify(asks)}`;
      return messageId(subject, snapshotIdentity(String(lastId), levels));
    }
    case 'trade': {
      const { id, aggregated, sequence } = parsed.record;
      if (aggregated === true) return messageId(subject, aggregatedTradeIdentity(id));
      return messageId(subject, tradeIdentity(sequence === undefined ? id : String(sequence)));
    }
    case 'gap': {
      const { fromId, toId, toSeq } = parsed.record;
      return messageId(subject, gapIdentity(String(fromId), toSeq === null ? null : String(toId)));
    }
    case 'other':
  }
  return undefined;
}

export function checkMessageId(message: Message, parsed: Usable, report: Report): void {
  const { msgId, subject } = message;
  const expected = expectedId(message, parsed);
  if (expected === undefined ? msgId.startsWith(`${subject}|`) : msgId === expected) return;
  const said = msgId === '' ? 'none' : `"${msgId}"`;
  report('messageId', message, `message id ${said}, its record makes it "${expected ?? `${subject}|…`}"`);
}

/** Names kept for the comparison; more subjects than an account has. */
const MAX_NAMES = 100_000;

interface Named {
  readonly market: string;
  readonly instrument: string;
}

/** One subject carries one symbol, and one symbol is one instrument, whatever the stream. */
export class Names {
  readonly #bySubject = new Map<string, string>();
  readonly #bySymbol = new Map<string, Named>();

  check(message: Message, parsed: Usable, report: Report): void {
    const { record } = parsed;
    const type = parsed.kind === 'other' ? parsed.record.type : typeOf(parsed.kind);
    const fault = this.#wrongSubject(message.subject, type, record) ?? this.#wrongInstrument(record);
    if (fault !== undefined) report('wrongSubject', message, fault);
  }

  #wrongSubject(subject: string, type: string, record: RecordHead): string | undefined {
    const template = Object.hasOwn(DEFAULT_SUBJECTS, type)
      ? DEFAULT_SUBJECTS[type as keyof typeof DEFAULT_SUBJECTS]
      : undefined;
    const { exchange, market, symbol, instrument } = record;
    const carried = `${type} ${exchange} ${symbol}`;
    const known = this.#bySubject.get(subject);
    if (known === carried) return undefined;
    if (known !== undefined) return `${carried} on the subject of ${known}`;
    if (template !== undefined && subject.startsWith(template.slice(0, template.indexOf('.') + 1))) {
      const values = { exchange, market, symbol, instrument, stream: type } as SubjectValues;
      const own = expandSubject(template, values);
      if (own !== subject && subject.split('.').length === own.split('.').length)
        return `${carried} belongs on ${own}`;
    }
    if (this.#bySubject.size < MAX_NAMES) this.#bySubject.set(subject, carried);
    return undefined;
  }

  #wrongInstrument({ exchange, market, symbol, instrument }: RecordHead): string | undefined {
    const key = `${exchange} ${symbol}`;
    const known = this.#bySymbol.get(key);
    if (known === undefined) {
      if (this.#bySymbol.size < MAX_NAMES) this.#bySymbol.set(key, { market, instrument });
      return undefined;
    }
    if (known.instrument === instrument && known.market === market) return undefined;
    return `${key} is ${market} ${instrument} here, ${known.market} ${known.instrument} elsewhere`;
  }
}

const typeOf = (kind: Exclude<Usable['kind'], 'other'>): string =>
  kind === 'delta' || kind === 'snapshot' ? 'orderbook' : kind;
