// What can be done to a stream, one thing at a time, and what has to be found then.
import assert from 'node:assert/strict';
import type { FaultKind } from '../../verify/faults.ts';
import type { Message } from '../../verify/message.ts';
import { BOOK, GAPS, intactStream, TRADES, UID } from './intact-stream.ts';

export const INTACT = intactStream();

type Fields = Record<string, unknown>;
const fieldsOf = ({ text }: Message): Fields => JSON.parse(text) as Fields;
const isDelta = (message: Message): boolean => message.msgId.startsWith(`${BOOK}|d`);
export const isSnapshot = (message: Message): boolean => message.msgId.startsWith(`${BOOK}|s`);
const isTrade = (message: Message): boolean => message.subject === TRADES;
export const isGap = (message: Message): boolean => message.subject === GAPS;

/** The place of the nth that is so, counted from 0. */
export function place(isSo: (message: Message) => boolean, nth: number): number {
  let left = nth;
  return INTACT.findIndex((message) => isSo(message) && (left -= 1) < 0);
}
export const removed = (at: number, count = 1): Message[] =>
  INTACT.filter((_, index) => index < at || index >= at + count);
const without = (isSo: (message: Message, index: number) => boolean): Message[] =>
  INTACT.filter((message, index) => !isSo(message, index));
/** What is put elsewhere gets the sequences of where it lies then. */
const numbered = (messages: readonly Message[]): Message[] =>
  messages.map((message, index) => ({ ...message, sequence: index + 1 }));

function edited(
  at: number,
  change: (fields: Fields, message: Message) => Partial<Message> | Fields,
): Message[] {
  return INTACT.map((message, index) => {
    if (index !== at) return message;
    const made = change(fieldsOf(message), message);
    return 'v' in made ? { ...message, text: JSON.stringify(made) } : { ...message, ...made };
  });
}

/** Far enough in that snapshots lie before and behind. */
const DELTA = place(isDelta, 103);
const TRADE = place(isTrade, 60);
const levelsOf = (fields: Fields, side: 'bids' | 'asks'): [string, string][] =>
  structuredClone(fields[side]) as [string, string][];
/** The nth delta that sets a level in good order, and is neither overwritten nor removed before the next snapshot. */
const SETS = place((message) => {
  const { bids } = fieldsOf(message) as { readonly bids: readonly (readonly [string, string])[] };
  return isDelta(message) && message.sequence > 180 && bids.some(([, size]) => size !== '0');
}, 8);
const changedLevel =
  (change: (level: [string, string]) => [string, string]) =>
  (fields: Fields): Fields => ({
    ...fields,
    bids: levelsOf(fields, 'bids').map((level) => (level[1] === '0' ? level : change(level))),
  });

export interface Damage {
  readonly name: string;
  readonly messages: () => readonly Message[];
  readonly finds: readonly FaultKind[];
  readonly feeds?: readonly string[];
}

export const DAMAGES: readonly Damage[] = [
  { name: 'one delta removed', messages: () => removed(DELTA), finds: ['gapUnrecorded'] },
  {
    name: 'ten deltas removed',
    messages: () => {
      const gone = new Set(Array.from({ length: 10 }, (_, more) => place(isDelta, 100 + more)));
      return without((_, index) => gone.has(index));
    },
    finds: ['gapUnrecorded'],
  },
  {
    name: 'the delta before a snapshot removed',
    messages: () => removed(place(isSnapshot, 7) - 1),
    finds: ['gapUnrecorded'],
  },
  { name: 'the first snapshot removed', messages: () => removed(0), finds: ['noStart'] },
  {
    name: 'a periodic snapshot removed',
    messages: () => removed(place(isSnapshot, 3)),
    finds: ['snapshotMissing'],
  },
  {
    name: 'the snapshot behind a gap removed',
    messages: () => removed(place(isSnapshot, 5)),
    finds: ['gapInvented', 'gapUnrecorded'],
  },
  {
    name: 'a delta repeated',
    messages: () => {
      const again = INTACT[DELTA];
      return [...INTACT, ...(again === undefined ? [] : [{ ...again, sequence: INTACT.length + 1 }])];
    },
    finds: ['duplicate'],
  },
  {
    name: 'a delta repeated by another writer',
    messages: () =>
      numbered(
        INTACT.flatMap((message, index) =>
          index === DELTA ? [message, { ...message, writer: `${UID}/0/pod-b.1` }] : [message],
        ),
      ),
    finds: ['duplicate'],
  },
  {
    name: 'a delta swapped with the next',
    messages: () => {
      const next = INTACT.findIndex((message, index) => index > DELTA && isDelta(message));
      return numbered(
        INTACT.map(
          (message, index) => INTACT[index === DELTA ? next : index === next ? DELTA : index] ?? message,
        ),
      );
    },
    finds: ['gapUnrecorded', 'order'],
  },
  {
    name: 'a delta moved to the end',
    messages: () => [...removed(DELTA), { ...(INTACT[DELTA] ?? assert.fail()), sequence: INTACT.length + 1 }],
    finds: ['gapUnrecorded', 'order'],
  },
  {
    name: 'prevId lowered',
    messages: () => edited(DELTA, (fields) => ({ ...fields, prevId: Number(fields['prevId']) - 1 })),
    finds: ['messageId'],
  },
  {
    name: 'prevId raised',
    messages: () => edited(DELTA, (fields) => ({ ...fields, prevId: Number(fields['prevId']) + 1 })),
    finds: ['gapUnrecorded', 'messageId'],
  },
  {
    name: 'lastId lowered',
    messages: () => edited(DELTA, (fields) => ({ ...fields, lastId: Number(fields['lastId']) - 1 })),
    finds: ['gapUnrecorded', 'messageId'],
  },
  {
    name: 'lastId raised, with its message id',
    messages: () =>
      edited(DELTA, (fields, message) => {
        const lastId = Number(fields['lastId']) + 3;
        return {
          text: JSON.stringify({ ...fields, lastId }),
          msgId: message.msgId.replace(/-\d+$/, `-${lastId}`),
        };
      }),
    finds: ['bookDiffers', 'order'],
  },
  {
    name: 'a price altered',
    messages: () =>
      edited(
        SETS,
        changedLevel(([price, size]) => [price.replace('.5', '.6'), size]),
      ),
    finds: ['bookDiffers'],
  },
  {
    name: 'a size altered',
    messages: () =>
      edited(
        SETS,
        changedLevel(([price, size]) => [price, size.replace('.25', '.26')]),
      ),
    finds: ['bookDiffers'],
  },
  {
    name: 'a side altered',
    messages: () =>
      edited(SETS, (fields) => ({
        ...fields,
        bids: [],
        asks: [...levelsOf(fields, 'asks'), ...levelsOf(fields, 'bids')],
      })),
    finds: ['bookDiffers', 'crossed'],
  },
  {
    name: 'a level that never existed',
    messages: () =>
      edited(DELTA, (fields) => ({ ...fields, asks: [...levelsOf(fields, 'asks'), ['177.7', '3']] })),
    finds: ['bookDiffers'],
  },
  {
    name: 'a level of a snapshot altered',
    messages: () =>
      edited(place(isSnapshot, 3), (fields) => {
        const [[price, size] = ['', ''], ...others] = levelsOf(fields, 'bids');
        return { ...fields, bids: [[price, `${size}9`], ...others] };
      }),
    finds: ['bookDiffers', 'messageId'],
  },
  {
    name: 'a crossed book',
    messages: () =>
      edited(DELTA, (fields) => ({ ...fields, bids: [...levelsOf(fields, 'bids'), ['150', '1']] })),
    finds: ['bookDiffers', 'crossed'],
  },
  { name: 'a trade removed', messages: () => removed(TRADE), finds: ['gapUnrecorded'] },
  {
    name: 'a trade repeated',
    messages: () => numbered([...INTACT, INTACT[TRADE] ?? assert.fail()]),
    finds: ['duplicate'],
  },
  {
    name: "a trade's id altered",
    messages: () => edited(TRADE, (fields) => ({ ...fields, id: `${Number(fields['id']) + 1_000}` })),
    finds: ['gapUnrecorded', 'messageId', 'order'],
  },
  {
    name: 'the gap record of a book removed',
    messages: () => removed(place(isGap, 0)),
    finds: ['gapUnrecorded'],
  },
  {
    name: 'the gap record of trades removed',
    messages: () => removed(place(isGap, 1)),
    finds: ['gapUnrecorded'],
  },
  {
    name: 'a gap of a book invented',
    messages: () => [...INTACT, inventedGap(BOOK, DELTA)],
    finds: ['gapInvented'],
  },
  {
    name: 'a gap of trades invented',
    messages: () => [...INTACT, inventedGap(TRADES, TRADE)],
    finds: ['gapInvented'],
  },
  { name: 'an open gap invented', messages: () => [inventedOpenGap(), ...INTACT], finds: ['gapInvented'] },
  {
    name: 'the exchange time of a delta backwards',
    messages: () =>
      edited(DELTA, (fields) => ({ ...fields, exchangeTime: Number(fields['exchangeTime']) - 1_000_000 })),
    finds: ['timeBackwards'],
  },
  {
    name: 'the receive time of a trade backwards',
    messages: () =>
      edited(TRADE, (fields) => ({ ...fields, receiveTime: Number(fields['receiveTime']) - 60_000_000 })),
    finds: ['timeBackwards'],
  },
  {
    name: 'the times of a snapshot far backwards',
    messages: () =>
      edited(place(isSnapshot, 3), (fields) => ({
        ...fields,
        receiveTime: Number(fields['receiveTime']) - 3_600_000_000,
      })),
    finds: ['timeBackwards'],
  },
  {
    name: 'a writer without a name',
    messages: () => edited(TRADE, () => ({ writer: '' })),
    finds: ['foreignWriter'],
  },
  {
    name: 'a writer whose name is none',
    messages: () => edited(TRADE, () => ({ writer: 'somebody' })),
    finds: ['foreignWriter'],
  },
  {
    name: 'a writer of another feed',
    messages: () => edited(DELTA, () => ({ writer: 'uid-2/0/pod-z.1' })),
    feeds: [UID],
    finds: ['foreignWriter'],
  },
  {
    name: 'a wrong symbol on a subject',
    messages: () => edited(TRADE, (fields) => ({ ...fields, symbol: 'ETH-USDT' })),
    finds: ['wrongSubject'],
  },
  {
    name: 'a wrong instrument on a subject',
    messages: () => edited(DELTA, (fields) => ({ ...fields, instrument: 'ETHUSDT' })),
    finds: ['wrongSubject'],
  },
  {
    name: 'a trade on the subject of a book',
    messages: () => edited(TRADE, (_, { text }) => ({ subject: BOOK, text })),
    finds: ['gapUnrecorded', 'messageId', 'wrongSubject'],
  },
  {
    name: 'a record cut short',
    messages: () => edited(DELTA, (_, { text }) => ({ text: text.slice(0, -20) })),
    finds: ['gapUnrecorded', 'unparsable'],
  },
  {
    name: 'a field that is missing',
    messages: () =>
      edited(TRADE, (fields) =>
        Object.fromEntries(Object.entries(fields).filter(([name]) => name !== 'side')),
      ),
    finds: ['field', 'gapUnrecorded'],
  },
  {
    name: 'a number where text belongs',
    messages: () => edited(TRADE, (fields) => ({ ...fields, price: 100 })),
    finds: ['field', 'gapUnrecorded'],
  },
  { name: 'no message id', messages: () => edited(TRADE, () => ({ msgId: '' })), finds: ['messageId'] },
];

function inventedGap(subject: string, at: number): Message {
  const gap = fieldsOf(INTACT[place(isGap, 0)] ?? assert.fail());
  const about = INTACT[at] ?? assert.fail();
  const { lastId, id } = fieldsOf(about);
  const toId = Number(lastId ?? id);
  const stream = subject === BOOK ? 'orderbook' : 'trade';
  const fields = { ...gap, subject, stream, fromId: toId - 2, toId, toSeq: about.sequence };
  return {
    ...about,
    subject: GAPS,
    sequence: INTACT.length + 1,
    msgId: `${GAPS}|g${toId - 2}-${toId}`,
    text: JSON.stringify(fields),
  };
}

function inventedOpenGap(): Message {
  const { lastId } = fieldsOf(INTACT[DELTA] ?? assert.fail());
  const gap = fieldsOf(INTACT[place(isGap, 0)] ?? assert.fail());
  const fields = { ...gap, fromId: lastId, toId: null, toTime: null, toSeq: null };
  const about = INTACT[place(isGap, 0)] ?? assert.fail();
  return { ...about, sequence: 0, msgId: `${GAPS}|g${String(lastId)}-open`, text: JSON.stringify(fields) };
}
