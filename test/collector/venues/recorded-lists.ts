import { readFileSync } from 'node:fs';
import { recordingPath } from '../../support/recording.ts';

/** The REST answers of a recording whose address contains `part`; undefined where recordings are not at hand. */
export function recordedLists(name: string, part: string): readonly string[] | undefined {
  const path = recordingPath(name);
  if (path === undefined) return undefined;
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"http"') && line.includes(part))
    .map((line) => JSON.parse(line) as { readonly kind: string; readonly url: string; readonly msg: string })
    .filter(({ kind, url }) => kind === 'http' && url.includes(part))
    .map(({ msg }) => msg);
}
