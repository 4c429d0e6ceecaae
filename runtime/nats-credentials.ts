import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  credsAuthenticator,
  nkeyAuthenticator,
  tokenAuthenticator,
  usernamePasswordAuthenticator,
  type Authenticator,
  type TlsOptions,
} from '@nats-io/transport-node';

/**
 * What a mounted Secret says about logging in to NATS. One of these keys: `nats.creds` (any `*.creds`), `nkey` (the
 * seed; any `*.nk`), `token`, `username` (or `user`) with `password`; and for TLS `ca.crt`, `tls.crt`, `tls.key`.
 */
export type CredentialResult =
  | { readonly kind: 'found'; readonly authenticator: Authenticator; readonly file: string }
  | { readonly kind: 'none' }
  /** Nothing there, or nothing usable; the message names the directory, the file and the keys that would do. */
  | { readonly kind: 'missing'; readonly message: string };

const KEYS = 'nats.creds, nkey, token, or username and password';
const ANY_NONCE = 'nonce';

export function readCredentials(directory: string | null): CredentialResult {
  if (directory === null || directory === '') return { kind: 'none' };
  const found = find(directory);
  if (found === undefined)
    return { kind: 'missing', message: `${directory} holds no NATS credential: the Secret needs ${KEYS}` };
  try {
    found.authenticator(ANY_NONCE);
    return { kind: 'found', ...found };
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return {
      kind: 'missing',
      message: `${join(directory, found.file)} is not usable (${said}): the Secret needs ${KEYS}`,
    };
  }
}

/**
 * Looks for the credential anew at each login, so that a rotated Secret is used, also one of another kind. It never
 * throws: the client closes for good when it does. Without a credential the server refuses.
 */
export function liveAuthenticator(directory: string): Authenticator {
  return (nonce) => {
    const credentials = readCredentials(directory);
    return credentials.kind === 'found' ? credentials.authenticator(nonce) : undefined;
  };
}

function find(
  directory: string,
): { readonly authenticator: Authenticator; readonly file: string } | undefined {
  const names = existsSync(directory) ? readdirSync(directory) : [];
  const named = (...wanted: readonly string[]): string | undefined =>
    names.find(
      (name) => wanted.includes(name) || wanted.some((end) => end.startsWith('.') && name.endsWith(end)),
    );
  const text = (name: string): string => {
    const value = readFileSync(join(directory, name), 'utf8').trim();
    if (value === '') throw new Error('it is empty');
    return value;
  };
  // The client's pattern for creds wants a line end behind the last line.
  const bytes =
    (name: string, end = '') =>
    (): Uint8Array =>
      new TextEncoder().encode(text(name) + end);
  const creds = named('nats.creds', '.creds');
  if (creds !== undefined) return { file: creds, authenticator: credsAuthenticator(bytes(creds, '\n')) };
  const nkey = named('nkey', '.nk');
  if (nkey !== undefined) return { file: nkey, authenticator: nkeyAuthenticator(bytes(nkey)) };
  const token = named('token');
  if (token !== undefined) return { file: token, authenticator: tokenAuthenticator(() => text(token)) };
  const user = named('username', 'user');
  const password = named('password', 'pass');
  if (user === undefined || password === undefined) return undefined;
  const login = usernamePasswordAuthenticator(
    () => text(user),
    () => text(password),
  );
  return { file: user, authenticator: login };
}

export type TlsResult =
  | { readonly kind: 'found'; readonly tls: TlsOptions }
  /** The directory says nothing of TLS. */
  | { readonly kind: 'none' }
  | { readonly kind: 'missing'; readonly message: string };

/** The client reads the files at each handshake, and the names are looked for anew, so a rotated Secret is used. */
export function readTls(directory: string | null): TlsResult {
  if (directory === null || directory === '') return { kind: 'none' };
  const has = (name: string): boolean => existsSync(join(directory, name));
  if (has('tls.crt') !== has('tls.key'))
    return { kind: 'missing', message: `${directory} holds tls.crt or tls.key without the other: put both` };
  if (!has('ca.crt') && !has('tls.crt')) return { kind: 'none' };
  const file = (name: string, needs = name): string | undefined =>
    has(name) && has(needs) ? join(directory, name) : undefined;
  const tls: Record<string, unknown> = {};
  const live = (option: string, name: string, needs = name): void => {
    Object.defineProperty(tls, option, { enumerable: true, get: () => file(name, needs) });
  };
  live('caFile', 'ca.crt');
  live('certFile', 'tls.crt', 'tls.key');
  live('keyFile', 'tls.key', 'tls.crt');
  return { kind: 'found', tls };
}
