import { connect, type NatsConnection } from '@nats-io/transport-node';
import { DEFAULTS } from '../contract/effective.ts';
import { systemClock } from '../runtime/clock.ts';
import type { EnvReader } from '../runtime/env.ts';
import { createLogger } from '../runtime/log.ts';
import { natsConnectOptions } from '../runtime/nats-connection.ts';

/** What the help of each command says of it. */
export const NATS_ENVIRONMENT = `NATS_URL (${DEFAULTS.nats.servers.join(',')}); MP_DATA_CREDENTIALS_DIR and MP_DATA_TLS_DIR name
folders with the files of a NATS credential and of TLS`;

/** One connection of a user at a terminal, or why there is none. NATS_URL beats `servers`. */
export async function connectToNats(
  command: string,
  env: EnvReader,
  servers: readonly string[] = DEFAULTS.nats.servers,
): Promise<NatsConnection | string> {
  const named = env.list('NATS_URL');
  const tried = named.length > 0 ? named : servers;
  const prepared = natsConnectOptions({
    servers: tried,
    name: `marketprism ${command}`,
    credentialsFolder: env.text('MP_DATA_CREDENTIALS_DIR') ?? null,
    tlsFolder: env.text('MP_DATA_TLS_DIR') ?? null,
    clock: systemClock(),
    log: createLogger(command, 'silent'),
    random: Math.random,
  });
  if (prepared.kind === 'missing') return prepared.message;
  try {
    return await connect(prepared.connect);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return `NATS at ${tried.join(', ')} cannot be reached (${said}); name it in NATS_URL`;
  }
}
