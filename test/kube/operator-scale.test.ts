import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { broken, scaleLimits, type Figure } from '../../bench/scale/figures.ts';

const run = promisify(execFile);
const ROOT = new URL('../../', import.meta.url).pathname;

test('with few feeds, too, the operator asks no more of the API server than bench/limits.json allows', async () => {
  const env = { ...process.env, FEEDS: '20', COLLECTORS: '2', SYMBOLS: '10', REST_S: '10' };
  const { stdout } = await run(process.execPath, ['bench/operator-scale.ts'], { cwd: ROOT, env });
  const figures = JSON.parse(stdout.trim().split('\n').at(-1) ?? '') as readonly Figure[];
  assert.deepEqual(broken(figures, scaleLimits()), []);
  // What is not measured is not within its limit either.
  assert.equal(broken([], scaleLimits()).length, Object.keys(scaleLimits().most).length);
});
