import {
  connect,
  PermissionViolationError,
  type NatsConnection,
  type NodeConnectionOptions,
} from '@nats-io/transport-node';
import { Backoff } from './backoff.ts';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';
import {
  explainRefusal,
  prepareLogin,
  type LoginReason,
  type LoginRefusal,
  type NatsLogin,
} from './nats-login.ts';
import { followRotation } from './nats-rotation.ts';

export interface NatsLinkOptions extends NatsLogin {
  /** Shown by the server's monitor. */
  readonly name: string;
  readonly inboxPrefix?: string | null;
  /** -1: unlimited. */
  readonly maxReconnectAttempts?: number;
  readonly reconnectTimeWaitMs?: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
}

export interface NatsLinkProblem {
  readonly reason: LoginReason;
  readonly message: string;
  readonly sinceMs: number;
}

/** A connection that may not be there yet, and keeps coming back once it is. */
export interface NatsLink {
  /** Resolves at the first connection; never rejects. */
  readonly first: Promise<NatsConnection>;
  readonly connection: NatsConnection | undefined;
  /** Why there is none, or none yet. */
  problem(): NatsLinkProblem | undefined;
  close(): Promise<void>;
}

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 5_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Nothing tells that a right was granted: what is still forbidden is refused again well within this. */
const FORBIDDEN_KEPT_MS = 60_000;
const DEFAULT_RECONNECT_WAIT_MS = 2_000;

/** Tries until the first connection stands, whatever refuses it; from then on the client reconnects by itself. */
export function openNatsLink(options: NatsLinkOptions): NatsLink {
  const { promise, resolve } = Promise.withResolvers<NatsConnection>();
  const backoff = new Backoff({ firstMs: FIRST_RETRY_MS, maxMs: MAX_RETRY_MS, random: options.random });
  let connection: NatsConnection | undefined;
  let problem: (NatsLinkProblem & { readonly untilMs?: number }) | undefined;
  let closed = false;
  let cancel: (() => void) | undefined;
  let endRotation: (() => void) | undefined;
  const { clock } = options;
  const raise: Raise = (reason, message, keptMs = Infinity) => {
    const nowMs = clock.nowMs();
    problem = { reason, message, sinceMs: problem?.sinceMs ?? nowMs, untilMs: nowMs + keptMs };
  };
  /** Said once for each new reason, not at each attempt. */
  const fail = (reason: NatsLinkProblem['reason'], message: string): void => {
    if (problem?.message !== message) options.log.warn({ reason }, message);
    raise(reason, message);
    if (!closed) cancel = options.clock.after(backoff.nextMs(), () => void attempt());
  };
  const attempt = async (): Promise<void> => {
    const prepared = natsConnectOptions(options);
    if (prepared.kind === 'missing') return fail('CredentialsMissing', prepared.message);
    try {
      const made = await connect(prepared.connect);
      if (closed) {
        await made.close();
        return;
      }
      connection = made;
      problem = undefined;
      endRotation = follow(made, options, (reason, message, keptMs) =>
        reason === undefined ? (problem = undefined) : raise(reason, message, keptMs),
      );
      resolve(made);
    } catch (error) {
      fail(...explainRefusal(options, error));
    }
  };
  void attempt();
  return {
    first: promise,
    get connection() {
      return connection;
    },
    problem: () => (clock.nowMs() < (problem?.untilMs ?? Infinity) ? problem : undefined),
    async close() {
      closed = true;
      cancel?.();
      endRotation?.();
      await connection?.close();
    },
  };
}

export type PreparedOptions =
  | { readonly kind: 'ready'; readonly connect: NodeConnectionOptions }
  | { readonly kind: 'missing'; readonly message: string };

/** Options of the client from what is mounted. */
export function natsConnectOptions(options: NatsLinkOptions): PreparedOptions {
  const login = prepareLogin(options);
  if (login.kind === 'missing') return login;
  const waitMs = options.reconnectTimeWaitMs ?? DEFAULT_RECONNECT_WAIT_MS;
  return {
    kind: 'ready',
    connect: {
      ...login.connect,
      name: options.name,
      maxReconnectAttempts: options.maxReconnectAttempts ?? -1,
      reconnectTimeWait: waitMs,
      reconnectJitter: Math.round(waitMs / 4),
      timeout: CONNECT_TIMEOUT_MS,
      // A server that refuses the credential today may take the rotated one tomorrow.
      ignoreAuthErrorAbort: true,
      // Two unanswered pings of ten seconds: a half-open connection is found in half a minute.
      pingInterval: 10_000,
      maxPingOut: 2,
      ...(options.inboxPrefix === null || options.inboxPrefix === undefined
        ? {}
        : { inboxPrefix: options.inboxPrefix }),
    },
  };
}

type Raise = (reason: LoginReason, message: string, keptMs?: number) => void;
type Told = (reason: LoginReason | undefined, message: string, keptMs?: number) => void;

/** Says that it stands, and follows its fate and the files of its login. */
function follow(made: NatsConnection, options: NatsLinkOptions, tell: Told): () => void {
  const { clock, log, name } = options;
  const { version, jetstream } = made.info ?? {};
  log.info({ server: made.getServer(), version, jetstream }, 'connected to NATS');
  watch(made, options, tell);
  const onRefusal = (refused: LoginRefusal | undefined): void =>
    refused === undefined ? tell(undefined, '') : tell(...refused);
  return followRotation(made, { login: options, name, clock, log, onRefusal });
}

function watch(connection: NatsConnection, options: NatsLinkOptions, tell: Told): void {
  const run = async (): Promise<void> => {
    for await (const status of connection.status()) {
      if (status.type === 'disconnect') {
        tell(
          'NatsUnreachable',
          `nats.servers: connection to ${options.servers.join(', ')} lost, reconnecting`,
        );
        options.log.warn({ server: status.server }, 'connection to NATS lost');
      } else if (status.type === 'reconnect') {
        tell(undefined, '');
        options.log.info(
          { server: connection.getServer(), version: connection.info?.version },
          'NATS is back',
        );
      } else if (status.type === 'error') {
        const [reason, message] = explainRefusal(options, status.error);
        if (reason === 'NatsAuthorization')
          tell(
            reason,
            message,
            status.error instanceof PermissionViolationError ? FORBIDDEN_KEPT_MS : Infinity,
          );
        options.log.warn({ err: status.error }, 'NATS reports an error');
      } else if (status.type === 'close') {
        tell('NatsUnreachable', 'nats.maxReconnectAttempts is used up: raise it, or restart the pod');
      }
    }
  };
  run().catch((error: unknown) => options.log.error({ err: error }, 'status of NATS ended'));
}
