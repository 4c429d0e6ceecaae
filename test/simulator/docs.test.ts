import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, it } from 'node:test';
import { FAULT_KINDS } from '../../simulator/faults/fault.ts';
import { parseScenario } from '../../simulator/scenario.ts';
import { post, withSimulator } from './client.ts';

const doc = readFileSync(new URL('../../docs/simulator.md', import.meta.url), 'utf8');
const [, faults = ''] = doc.split('## Faults\n');

describe('docs/simulator.md', () => {
  it('lists every fault, and none that is not there', () => {
    const listed = [...faults.matchAll(/^\| `(\w+)` +\|/gm)].map(([, kind]) => kind);
    assert.deepEqual(new Set(listed), new Set<string>(FAULT_KINDS));
    assert.equal(listed.length, FAULT_KINDS.length);
  });

  it('has a scenario that the simulator takes', () => {
    const [, yaml = ''] = /```yaml\n([^`]*)```/.exec(faults) ?? [];
    const steps = parseScenario('docs/simulator.md', yaml, {
      symbols: ['BTCUSDT', 'ETHUSDT'],
      venueFaults: [],
    });
    assert.ok(steps.length > 2);
  });

  it('has requests that the simulator answers', async () => {
    const [, commands = ''] = /```sh\n(curl[^`]*)```/.exec(faults) ?? [];
    await withSimulator({ start: 'manual' }, async ({ restUrl }) => {
      let answered = 0;
      for (const line of commands.trim().split('\n')) {
        const [, path = ''] = /localhost:8090(\S+)/.exec(line) ?? [];
        const [, body] = /-d '(.*)'$/.exec(line) ?? [];
        const url = `${restUrl}${path}`;
        const answer = body === undefined ? await fetch(url) : await post(url, JSON.parse(body));
        assert.equal(answer.status, 200, `${line}: ${await answer.text()}`);
        answered += 1;
      }
      assert.equal(answered, 3);
    });
  });
});
