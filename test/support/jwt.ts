// A NATS operator with one account, whose users log in by a JWT (nats-io/jwt, version 2): what `nsc` would make.
import { createHash } from 'node:crypto';
import { nkeys } from '@nats-io/nats-core';

type KeyPair = ReturnType<typeof nkeys.createUser>;

const NO_LIMITS = { subs: -1, data: -1, payload: -1, conn: -1, leaf: -1, imports: -1, exports: -1 };
const DECODER = new TextDecoder();

function sign(issuer: KeyPair, subject: KeyPair, name: string, nats: Record<string, unknown>): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const claims = {
    iat: Math.floor(Date.now() / 1_000),
    iss: issuer.getPublicKey(),
    name,
    sub: subject.getPublicKey(),
    nats: { ...nats, version: 2 },
  };
  const jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex');
  const body = `${part({ typ: 'JWT', alg: 'ed25519-nkey' })}.${part({ jti, ...claims })}`;
  return `${body}.${Buffer.from(issuer.sign(new TextEncoder().encode(body))).toString('base64url')}`;
}

export interface JwtIssuer {
  /** Lines of a server's configuration that trusts this operator. */
  readonly config: string;
  /** The text of a creds file of a new user. */
  readonly user: (name: string) => string;
}

export function makeJwtIssuer(): JwtIssuer {
  const [operator, account, system] = [nkeys.createOperator(), nkeys.createAccount(), nkeys.createAccount()];
  const limits = { ...NO_LIMITS, wildcards: true };
  const preloaded = [
    [account, { ...limits, mem_storage: -1, disk_storage: -1, streams: -1, consumer: -1 }] as const,
    // JetStream is not allowed there.
    [system, limits] as const,
  ].map(
    ([pair, of]) =>
      `${pair.getPublicKey()}: ${sign(operator, pair, 'account', { type: 'account', limits: of })}`,
  );
  const operatorJwt = sign(operator, operator, 'test', { type: 'operator' });
  return {
    config: `operator: ${operatorJwt}
resolver: MEMORY
system_account: ${system.getPublicKey()}
resolver_preload: { ${preloaded.join('\n')} }`,
    user(name) {
      const pair = nkeys.createUser();
      const jwt = sign(account, pair, name, { type: 'user', subs: -1, data: -1, payload: -1 });
      const seed = DECODER.decode(pair.getSeed());
      return `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`;
    },
  };
}
