import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { loadKubeConfig } from '../operator/kube/connection.ts';
import { runOperator } from '../operator/main.ts';
import { parseSettings } from '../operator/settings.ts';
import { systemClock } from '../runtime/clock.ts';
import { LOG_LEVELS, readEnv } from '../runtime/env.ts';
import { createLogger } from '../runtime/log.ts';
import { watchShutdown } from '../runtime/shutdown.ts';
import { EXIT_FAILED, EXIT_OK, EXIT_USAGE, parse, usageMessage } from './args.ts';

const DEFAULT_SETTINGS = '/etc/marketprism/operator/settings.yaml';
const USAGE = `marketprism operator [--settings ${DEFAULT_SETTINGS}]

Runs the controller of CollectorFeed resources. The cluster is that of KUBECONFIG, ~/.kube/config or the pod.

  --settings FILE  configuration, in a pod mounted by the chart; also MARKETPRISM_SETTINGS
  -h, --help       this text

Environment: KUBECONFIG, POD_NAME, POD_NAMESPACE, LOG_LEVEL (${LOG_LEVELS.join(', ')}).
`;

/** The command `operator`: until SIGTERM or SIGINT. */
export async function run(args: readonly string[]): Promise<number> {
  const parsed = parse({
    args: [...args],
    options: { settings: { type: 'string' }, help: { type: 'boolean', short: 'h' } },
  });
  if (parsed.kind === 'fault') return refuse(usageMessage('operator', parsed.message), EXIT_USAGE);
  const { values } = parsed.args;
  if (values.help === true) {
    process.stdout.write(USAGE);
    return EXIT_OK;
  }
  const env = readEnv(process.env);
  const level = env.choice('LOG_LEVEL', LOG_LEVELS, 'info');
  const path = values.settings ?? env.text('MARKETPRISM_SETTINGS') ?? DEFAULT_SETTINGS;
  const podNamespace = env.text('POD_NAMESPACE');
  const read = readSettings(path, podNamespace);
  const faults = [...env.faults(), ...('faults' in read ? read.faults : [])];
  const kube = loadKubeConfig();
  if ('message' in kube) faults.push(kube.message);
  if ('faults' in read || 'message' in kube || faults.length > 0)
    return refuse(faults.map((fault) => `marketprism operator: ${fault}\n`).join(''), EXIT_USAGE);

  const log = createLogger('operator', level);
  const shutdown = watchShutdown();
  const { settings } = read;
  const namespace = podNamespace ?? settings.watch.namespaces[0] ?? 'default';
  const self = { pod: env.text('POD_NAME') ?? hostname(), namespace };
  try {
    await runOperator({
      settings,
      config: kube.config,
      self,
      log,
      shutdown,
      clock: systemClock(),
      random: Math.random,
    });
    return EXIT_OK;
  } catch (error) {
    log.fatal({ err: error }, 'the operator cannot go on');
    return EXIT_FAILED;
  } finally {
    shutdown.dispose();
  }
}

type Read =
  Extract<ReturnType<typeof parseSettings>, { kind: 'settings' }> | { readonly faults: readonly string[] };

function readSettings(path: string, podNamespace: string | undefined): Read {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    return { faults: [`settings cannot be read: ${why}; name the file with --settings`] };
  }
  const result = parseSettings(text, podNamespace);
  return result.kind === 'settings' ? result : { faults: result.faults.map((fault) => `${path}: ${fault}`) };
}

function refuse(text: string, code: number): number {
  process.stderr.write(text);
  return code;
}
