import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkMachine, type Machine } from '../../../cli/doctor/machine.ts';

const machine: Machine = {
  nodeVersion: '24.21.0',
  run: async (program) => (program === 'helm' ? 'v4.0.1+g12' : 'Client Version: v1.37.0'),
  tryPort: async () => null,
  readStatus: async () => null,
};
const examined = async (changed: Partial<Machine>): Promise<readonly string[]> =>
  (await checkMachine({ ...machine, ...changed }, 8084)).map(
    ({ kind, check, said }) => `${kind} ${check}: ${said}`,
  );

test('a machine that has everything is all right', async () => {
  assert.deepEqual(await examined({}), [
    'ok node: 24.21.0',
    'ok kubectl: v1.37.0',
    'ok helm: v4.0.1+g12',
    'ok port 8084: free for the status API of a collector',
  ]);
});

const ODD: readonly (readonly [string, Partial<Machine>, string])[] = [
  ['an old Node', { nodeVersion: '24.11.9' }, 'wrong node: 24.11.9 is older than 24.12'],
  ['Node of another major', { nodeVersion: '22.20.0' }, 'wrong node: 22.20.0 is older than 24.12'],
  [
    'a missing kubectl, which only Kubernetes needs',
    { run: async (program) => (program === 'kubectl' ? null : 'v4.0.1') },
    'warning kubectl: not found in PATH; only Kubernetes needs it',
  ],
  [
    'Helm 2',
    { run: async (program) => (program === 'helm' ? 'v2.17.0' : 'v1.37.0') },
    'wrong helm: v2.17.0: the chart needs Helm 3 or 4',
  ],
  [
    'a taken port',
    { tryPort: async () => 'EADDRINUSE', readStatus: async () => ({ hello: 'world' }) },
    'warning port 8084: taken by another program',
  ],
  [
    'a port that is not for this user',
    { tryPort: async () => 'EACCES' },
    'wrong port 8084: this user may not listen on it',
  ],
  [
    'a collector that runs',
    {
      tryPort: async () => 'EADDRINUSE',
      readStatus: async () => ({ message: 'collecting', data: { service: 'marketprism-collector' } }),
    },
    'ok port 8084: a collector answers there: collecting',
  ],
];
for (const [name, changed, expected] of ODD) {
  test(`${name} is named`, async () => {
    const lines = await examined(changed);
    assert.ok(lines.includes(expected), lines.join('\n'));
  });
}
