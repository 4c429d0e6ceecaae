/**
 * Takes out one check at a time in a copy of the tree and runs the tests that guard it: each has to turn one of them red.
 * `make mutate`; exit 0 only if every mutation is caught. A table row whose text is not in its file any more is a failure too.
 */
import { spawn } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { MUTATIONS, type Mutation } from './mutations.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** What the tests named in the table import. */
const COPIED = [
  'collector',
  'contract',
  'runtime',
  'test/collector',
  'test/support',
  'test/integration',
  'package.json',
];
const TIMEOUT_MS = 600_000;

interface Run {
  readonly ran: number;
  readonly failed: readonly string[];
}

type Outcome =
  | { readonly kind: 'caught'; readonly by: string }
  | { readonly kind: 'survived' | 'notFound' | 'noTests'; readonly why: string };

function copyTree(): string {
  const root = mkdtempSync(join(tmpdir(), 'marketprism-mutation-'));
  for (const path of COPIED) cpSync(join(ROOT, path), join(root, path), { recursive: true });
  symlinkSync(join(ROOT, 'node_modules'), join(root, 'node_modules'));
  return root;
}

async function run(root: string, { tests, only, timeoutMs = TIMEOUT_MS }: Mutation): Promise<Run> {
  const pattern = only === undefined ? [] : [`--test-name-pattern=^${only}`];
  const child = spawn(
    process.execPath,
    [
      '--test',
      '--test-force-exit',
      '--test-reporter=tap',
      `--test-timeout=${timeoutMs}`,
      ...pattern,
      ...tests,
    ],
    { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (part: string) => (text += part));
  await new Promise((resolve) => child.once('close', resolve));
  const names = (head: RegExp): string[] =>
    [...text.matchAll(head)].map(([, name = '']) => name).filter((name) => !name.includes('# SKIP'));
  const failed = names(/^ *not ok \d+ - (.*)$/gm);
  return { ran: failed.length + names(/^ *ok \d+ - (.*)$/gm).length, failed };
}

async function outcomeOf(root: string, mutation: Mutation): Promise<Outcome> {
  const { file, from, to } = mutation;
  const path = join(root, file);
  const source = readFileSync(path, 'utf8');
  const times = source.split(from).length - 1;
  if (times !== 1) return { kind: 'notFound', why: `${times} times in ${file}: ${from}` };
  const sound = await run(root, mutation);
  if (sound.ran === 0 || sound.failed.length > 0) {
    return { kind: 'noTests', why: `${sound.ran} tests, red without it: ${sound.failed[0] ?? 'none'}` };
  }
  writeFileSync(
    path,
    source.replace(from, () => to),
  );
  try {
    const { failed } = await run(root, mutation);
    const [first] = failed;
    return first === undefined
      ? { kind: 'survived', why: `${sound.ran} tests are green without it` }
      : { kind: 'caught', by: `${failed.length} of ${sound.ran}: ${first}` };
  } finally {
    writeFileSync(path, source);
  }
}

const root = copyTree();
let missed = 0;
try {
  for (const mutation of MUTATIONS) {
    const outcome = await outcomeOf(root, mutation);
    if (outcome.kind !== 'caught') missed += 1;
    const said = outcome.kind === 'caught' ? outcome.by : outcome.why;
    console.log(`${outcome.kind.padEnd(9)} ${mutation.name}\n          ${said}`);
  }
} finally {
  rmSync(root, { recursive: true, force: true });
}
console.log(`\n${MUTATIONS.length - missed} of ${MUTATIONS.length} caught`);
process.exitCode = missed === 0 ? 0 : 1;
