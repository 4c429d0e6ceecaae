// The users that docs/nats-security.md prints, with keys made here.
import { readFile } from 'node:fs/promises';
import { nkeys } from '@nats-io/nats-core';

export const ROLES = ['operator', 'collector', 'consumer'] as const;
export type Role = (typeof ROLES)[number];

export interface RoleKeys {
  readonly publicKey: string;
  readonly seed: string;
}

export function makeRoleKeys(): Readonly<Record<Role, RoleKeys>> {
  const made = (): RoleKeys => {
    const pair = nkeys.createUser();
    return { publicKey: pair.getPublicKey(), seed: new TextDecoder().decode(pair.getSeed()) };
  };
  return { operator: made(), collector: made(), consumer: made() };
}

const DOCUMENT = new URL('../../docs/nats-security.md', import.meta.url);

/** The configuration as a reader copies it out of the document. */
export async function documentedUsers(): Promise<string> {
  const text = await readFile(DOCUMENT, 'utf8');
  const block = /```conf\n(authorization[^]*?)```/.exec(text)?.[1];
  if (block === undefined) throw new Error('docs/nats-security.md has no block of users');
  return block;
}

export function withKeys(users: string, keys: Readonly<Record<Role, RoleKeys>>): string {
  return ROLES.reduce(
    (text, role) => text.replace(`${role.toUpperCase()}_NKEY`, keys[role].publicKey),
    users,
  );
}
