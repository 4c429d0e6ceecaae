import { createHash } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { connect, PermissionViolationError, type NodeConnectionOptions } from '@nats-io/transport-node';
import { liveAuthenticator, readCredentials, readTls } from './nats-credentials.ts';

/** Where to log in, with what, and what a user calls these. */
export interface NatsLogin {
  readonly servers: readonly string[];
  /** Folders of mounted Secrets; one that is named but holds nothing usable is a problem, not a crash. */
  readonly credentialsFolder?: string | null;
  /** Null: `ca.crt`, `tls.crt` and `tls.key` may lie beside the credential. */
  readonly tlsFolder?: string | null;
  readonly fields?: NatsFields;
}

/** What names servers and Secrets for the user, e.g. `nats.credentialsSecret majors-nats`. */
export interface NatsFields {
  readonly servers: string;
  readonly credentials: string;
  readonly tls: string;
}

const FEED_FIELDS: NatsFields = {
  servers: 'nats.servers',
  credentials: 'nats.credentialsSecret',
  tls: 'nats.tlsSecret',
};

export type LoginReason = 'NatsUnreachable' | 'NatsAuthorization' | 'CredentialsMissing';

export type PreparedLogin =
  | {
      readonly kind: 'ready';
      readonly connect: Pick<NodeConnectionOptions, 'servers' | 'authenticator' | 'tls'>;
    }
  | { readonly kind: 'missing'; readonly message: string };

/** Options of the client from what is mounted now; what is mounted later is used at the next login. */
export function prepareLogin(login: NatsLogin): PreparedLogin {
  const { servers, credentialsFolder = null, tlsFolder = null } = login;
  const fields = login.fields ?? FEED_FIELDS;
  const credentials = readCredentials(credentialsFolder);
  if (credentials.kind === 'missing')
    return { kind: 'missing', message: `${fields.credentials}: ${credentials.message}` };
  const isNamed = tlsFolder !== null && tlsFolder !== '';
  const tls = readTls(isNamed ? tlsFolder : credentialsFolder);
  const tlsField = isNamed ? fields.tls : fields.credentials;
  if (tls.kind === 'missing') return { kind: 'missing', message: `${tlsField}: ${tls.message}` };
  if (tls.kind === 'none' && isNamed)
    return {
      kind: 'missing',
      message: `${tlsField}: ${tlsFolder} holds neither ca.crt nor tls.crt with tls.key; put them into the Secret`,
    };
  return {
    kind: 'ready',
    connect: {
      servers: [...servers],
      ...(credentialsFolder === null || credentialsFolder === ''
        ? {}
        : { authenticator: liveAuthenticator(credentialsFolder) }),
      // The client drops the scheme: without this a server named tls:// that offers no TLS would be talked to in clear.
      ...(tls.kind === 'found'
        ? { tls: tls.tls }
        : servers.some((server) => server.startsWith('tls://')) && { tls: {} }),
    },
  };
}

/** Changes when a file of the login does: a rotated Secret. */
export function loginFingerprint({ credentialsFolder, tlsFolder }: NatsLogin): string {
  const hash = createHash('sha256');
  for (const folder of [credentialsFolder, tlsFolder]) {
    if (folder === null || folder === undefined || !existsSync(folder)) continue;
    for (const name of readdirSync(folder).sort()) {
      const path = join(folder, name);
      if (statSync(path, { throwIfNoEntry: false })?.isFile() === true)
        hash.update(`${path}\0`).update(readFileSync(path)).update('\0');
    }
  }
  return hash.digest('hex');
}

const PROBE_TIMEOUT_MS = 5_000;

/** Logs in once on a connection of its own: undefined when the server takes it, else what a user mends. */
export async function probeLogin(login: NatsLogin, name: string): Promise<LoginRefusal | undefined> {
  const prepared = prepareLogin(login);
  if (prepared.kind === 'missing') return ['CredentialsMissing', prepared.message];
  try {
    const made = await connect({
      ...prepared.connect,
      name: `${name} probe`,
      timeout: PROBE_TIMEOUT_MS,
      reconnect: false,
    });
    await made.close();
    return undefined;
  } catch (error) {
    return explainRefusal(login, error);
  }
}

export type LoginRefusal = readonly [reason: LoginReason, message: string];

const UNTRUSTED =
  /UNABLE_TO_VERIFY_LEAF_SIGNATURE|SELF_SIGNED_CERT|UNABLE_TO_GET_ISSUER_CERT|CERT_UNTRUSTED|self.signed certificate/;
const OTHER_NAME = /ERR_TLS_CERT_ALTNAME_INVALID/;
const OUT_OF_DATE = /CERT_HAS_EXPIRED|CERT_NOT_YET_VALID/;
const BROKEN_FILES = /ERR_OSSL|KEY_VALUES_MISMATCH|PEM|asn1/;
const NO_TLS = /does not support 'tls'|not available on this server/;
/** Alerts by which a server refuses a client's certificate, or that there is none. */
const CLIENT_REFUSED = /ERR_SSL_\w*ALERT|ERR_SSL_\w*(CERTIFICATE|UNKNOWN_CA)/;

/** The alert above may be lost with the connection that it ends. */
const CUT_OFF = /ECONNRESET|EPIPE/;
const NEVER = /(?!)/;

/** What a user does about a refused connection: the field, what was said, the mend. */
export function explainRefusal(login: NatsLogin, error: unknown): LoginRefusal {
  const fields = login.fields ?? FEED_FIELDS;
  const servers = login.servers.join(', ');
  const said = plainly(error instanceof Error ? error.message : String(error));
  const words = wordsOf(error);
  if (error instanceof PermissionViolationError)
    return [
      'NatsAuthorization',
      `${fields.credentials}: the user may not ${error.operation} ${error.subject}: grant it (docs/nats-security.md has what each role needs)`,
    ];
  const inFolder = (login.tlsFolder ?? '') !== '';
  const tls = inFolder ? fields.tls : `${fields.tls} or ${fields.credentials}`;
  if (CLIENT_REFUSED.test(words))
    return [
      'NatsAuthorization',
      `${tls}: ${servers} refuses the client certificate, or that there is none (${said}): put tls.crt and tls.key of an authority that the server trusts into the Secret`,
    ];
  if (/authorization|authentication/i.test(words))
    return [
      'NatsAuthorization',
      `${fields.credentials}: ${servers} refuses the credential (${said}): correct the Secret, or set one`,
    ];
  const isTls = inFolder || login.servers.some((server) => server.startsWith('tls://'));
  for (const [pattern, mend] of [
    [
      isTls ? CUT_OFF : NEVER,
      `${tls}: ${servers} ended the connection while logging in (${said}): if it demands a client certificate, put tls.crt and tls.key of an authority that it trusts into the Secret`,
    ],
    [
      UNTRUSTED,
      `${tls}: the certificate of ${servers} is not trusted (${said}): put the server's authority into ca.crt of the Secret`,
    ],
    [
      OTHER_NAME,
      `${fields.servers}: the certificate of ${servers} is for another name (${said}): use a name that it has`,
    ],
    [
      OUT_OF_DATE,
      `${fields.servers}: the certificate of ${servers} is out of date (${said}): renew it there`,
    ],
    [
      NO_TLS,
      `${fields.servers}: ${servers} offers no TLS (${said}): enable it there, or write nats:// and remove ${tls}`,
    ],
    [BROKEN_FILES, `${tls}: the files of the Secret are not usable (${said}): put PEM, tls.key of tls.crt`],
  ] as const)
    if (pattern.test(words)) return ['NatsUnreachable', mend];
  return [
    'NatsUnreachable',
    `${fields.servers}: ${servers} cannot be reached (${said}): correct the address, or start NATS`,
  ];
}

/** OpenSSL's own line without thread, address and source: `tlsv13 alert certificate required`. */
const plainly = (said: string): string => (/SSL routines:[^:]*:([^:]+)/.exec(said)?.[1] ?? said).trim();

/** Names, codes and messages of an error and of what caused it. */
function wordsOf(error: unknown): string {
  const words: string[] = [];
  for (let one = error, depth = 0; one instanceof Error && depth < 5; one = one.cause, depth += 1)
    words.push(one.name, String((one as NodeJS.ErrnoException).code), one.message);
  return words.length === 0 ? String(error) : words.join(' ');
}
