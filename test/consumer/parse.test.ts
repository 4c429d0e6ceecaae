import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseRecord } from '../../consumer/parse.ts';
import { schemaOf } from '../../contract/record.ts';
import { recordFaults } from '../../contract/schema-faults.ts';

type Fields = Readonly<Record<string, unknown>>;

const HEAD = {
  v: 1,
  exchange: 'okx',
  market: 'spot',
  symbol: 'X-Y',
  instrument: 'X-Y',
  exchangeTime: 1_700_000_000_000_000,
  receiveTime: 1_700_000_000_000_001,
};
const BOOK = { type: 'orderbook', lastId: 7, bids: [['9.5', '1']], asks: [], sizeUnit: 'base', epoch: 'e' };
const RECORDS: Readonly<Record<string, Fields>> = {
  delta: { ...HEAD, ...BOOK, action: 'delta', prevId: 5 },
  snapshot: { ...HEAD, ...BOOK, action: 'snapshot', completeFrom: '9.5', completeTo: null },
  trade: { ...HEAD, type: 'trade', id: '5', price: '9.5', size: '1', sizeUnit: 'base', side: 'sell' },
  gap: {
    ...HEAD,
    type: 'gap',
    subject: 'trade.okx.X-Y',
    stream: 'trade',
    fromId: 3,
    fromTime: null,
    toId: 7,
    toTime: null,
    toSeq: 12,
    cause: 'venue',
  },
  other: { ...HEAD, type: 'ticker' },
};
const NOT_CHECKED: readonly string[] = ['fromTime', 'toTime'];

describe('a record', () => {
  for (const [kind, fields] of Object.entries(RECORDS)) {
    it(`of kind ${kind} is read as it is`, () => {
      const parsed = parseRecord(JSON.stringify(fields));
      assert.deepEqual(parsed, { kind, record: fields });
      // The fixture is one of the contract's own, so the two ways of checking cannot drift apart.
      if (kind !== 'other') assert.deepEqual(recordFaults(schemaOf(fields) ?? {}, fields), []);
    });

    for (const name of Object.keys(fields).filter((name) => !NOT_CHECKED.includes(name))) {
      it(`of kind ${kind} without ${name} is none, and says so`, () => {
        const { [name]: _gone, ...left } = fields;
        const parsed = parseRecord(JSON.stringify(left));
        assert.deepEqual(parsed, { kind: 'unusable', reason: 'field', what: `${name}: missing` });
      });
    }
  }

  const wrong: readonly (readonly [kind: string, field: string, value: unknown])[] = [
    ['delta', 'prevId', null],
    ['delta', 'lastId', 1.5],
    ['delta', 'lastId', '7a'],
    ['delta', 'bids', [['9.5']]],
    ['delta', 'bids', [['9.5', 1]]],
    ['delta', 'bids', [['9.5', '-1']]],
    ['delta', 'bids', [['1e5', '1']]],
    ['delta', 'bids', [['9.', '1']]],
    ['delta', 'bids', [['.5', '1']]],
    ['delta', 'bids', [['9.5.1', '1']]],
    ['delta', 'bids', [['', '1']]],
    ['snapshot', 'completeFrom', 9.5],
    ['snapshot', 'sizeUnit', 'coins'],
    ['trade', 'side', 'bid'],
    ['trade', 'price', 9.5],
    ['trade', 'id', 5],
    ['trade', 'exchangeTime', '1700000000000000'],
    ['trade', 'receiveTime', null],
    ['trade', 'v', 2],
    ['gap', 'toSeq', '12'],
    ['other', 'type', ''],
  ];
  for (const [kind, field, value] of wrong) {
    it(`of kind ${kind} with ${field} ${JSON.stringify(value)} is none`, () => {
      const parsed = parseRecord(JSON.stringify({ ...RECORDS[kind], [field]: value }));
      assert.equal(parsed.kind, 'unusable');
      assert.ok(parsed.what.startsWith(`${field}: `), parsed.what);
    });
  }

  it('that is cut short is no JSON', () => {
    const text = JSON.stringify(RECORDS['delta']);
    for (const part of [text.slice(0, -1), text.slice(0, 20), '', '[]', 'null', '7'])
      assert.equal((parseRecord(part) as { readonly reason?: string }).reason, 'notJson', part);
  });
});
