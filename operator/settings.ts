import { parse, YAMLParseError } from 'yaml';
import type { DefaultsOverlay } from '../contract/effective.ts';
import { settingsFaults } from './settings-schema.ts';

/** The operator's own configuration: the file that the chart mounts, `settings.yaml`. */
export interface Settings {
  /** `<namespace>/<fullname>`: the owner mark of streams. */
  readonly installation: string;
  /** `namespaces` is never empty unless `cluster` is true. */
  readonly watch: { readonly namespaces: readonly string[]; readonly cluster: boolean };
  readonly collector: {
    readonly image: string;
    readonly imagePullPolicy: 'Always' | 'IfNotPresent' | 'Never';
    readonly imagePullSecrets: readonly { readonly name: string }[];
    readonly resources: {
      readonly limits?: Readonly<Record<string, string | number>>;
      readonly requests?: Readonly<Record<string, string | number>>;
    };
    readonly serviceAccountName: string | null;
    /** Within this a new pod of a roll has to be in sync. */
    readonly rollDeadlineSeconds: number;
  };
  readonly control: {
    readonly servers: readonly string[];
    /** Secret with the control credential that is expected in each watched namespace. */
    readonly credentialsSecret: string | null;
    /** Where the operator's own credential is mounted. */
    readonly credentialsDir: string | null;
  };
  readonly defaults: DefaultsOverlay;
  readonly leaderElection: {
    readonly enabled: boolean;
    readonly leaseName: string;
    readonly leaseSeconds: number;
    readonly renewDeadlineSeconds: number;
    readonly retrySeconds: number;
  };
  readonly http: { readonly port: number };
}

export type SettingsResult =
  | { readonly kind: 'settings'; readonly settings: Settings }
  | { readonly kind: 'invalid'; readonly faults: readonly string[] };

/** Every fault at once, each with path, value and mend; an unknown key is a fault, because a typo must not be silent. */
export function parseSettings(text: string, podNamespace: string | undefined): SettingsResult {
  let value: unknown;
  try {
    value = parse(text) ?? {};
  } catch (error) {
    if (!(error instanceof YAMLParseError)) throw error;
    return { kind: 'invalid', faults: [`not YAML: ${error.message}`] };
  }
  const faults = settingsFaults(value);
  if (faults.length > 0) return { kind: 'invalid', faults };
  const settings = withDefaults(value as PartialSettings, podNamespace);
  const late = crossFaults(settings);
  return late.length > 0 ? { kind: 'invalid', faults: late } : { kind: 'settings', settings };
}

type PartialSettings = {
  readonly [K in keyof Settings]?: Settings[K] extends string ? string : Partial<Settings[K]> | null;
};

function withDefaults(given: PartialSettings, podNamespace: string | undefined): Settings {
  const namespaces = given.watch?.namespaces ?? [];
  const servers = given.control?.servers ?? ['nats://127.0.0.1:4222'];
  const defaults = given.defaults ?? {};
  return {
    installation: given.installation ?? '',
    watch: {
      cluster: given.watch?.cluster ?? false,
      namespaces: namespaces.length > 0 || podNamespace === undefined ? namespaces : [podNamespace],
    },
    collector: {
      image: given.collector?.image ?? '',
      imagePullPolicy: given.collector?.imagePullPolicy ?? 'IfNotPresent',
      imagePullSecrets: given.collector?.imagePullSecrets ?? [],
      resources: given.collector?.resources ?? {},
      serviceAccountName: given.collector?.serviceAccountName ?? null,
      rollDeadlineSeconds: given.collector?.rollDeadlineSeconds ?? 600,
    },
    control: {
      servers,
      credentialsSecret: given.control?.credentialsSecret ?? null,
      credentialsDir: given.control?.credentialsDir ?? null,
    },
    // Feeds without servers of their own publish where the operator is.
    defaults: defaults.nats?.servers === undefined ? { ...defaults, nats: { servers } } : defaults,
    leaderElection: {
      enabled: given.leaderElection?.enabled ?? true,
      leaseName: given.leaderElection?.leaseName ?? 'marketprism-operator',
      leaseSeconds: given.leaderElection?.leaseSeconds ?? 15,
      renewDeadlineSeconds: given.leaderElection?.renewDeadlineSeconds ?? 10,
      retrySeconds: given.leaderElection?.retrySeconds ?? 2,
    },
    http: { port: given.http?.port ?? 8080 },
  };
}

function crossFaults(settings: Settings): readonly string[] {
  const faults: string[] = [];
  const { leaderElection, watch } = settings;
  if (!watch.cluster && watch.namespaces.length === 0)
    faults.push(
      'watch.namespaces is empty and POD_NAMESPACE is not set: name the namespaces, or set watch.cluster: true',
    );
  const { leaseSeconds, renewDeadlineSeconds, retrySeconds } = leaderElection;
  if (renewDeadlineSeconds >= leaseSeconds)
    faults.push(
      `leaderElection.renewDeadlineSeconds: ${renewDeadlineSeconds} must be less than leaseSeconds (${leaseSeconds})`,
    );
  if (retrySeconds >= renewDeadlineSeconds)
    faults.push(
      `leaderElection.retrySeconds: ${retrySeconds} must be less than renewDeadlineSeconds (${renewDeadlineSeconds})`,
    );
  return faults;
}
