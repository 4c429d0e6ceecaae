import type { CollectorFeed } from '../../contract/feed.ts';
import type { KubeObject } from '../plan/types.ts';
import type { ApiObject } from './api.ts';

/** What is kept of live objects: a thousand feeds have to fit into the operator's memory. */

const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration';

export const stripObject = (object: ApiObject): KubeObject => bare(object) as KubeObject;

export const stripFeed = (object: ApiObject): CollectorFeed => bare(object) as CollectorFeed;

/** About 1 kB: no container specs, volumes or conditions of no interest. */
export function stripPod(object: ApiObject): KubeObject {
  const { apiVersion, kind, metadata, spec, status } = bare(object) as KubeObject;
  const { annotations: _, ...kept } = metadata;
  const { phase, conditions, containerStatuses, startTime } = status ?? {};
  return {
    apiVersion,
    kind,
    metadata: kept,
    spec: { nodeName: spec?.['nodeName'] },
    status: { phase, conditions, containerStatuses, startTime },
  };
}

function bare(object: ApiObject): ApiObject {
  const {
    managedFields: _,
    annotations,
    ...metadata
  } = object.metadata as ApiObject['metadata'] & {
    readonly managedFields?: unknown;
  };
  if (annotations === undefined) return { ...object, metadata };
  const { [LAST_APPLIED]: __, ...kept } = annotations;
  return { ...object, metadata: { ...metadata, annotations: kept } };
}
