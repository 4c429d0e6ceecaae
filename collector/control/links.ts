import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { Assignment } from '../../contract/assignment.ts';
import { COLLECTOR_INBOX } from '../../contract/control.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import { openNatsLink, type NatsLink } from '../../runtime/nats-connection.ts';
import type { NatsFields } from '../../runtime/nats-login.ts';

export interface LinkSettings {
  readonly pod: string;
  /** The operator's NATS; null without an operator. */
  readonly control: { readonly servers: readonly string[]; readonly credentialsFolder: string | null } | null;
  readonly data: { readonly credentialsFolder: string | null; readonly tlsFolder: string | null };
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

/** A link that is given back instead of closed: the last who holds it closes it. */
export interface HeldLink {
  readonly link: NatsLink;
  release(): Promise<void>;
}

/** The control link, and data links that are the same one where server and login are the same. */
export class Links {
  readonly #settings: LinkSettings;
  readonly control: NatsLink | undefined;

  constructor(settings: LinkSettings) {
    this.#settings = settings;
    const { control, pod } = settings;
    this.control =
      control === null
        ? undefined
        : openNatsLink({
            ...this.#common(),
            servers: control.servers,
            credentialsFolder: control.credentialsFolder,
            name: `${pod} control`,
            inboxPrefix: COLLECTOR_INBOX,
            fields: CONTROL_FIELDS,
          });
  }

  data({ feed, effective }: Assignment): HeldLink {
    const { data, pod } = this.#settings;
    const { nats } = effective;
    const control = this.control;
    if (control !== undefined && this.#isControl(effective))
      return { link: control, release: () => Promise.resolve() };
    const link = openNatsLink({
      ...this.#common(),
      servers: nats.servers,
      name: nats.name ?? `marketprism-${feed.name} ${pod}`,
      credentialsFolder: data.credentialsFolder,
      tlsFolder: data.tlsFolder,
      inboxPrefix: nats.inboxPrefix ?? COLLECTOR_INBOX,
      fields: dataFields(nats, nats.own || this.control === undefined),
      maxReconnectAttempts: nats.maxReconnectAttempts,
      reconnectTimeWaitMs: nats.reconnectTimeWaitMs,
    });
    return { link, release: () => link.close() };
  }

  async close(): Promise<void> {
    await this.control?.close();
  }

  #common(): Pick<LinkSettings, 'clock' | 'log' | 'random'> {
    const { clock, log, random } = this.#settings;
    return { clock, log, random };
  }

  /** What a feed asks of its own connection (name, inbox, patience) needs one of its own. */
  #isControl({ nats }: Assignment['effective']): boolean {
    const { control, data } = this.#settings;
    return (
      control !== null &&
      data.tlsFolder === null &&
      nats.inboxPrefix === null &&
      nats.name === null &&
      nats.maxReconnectAttempts === -1 &&
      isDeepStrictEqual([...nats.servers].sort(), [...control.servers].sort()) &&
      isDeepStrictEqual(secretIn(control.credentialsFolder), secretIn(data.credentialsFolder))
    );
  }
}

/** The chart's values. */
const CONTROL_FIELDS: NatsFields = {
  servers: 'nats.servers of the chart',
  credentials: 'control.credentialsSecret of the chart',
  tls: 'control.credentialsSecret of the chart',
};

/** The feed's fields, with the Secrets that it names. */
function dataFields(
  { credentialsSecret, tlsSecret }: Assignment['effective']['nats'],
  own: boolean,
): NatsFields {
  const named = (field: string, secret: string | null): string =>
    secret === null ? field : `${field} ${secret}`;
  return {
    servers: own ? 'nats.servers' : CONTROL_FIELDS.servers,
    credentials:
      credentialsSecret === null && !own
        ? CONTROL_FIELDS.credentials
        : named('nats.credentialsSecret', credentialsSecret),
    tls: named('nats.tlsSecret', tlsSecret),
  };
}

/** The files of a mounted Secret: two mounts of one Secret are one login. */
function secretIn(folder: string | null): Readonly<Record<string, string>> {
  if (folder === null || !existsSync(folder)) return {};
  const files = readdirSync(folder).filter((name) => statSync(join(folder, name)).isFile());
  return Object.fromEntries(files.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}
