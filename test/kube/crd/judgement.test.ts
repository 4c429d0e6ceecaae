import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { cleanUp, freshNamespace, judge, prepare } from './api.ts';
import { ACCEPTED, REFUSED } from './cases.ts';

const namespace = freshNamespace('crd-judgement');

describe('the API server judges feeds', () => {
  before(() => prepare(namespace));
  after(() => cleanUp(namespace));

  for (const { what, spec } of ACCEPTED) {
    it(`takes ${what}`, async () => {
      const answer = await judge(namespace, 'accepted', spec);
      assert.equal(answer.message, '');
      assert.equal(answer.code, 201);
      assert.deepEqual(answer.warnings, []);
    });
  }

  for (const { what, name, spec, field, says } of REFUSED) {
    it(`refuses ${what}, naming ${field === '' ? 'it' : field}`, async () => {
      const answer = await judge(namespace, name ?? 'refused', spec);
      if (field === '') {
        assert.equal(answer.code, 400);
        assert.match(answer.message, says);
        return;
      }
      assert.equal(answer.code, 422, answer.message);
      const cause = answer.causes.find(({ message }) => says.test(message));
      assert.ok(cause !== undefined, JSON.stringify(answer.causes, null, 1));
      assert.equal(cause.field, field);
    });
  }
});
