import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { test } from 'node:test';
import { Replay } from '../../../collector/replay/replay.ts';
import { parseLine } from '../../../collector/replay/recording.ts';
import { schemaOf } from '../../../contract/record.ts';
import { recordFaults } from '../../../contract/schema-faults.ts';
import { recordingPath } from '../../support/recording.ts';

const EXAMPLE = new URL('../../../examples/recording.jsonl', import.meta.url).pathname;

/** Records by type; every one of them is held against its schema. */
function replayed(path: string): ReadonlyMap<string, number> {
  const types = new Map<string, number>();
  const decoder = new TextDecoder();
  const replay = new Replay(({ payload, subject }) => {
    const record = JSON.parse(decoder.decode(payload)) as { readonly type: string };
    const schema = schemaOf(record);
    assert.ok(schema !== undefined, `${subject}: no schema for ${record.type}`);
    const [fault] = recordFaults(schema, record);
    assert.equal(fault, undefined, `${subject}: ${fault?.path} ${fault?.message}`);
    types.set(record.type, (types.get(record.type) ?? 0) + 1);
  });
  for (const text of readFileSync(path, 'utf8').split('\n')) {
    if (text === '') continue;
    const line = parseLine(text);
    if (typeof line === 'string') throw new Error(`${path}: a line is ${line}`);
    replay.line(line);
  }
  replay.end();
  return types;
}

test('every record of the example recording follows its schema, the gap record too', () => {
  const types = replayed(EXAMPLE);
  for (const type of ['orderbook', 'trade', 'gap']) assert.ok((types.get(type) ?? 0) > 0, type);
});

const first = recordingPath('binance-spot/cf-20211011-small');
const folder = first === undefined ? undefined : new URL('../', `file://${first}`).pathname;

for (const venue of ['binance-spot', 'binance-usdm', 'binance-coinm', 'okx', 'deribit']) {
  const skip = folder === undefined ? 'recordings are not at hand' : false;
  test(`every record made of a recording of ${venue} follows its schema`, { skip }, () => {
    const files = globSync(`${folder}${venue}/*.jsonl`);
    assert.ok(files.length > 0);
    let records = 0;
    for (const file of files) {
      const types = replayed(file);
      for (const count of types.values()) records += count;
      if (basename(file).includes('funding-rollover')) assert.ok((types.get('funding-rate') ?? 0) > 0);
    }
    assert.ok(records > 10);
  });
}
