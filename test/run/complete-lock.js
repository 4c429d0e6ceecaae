// Adds to package-lock.json the optional packages of other platforms that `npm install` left out, because the registry
// in use does not have them: `npm ci` refuses a lock file without them. They are never fetched on this platform.
// Run it after `npm install`: node test/run/complete-lock.js
import { readFileSync, writeFileSync } from 'node:fs';

const LIBC = { gnu: 'glibc', musl: 'musl', gnueabihf: 'glibc', musleabihf: 'musl' };
const OS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];

const lock = JSON.parse(readFileSync('package-lock.json', 'utf8'));
let added = 0;
for (const entry of Object.values(lock.packages)) {
  for (const [name, version] of Object.entries(entry.optionalDependencies ?? {})) {
    const path = `node_modules/${name}`;
    if (path in lock.packages) continue;
    const [os, cpu, abi] = name
      .split('/')
      .at(-1)
      .replace(/^binding-/, '')
      .split('-');
    if (!OS.includes(os) || !/^\d/.test(version)) throw new Error(`${name}: not a platform's package`);
    const libc = LIBC[abi] !== undefined && os === 'linux' ? { libc: [LIBC[abi]] } : {};
    const dev = entry.dev === true ? { dev: true } : {};
    lock.packages[path] = { version, cpu: [cpu], ...dev, ...libc, optional: true, os: [os] };
    added += 1;
  }
}
lock.packages = Object.fromEntries(Object.entries(lock.packages).sort(([a], [b]) => (a < b ? -1 : 1)));
writeFileSync('package-lock.json', `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added} packages of other platforms added\n`);
