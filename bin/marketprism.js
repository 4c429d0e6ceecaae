#!/usr/bin/env node
// Plain JavaScript on purpose: it must start on whatever Node the machine has, and then
// run the command on the pinned Node 24 as its child, forwarding signals and the exit code.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { constants } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const built = join(root, 'dist', 'cli', 'main.js');
const source = join(root, 'cli', 'main.ts');
// A checkout runs its sources, so that an old dist/ never hides an edit; package and image carry only dist/.
const entry = existsSync(source) ? source : built;

function pinnedNode() {
  try {
    const name = `node-${process.platform}-${process.arch}`;
    const path = join(dirname(createRequire(import.meta.url).resolve(`${name}/package.json`)), 'bin', 'node');
    return existsSync(path) ? path : undefined;
  } catch {
    return undefined;
  }
}

function isRecentEnough() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  return major > 24 || (major === 24 && minor >= 12);
}

const pinned = pinnedNode();
if (pinned === undefined || pinned === process.execPath) {
  if (!isRecentEnough()) {
    process.stderr.write(
      `marketprism: needs Node >=24.12, this is ${process.version}, and the pinned Node package for ` +
        `${process.platform}-${process.arch} is not installed; run "npm ci" without --omit=optional, or install Node 24\n`,
    );
    process.exit(1);
  }
  await import(pathToFileURL(entry).href);
} else {
  // As in contract/process.ts; NODE_OPTIONS has the last word.
  const flags = process.env.NODE_OPTIONS?.includes('semi-space') ? [] : ['--max-semi-space-size=8'];
  const env = { MALLOC_ARENA_MAX: '1', MALLOC_MMAP_THRESHOLD_: '131072', ...process.env };
  const child = spawn(pinned, [...flags, entry, ...process.argv.slice(2)], { stdio: 'inherit', env });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2']) {
    process.on(signal, () => child.kill(signal));
  }
  child.on('exit', (code, signal) => {
    process.exit(signal === null ? (code ?? 1) : 128 + (constants.signals[signal] ?? 0));
  });
  child.on('error', (error) => {
    process.stderr.write(`marketprism: the pinned Node could not be started: ${error.message}\n`);
    process.exit(1);
  });
}
