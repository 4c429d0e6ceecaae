import assert from 'node:assert/strict';
import { test } from 'node:test';
import { okxOption, okxPerpetual } from '../../../collector/venues/okx.ts';

test('the lists of options are those of the families that the venue names, one each', () => {
  assert.equal(okxOption.catalogueRequest().path, '/api/v5/public/underlying?instType=OPTION');
  const lists = okxOption.catalogueLists?.('{"code":"0","data":[["BTC-USD","SOL-USD"]],"msg":""}');
  assert.deepEqual(lists, [
    { path: '/api/v5/public/instruments?instType=OPTION&instFamily=BTC-USD', weight: 2 },
    { path: '/api/v5/public/instruments?instType=OPTION&instFamily=SOL-USD', weight: 2 },
  ]);
  assert.equal(okxPerpetual.catalogueLists, undefined);
});

test('what names no family is no answer', () => {
  for (const text of [
    '',
    '{"code":"50011","data":[]}',
    '{"code":"0","data":[]}',
    '{"code":"0","data":[["a&b"]]}',
    '{"code":"0","data":[[7]]}',
  ]) {
    const lists = okxOption.catalogueLists?.(text);
    assert.ok(lists !== undefined && 'kind' in lists, text);
  }
});
