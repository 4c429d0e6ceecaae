import { ASSIGNMENT_MOUNT } from '../../contract/assignment.ts';
import type { EffectiveFeed } from '../../contract/effective.ts';
import type { CollectorFeed } from '../../contract/feed.ts';
import type { Settings } from '../settings.ts';

/** A volume of the collector, where it is mounted and the variables that tell the collector so. */
export interface MountedVolume {
  readonly name: string;
  readonly mountPath: string;
  readonly readOnly: boolean;
  readonly source: Readonly<Record<string, unknown>>;
  readonly variables: readonly { readonly name: string; readonly value: string }[];
}

interface VolumesOf {
  readonly feed: CollectorFeed;
  readonly effective: EffectiveFeed;
  /** Name of the shard's ConfigMap. */
  readonly assignment: string;
}

const SPILL = '/var/spill';
const ROOT = '/etc/marketprism';
/** Share of the emptyDir's limit that the spill may fill: over the limit the kubelet evicts the pod. */
const SPILL_SHARE = 0.8;

export function volumesOf(
  { feed, effective, assignment }: VolumesOf,
  settings: Settings,
): readonly MountedVolume[] {
  const control = settings.control.credentialsSecret;
  const { credentialsSecret, tlsSecret, own } = effective.nats;
  // On the installation's NATS a feed without a credential of its own uses the installation's.
  const data = credentialsSecret ?? (own ? null : control);
  const { caBundle } = feed.spec.template ?? {};
  return [
    readOnly('assignment', ASSIGNMENT_MOUNT, { configMap: { name: assignment } }),
    {
      name: 'spill',
      mountPath: SPILL,
      readOnly: false,
      source: { emptyDir: { sizeLimit: String(Math.ceil(effective.buffer.diskBytes / SPILL_SHARE)) } },
      variables: [{ name: 'MP_SPILL_DIR', value: SPILL }],
    },
    ...secret('control-credentials', control, 'MP_CONTROL_CREDENTIALS_DIR'),
    ...secret('data-credentials', data, 'MP_DATA_CREDENTIALS_DIR'),
    ...secret('data-tls', tlsSecret, 'MP_DATA_TLS_DIR'),
    ...secret('venue-credentials', feed.spec.venueSecret?.name ?? null, 'MP_VENUE_CREDENTIALS_DIR'),
    ...(caBundle === undefined ? [] : [caVolume(caBundle)]),
  ];
}

function caVolume(caBundle: { readonly configMap: string; readonly key?: string }): MountedVolume {
  const mountPath = `${ROOT}/ca`;
  return {
    ...readOnly('ca', mountPath, { configMap: { name: caBundle.configMap, optional: true } }),
    variables: [{ name: 'NODE_EXTRA_CA_CERTS', value: `${mountPath}/${caBundle.key ?? 'ca.crt'}` }],
  };
}

function readOnly(name: string, mountPath: string, source: MountedVolume['source']): MountedVolume {
  return { name, mountPath, readOnly: true, source, variables: [] };
}

/** Optional: a missing Secret is a condition named by the collector, not a pod stuck in ContainerCreating. */
function secret(name: string, secretName: string | null, variable: string): readonly MountedVolume[] {
  if (secretName === null) return [];
  const mountPath = `${ROOT}/${name}`;
  return [
    {
      ...readOnly(name, mountPath, { secret: { secretName, optional: true } }),
      variables: [{ name: variable, value: mountPath }],
    },
  ];
}
