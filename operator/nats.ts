import { connect, type NatsConnection } from '@nats-io/transport-node';
import { OPERATOR_INBOX } from '../contract/control.ts';
import { Backoff } from '../runtime/backoff.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Logger } from '../runtime/log.ts';
import { explainRefusal, prepareLogin, type NatsLogin } from '../runtime/nats-login.ts';
import { followRotation } from '../runtime/nats-rotation.ts';
import type { Settings } from './settings.ts';

export type NatsState =
  | { readonly kind: 'connected' }
  | { readonly kind: 'unreachable'; readonly sinceMs: number; readonly message: string };

export interface ControlNatsOptions {
  readonly control: Settings['control'];
  /** Shown by NATS: the operator's pod. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Logger;
}

const RETRY = { firstMs: 250, maxMs: 10_000 };
const CONNECT_TIMEOUT_MS = 5_000;
/** As the chart's values and the settings call them. */
const FIELDS = {
  servers: 'control.servers',
  credentials: 'control.credentialsSecret',
  tls: 'control.credentialsSecret',
};

/**
 * The operator's own NATS connection. It never gives up: the client reconnects by itself, and a connection that it
 * closed for good (a refused credential, for one) is opened anew.
 */
export class ControlNats {
  readonly #options: ControlNatsOptions;
  readonly #backoff: Backoff;
  readonly #listeners = new Set<(connection: NatsConnection) => void>();
  readonly #changes = new Set<() => void>();
  #connection: NatsConnection | undefined;
  #state: NatsState;
  #stopped = false;
  #cancelRetry: (() => void) | undefined;

  constructor(options: ControlNatsOptions) {
    this.#options = options;
    this.#backoff = new Backoff({ ...RETRY, random: options.random });
    this.#state = { kind: 'unreachable', sinceMs: options.clock.nowMs(), message: 'not connected yet' };
  }

  get state(): NatsState {
    return this.#state;
  }

  /** Undefined while there is none or it is away: nothing is handed to the client then, its buffer has no bound. */
  get connection(): NatsConnection | undefined {
    return this.#state.kind === 'connected' ? this.#connection : undefined;
  }

  /** Called with each new connection (subscribe there), not at reconnects, which keep their subscriptions. */
  onConnection(listener: (connection: NatsConnection) => void): void {
    this.#listeners.add(listener);
    if (this.#connection !== undefined) listener(this.#connection);
  }

  /** Called whenever `state` changes. */
  onState(listener: () => void): void {
    this.#changes.add(listener);
  }

  start(): void {
    void this.#open();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#cancelRetry?.();
    await this.#connection?.close();
  }

  async #open(): Promise<void> {
    const { log, name } = this.#options;
    const login = prepareLogin(this.#login);
    if (login.kind === 'missing') return this.#refused(login.message);
    try {
      const connection = await connect({
        ...login.connect,
        name,
        inboxPrefix: OPERATOR_INBOX,
        timeout: CONNECT_TIMEOUT_MS,
        maxReconnectAttempts: -1,
        reconnectTimeWait: 1_000,
        pingInterval: 10_000,
        // A server that refuses the credential today may take the rotated one tomorrow.
        ignoreAuthErrorAbort: true,
      });
      if (this.#stopped) return await connection.close();
      this.#backoff.reset();
      this.#connection = connection;
      this.#become({ kind: 'connected' });
      log.info(
        { server: connection.getServer(), version: connection.info?.version },
        'connected to the control NATS',
      );
      for (const listener of this.#listeners) listener(connection);
      void this.#follow(connection);
    } catch (error) {
      const [, message] = explainRefusal(this.#login, error);
      this.#refused(message);
    }
  }

  get #login(): NatsLogin {
    const { servers, credentialsDir } = this.#options.control;
    return { servers, credentialsFolder: credentialsDir, fields: FIELDS };
  }

  /** Said once, however often it is tried. */
  #refused(message: string): void {
    if (this.#state.kind === 'connected' || this.#state.message !== message)
      this.#options.log.warn({ message }, 'the control NATS is unreachable');
    this.#unreachable(message);
    this.#again();
  }

  async #follow(connection: NatsConnection): Promise<void> {
    const { clock, log, name } = this.#options;
    const endRotation = followRotation(connection, {
      login: this.#login,
      name,
      clock,
      log,
      onRefusal: (refusal) => {
        // While it is away, why it stays away; a refused rotation is in the log.
        if (refusal !== undefined && this.#state.kind === 'unreachable') this.#unreachable(refusal[1]);
      },
    });
    for await (const status of connection.status()) {
      if (status.type === 'disconnect' || status.type === 'staleConnection')
        this.#unreachable(`the connection to ${connection.getServer()} was lost`);
      else if (status.type === 'reconnect') this.#become({ kind: 'connected' });
      else if (status.type === 'error')
        this.#options.log.warn({ err: status.error }, 'the control NATS reports an error');
    }
    endRotation();
    const error = await connection.closed();
    if (this.#stopped) return;
    this.#connection = undefined;
    this.#unreachable(`the connection was closed${error instanceof Error ? `: ${error.message}` : ''}`);
    this.#again();
  }

  #again(): void {
    if (this.#stopped) return;
    this.#cancelRetry = this.#options.clock.after(this.#backoff.nextMs(), () => void this.#open());
  }

  #unreachable(message: string): void {
    const sinceMs = this.#state.kind === 'unreachable' ? this.#state.sinceMs : this.#options.clock.nowMs();
    this.#become({ kind: 'unreachable', sinceMs, message });
  }

  #become(state: NatsState): void {
    const flipped = state.kind !== this.#state.kind;
    this.#state = state;
    if (flipped) for (const change of this.#changes) change();
  }
}
