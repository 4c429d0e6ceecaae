import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { feedSchema } from '../../cli/crd.ts';
import { readFeedFile } from '../../cli/feed-file.ts';

const FOLDER = new URL('../../examples/', import.meta.url).pathname;
const feeds = readdirSync(FOLDER).filter((name) => name.startsWith('feed'));

interface Compose {
  readonly services: Readonly<
    Record<string, { readonly command: readonly string[]; readonly volumes?: readonly string[] }>
  >;
}

describe('examples', () => {
  for (const name of feeds) {
    it(`${name} is a feed that is accepted`, () => {
      const read = readFeedFile(readFileSync(join(FOLDER, name), 'utf8'), name, feedSchema());
      assert.equal(read.kind, 'feed', read.kind === 'faults' ? read.faults.join('\n') : '');
    });
  }

  it('docker-compose.yaml mounts an example feed whose endpoints are its simulator', () => {
    const compose = parse(readFileSync(join(FOLDER, 'docker-compose.yaml'), 'utf8')) as Compose;
    const [mount = ''] = compose.services['collector']?.volumes ?? [];
    const [source = '', target] = mount.split(':');
    assert.ok(feeds.includes(source.replace('./', '')), source);
    assert.ok(compose.services['collector']?.command.includes(target ?? ''));
    const port = compose.services['simulator']?.command.at(-1);
    assert.ok(readFileSync(join(FOLDER, source), 'utf8').includes(`ws://simulator:${port}`));
  });
});
