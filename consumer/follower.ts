import type { GapRecord, TradeRecord } from '../contract/record.ts';
import { Book, type DeltaStep, type SnapshotStep } from './book.ts';
import { parseRecord, type OtherRecord } from './parse.ts';
import { Trades, type TradeStep } from './trades.ts';

/** What one message was to who follows its subject. */
export type FollowEvent =
  /** The book as it stands now; the same object every time. */
  | { readonly kind: 'book'; readonly book: Book; readonly step: DeltaStep | SnapshotStep }
  | { readonly kind: 'trade'; readonly trade: TradeRecord; readonly step: TradeStep }
  /** What a collector says is missing. */
  | { readonly kind: 'gapRecord'; readonly record: GapRecord }
  | { readonly kind: 'other'; readonly record: OtherRecord }
  | { readonly kind: 'unusable'; readonly what: string };

/** Subjects followed at once; a feed has thousands, not more. */
const MAX_SUBJECTS = 50_000;

/** Messages of any number of subjects in, in the order of the stream; what each of them means out. */
export class Follower {
  readonly #books = new Map<string, Book>();
  readonly #trades = new Map<string, Trades>();

  /** By subject. */
  get books(): ReadonlyMap<string, Book> {
    return this.#books;
  }

  take({ subject, text }: { readonly subject: string; readonly text: string }): FollowEvent {
    const parsed = parseRecord(text);
    switch (parsed.kind) {
      case 'delta': {
        const book = of(this.#books, subject, () => new Book());
        return { kind: 'book', book, step: book.delta(parsed.record) };
      }
      case 'snapshot': {
        const book = of(this.#books, subject, () => new Book());
        return { kind: 'book', book, step: book.snapshot(parsed.record) };
      }
      case 'trade': {
        const trades = of(this.#trades, subject, () => new Trades());
        return { kind: 'trade', trade: parsed.record, step: trades.trade(parsed.record) };
      }
      case 'gap':
        return { kind: 'gapRecord', record: parsed.record };
      case 'other':
        return parsed;
      case 'unusable':
    }
    return { kind: 'unusable', what: parsed.what };
  }
}

function of<T>(map: Map<string, T>, subject: string, make: () => T): T {
  const known = map.get(subject);
  if (known !== undefined) return known;
  if (map.size >= MAX_SUBJECTS) throw new Error(`more than ${MAX_SUBJECTS} subjects: follow fewer at once`);
  const made = make();
  map.set(subject, made);
  return made;
}
