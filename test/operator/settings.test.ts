import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSettings, type Settings } from '../../operator/settings.ts';

const MINIMAL = 'installation: ns/mp\ncollector: {image: "mp:1"}\n';

function settings(text: string, namespace: string | null = 'here'): Settings {
  const result = parseSettings(text, namespace ?? undefined);
  return result.kind === 'settings' ? result.settings : assert.fail(result.faults.join('\n'));
}
function faults(text: string, namespace: string | null = 'here'): readonly string[] {
  const result = parseSettings(text, namespace ?? undefined);
  return result.kind === 'invalid' ? result.faults : assert.fail('it was accepted');
}

test('the smallest file watches the own namespace and publishes where the operator is', () => {
  const { watch, control, defaults, leaderElection, http } = settings(MINIMAL);
  assert.deepEqual(watch, { namespaces: ['here'], cluster: false });
  assert.deepEqual(defaults.nats?.servers, control.servers);
  assert.deepEqual(
    [leaderElection.leaseSeconds, leaderElection.renewDeadlineSeconds, leaderElection.retrySeconds],
    [15, 10, 2],
  );
  assert.equal(http.port, 8080);
});

test('what the file says wins, and null means the default', () => {
  const text = `${MINIMAL}watch: {namespaces: [a, b]}
control: {servers: ["nats://n:4222"], credentialsSecret: null, credentialsDir: /creds}
defaults: {nats: {servers: ["nats://data:4222"]}, jetstream: {maxAge: 2h}}
`;
  const { watch, control, defaults } = settings(text);
  assert.deepEqual(watch.namespaces, ['a', 'b']);
  assert.deepEqual([control.credentialsSecret, control.credentialsDir], [null, '/creds']);
  assert.deepEqual(defaults, { nats: { servers: ['nats://data:4222'] }, jetstream: { maxAge: '2h' } });
});

test('every fault is named at once, with path, value and what it must be', () => {
  const text = `installation: no-slash
collector: {image: "mp:1", imagePullPolicy: Sometimes}
control: {servers: [], credentialSecret: x}
defaults: {jetstream: {maxAge: soon}}
http: {port: 0}
`;
  assert.deepEqual(faults(text), [
    'installation: "no-slash" must be <namespace>/<fullname>',
    'collector.imagePullPolicy: "Sometimes" must be Always or IfNotPresent or Never',
    'control.servers: [] must be a list of at least 1',
    'control.credentialSecret is not known here; known are servers, credentialsSecret, credentialsDir',
    'defaults.jetstream.maxAge: "soon" must be a duration such as 90s, 5m or 24h',
    'http.port: 0 must be 1..65535',
  ]);
});

test('an empty file names what is missing, and what is no YAML or no map says so', () => {
  assert.deepEqual(faults(''), ['installation is missing', 'collector is missing']);
  assert.match(faults('a: [')[0] ?? '', /^not YAML/);
  assert.deepEqual(faults('- a'), ['settings: ["a"] must be a map']);
});

test('without a namespace to watch it is refused, unless the whole cluster is wanted', () => {
  assert.match(faults(MINIMAL, null)[0] ?? '', /POD_NAMESPACE/);
  assert.deepEqual(settings(`${MINIMAL}watch: {cluster: true}`, null).watch.namespaces, []);
});

test('a lease that could be held by two is refused', () => {
  assert.match(
    faults(`${MINIMAL}leaderElection: {renewDeadlineSeconds: 15}`)[0] ?? '',
    /less than leaseSeconds/,
  );
  assert.match(
    faults(`${MINIMAL}leaderElection: {retrySeconds: 10}`)[0] ?? '',
    /less than renewDeadlineSeconds/,
  );
});
