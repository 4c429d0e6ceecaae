import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { test } from 'node:test';

test('every fault of the simulator at every venue: seen, one symbol begun anew, stated, books true', async (t) => {
  const child = spawn(process.execPath, ['test/drill/faults.ts'], {
    cwd: new URL('../../..', import.meta.url).pathname,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.after(() => void child.kill('SIGKILL'));
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number];
  const failed = printed.split('\n').filter((line) => line.includes('FAILED'));
  assert.deepEqual(failed, []);
  assert.equal(code, 0, printed.slice(-500));
  assert.match(printed, /faults: all [1-9]\d* hold\n$/);
});
