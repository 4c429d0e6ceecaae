import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { API_GROUP, API_VERSION, FEED_PLURAL } from '../contract/feed.ts';
import { packageFile } from './package-file.ts';
import type { Schema } from './schema.ts';

interface Definition {
  readonly spec: {
    readonly versions: readonly {
      readonly name: string;
      readonly schema: { readonly openAPIV3Schema: Schema };
    }[];
  };
}

/** The schema that the API server judges feeds by, read from the CRD that is installed in clusters. */
export function feedSchema(): Schema {
  const path = packageFile(`crds/${API_GROUP}_${FEED_PLURAL}.yaml`);
  const definition = parse(readFileSync(path, 'utf8')) as Definition;
  const version = definition.spec.versions.find(({ name }) => name === API_VERSION);
  if (version === undefined) throw new Error(`${path} has no version ${API_VERSION}`);
  return version.schema.openAPIV3Schema;
}
