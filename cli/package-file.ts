import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A file that ships in the package, found from the sources (`cli/`) and from the build (`dist/cli/`) alike. */
export function packageFile(name: string): string {
  for (let folder = import.meta.dirname; ; folder = dirname(folder)) {
    // `dist/` holds a copy of no data file, so the nearest one is the package's own.
    const path = join(folder, name);
    if (existsSync(path)) return path;
    if (dirname(folder) === folder) throw new Error(`${name} is missing from the marketprism package`);
  }
}

export function version(): string {
  const read: unknown = JSON.parse(readFileSync(packageFile('package.json'), 'utf8'));
  return (read as { readonly version: string }).version;
}
