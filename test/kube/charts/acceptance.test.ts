import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { template } from '../../charts/helm.ts';
import { MATRIX } from '../../charts/matrix.ts';
import { kubectl, tryRun } from '../../support/cluster.ts';
import { cleanUp, freshNamespace, prepare } from '../crd/api.ts';

const namespace = freshNamespace('chart-acceptance');

describe('the API server takes the chart in a namespace of Pod Security restricted', () => {
  before(async () => {
    await prepare(namespace);
    const level = (mode: string): string => `pod-security.kubernetes.io/${mode}=restricted`;
    await kubectl(['label', 'namespace', namespace, level('enforce'), level('warn')]);
  });
  after(() => cleanUp(namespace));

  for (const { what, values, release } of MATRIX) {
    it(`with ${what}, without a warning`, async () => {
      const rendered = await template(values, { ...release, namespace });
      assert.equal(rendered.kind, 'done');
      const text = rendered.kind === 'done' ? rendered.text : '';
      const args = ['apply', '--server-side', '--force-conflicts', '--dry-run=server', '--validate=strict'];
      const ran = await tryRun('kubectl', [...args, '-f', '-'], text);
      assert.equal(ran.stderr, '');
      assert.ok(ran.ok);
    });
  }

  it('and would say so if a pod were not restricted', async () => {
    const rendered = await template({}, { namespace });
    const text = rendered.kind === 'done' ? rendered.text : '';
    const loose = text.replaceAll('allowPrivilegeEscalation: false', 'allowPrivilegeEscalation: true');
    const ran = await tryRun('kubectl', ['apply', '--dry-run=server', '-f', '-'], loose);
    assert.match(ran.stderr, /would violate PodSecurity "restricted/);
  });
});
