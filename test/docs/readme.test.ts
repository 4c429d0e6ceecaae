import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { parse } from 'yaml';
import { OFFERED } from '../../contract/offered.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const PATH = join(ROOT, 'README.md');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');
const readme = read('README.md');
const documents = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT });
const HEADING = '## What is offered today\n\n';

/** A line an exchange, a part for each group of markets with the same streams. */
function offers(): string {
  const lines = new Map<string, Map<string, string[]>>();
  for (const { exchange, market, settle, streams } of OFFERED) {
    const groups = lines.get(exchange) ?? new Map<string, string[]>();
    const what = streams.join(', ');
    groups.set(what, [...(groups.get(what) ?? []), settle === null ? market : `${market} (${settle})`]);
    lines.set(exchange, groups);
  }
  return [...lines]
    .map(([exchange, groups]) => {
      const parts = [...groups].map(([what, markets]) => `${markets.join(', ')}: ${what}`);
      return `- \`${exchange}\`: ${parts.join('; ')}\n`;
    })
    .join('');
}

describe('README', () => {
  it('says what is offered', () => {
    const start = readme.indexOf(HEADING) + HEADING.length;
    const end = readme.indexOf('\n\n', start) + 1;
    if (process.env['UPDATE_GOLDEN'] === '1')
      writeFileSync(PATH, readme.slice(0, start) + offers() + readme.slice(end));
    else assert.equal(readme.slice(start, end), offers(), 'UPDATE_GOLDEN=1 rewrites it');
  });

  it('shows the example feed, and the columns that kubectl prints', () => {
    const [, shown = ''] = /```yaml\n([^`]*)```/.exec(readme) ?? [];
    assert.deepEqual(parse(shown), parse(read('examples/feed.yaml')));
    const crd = parse(read('crds/marketprism.io_collectorfeeds.yaml')) as {
      readonly spec: {
        readonly versions: readonly { readonly additionalPrinterColumns: readonly Column[] }[];
      };
    };
    const columns = crd.spec.versions[0]?.additionalPrinterColumns ?? [];
    const printed = columns
      .filter(({ priority = 0 }) => priority === 0)
      .map(({ name }) => name.toUpperCase());
    const [, header = ''] = /```\n(NAME [^\n]*)\n/.exec(readme) ?? [];
    assert.deepEqual(header.split(/\s+/), ['NAME', ...printed]);
  });

  it('names only commands and make targets that are there', () => {
    for (const [, command = ''] of readme.matchAll(/bin\/marketprism\.js (\w+)/g))
      assert.ok(existsSync(join(ROOT, 'cli', `${command}.ts`)), command);
    const makefile = read('Makefile');
    for (const [, target = ''] of readme.matchAll(/make ([a-z-]+)/g))
      assert.match(makefile, new RegExp(`^${target}:`, 'm'));
  });
});

interface Column {
  readonly name: string;
  readonly priority?: number;
}

describe('documents', () => {
  for (const document of documents) {
    it(`${document} links to what is there`, () => {
      const text = read(document).replaceAll(/```[^]*?```/g, '');
      for (const [, target = ''] of text.matchAll(/\]\(([^)#\s]+)(?:#[^)]*)?\)/g)) {
        if (/^https?:/.test(target)) continue;
        assert.ok(existsSync(join(ROOT, dirname(document), target)), target);
      }
    });
  }

  it('are all named in docs/README.md', () => {
    const index = read('docs/README.md');
    for (const document of documents.filter((path) => /^docs\/(adr\/)?[^/]+\.md$/.test(path)))
      if (document !== 'docs/README.md')
        assert.ok(index.includes(`(${document.slice('docs/'.length)})`), document);
  });

  it('name only examples that are there', () => {
    for (const document of [...documents, ...globSync('examples/*.yaml', { cwd: ROOT })])
      for (const [path] of read(document).matchAll(/examples\/[\w-]+\.\w+/g))
        assert.ok(existsSync(join(ROOT, path)), `${document}: ${path}`);
  });
});
