import type { NatsConnection } from '@nats-io/transport-node';
import type { Clock } from './clock.ts';
import type { Logger } from './log.ts';
import { loginFingerprint, probeLogin, type LoginRefusal, type NatsLogin } from './nats-login.ts';

export interface RotationOptions {
  readonly login: NatsLogin;
  readonly name: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Undefined: nothing to say any more. */
  readonly onRefusal: (refusal: LoginRefusal | undefined) => void;
}

/** The kubelet writes a changed Secret within a minute or so. */
const LOOK_MS = 5_000;
/** How often the server is asked again, about a login that it refused or a connection that does not come back. */
const ASK_MS = 10_000;

/**
 * Follows the files of the login. A rotated Secret is tried on a connection of its own first: what the server takes
 * replaces the running login by a reconnect, what it refuses is told, and the running connection goes on. The same way
 * it is found out why a lost connection does not come back: the client does not tell.
 */
export function followRotation(connection: NatsConnection, options: RotationOptions): () => void {
  const rotation = new Rotation(connection, options);
  return options.clock.every(LOOK_MS, () => rotation.look());
}

class Rotation {
  readonly #connection: NatsConnection;
  readonly #options: RotationOptions;
  #used: string;
  #refused: string | undefined;
  #asking = false;
  #askedMs: number;
  #isLost = false;

  constructor(connection: NatsConnection, options: RotationOptions) {
    this.#connection = connection;
    this.#options = options;
    this.#used = loginFingerprint(options.login);
    this.#askedMs = options.clock.nowMs();
    this.#watch().catch((error: unknown) => options.log.error({ err: error }, 'status of NATS ended'));
  }

  look(): void {
    const { clock, login, onRefusal } = this.#options;
    const isDue = clock.nowMs() - this.#askedMs >= ASK_MS;
    if (this.#isLost) {
      if (isDue) void this.#ask((refusal) => this.#explain(refusal));
      return;
    }
    const fingerprint = loginFingerprint(login);
    if (fingerprint !== this.#used) {
      // What was refused is asked again: the server may learn of it after the Secret.
      if (fingerprint !== this.#refused || isDue)
        void this.#ask((refusal) => this.#rotate(fingerprint, refusal));
    } else if (this.#refused !== undefined) {
      this.#refused = undefined;
      onRefusal(undefined);
    }
  }

  async #ask(then: (refusal: LoginRefusal | undefined) => void): Promise<void> {
    const { clock, login, name, log } = this.#options;
    if (this.#asking) return;
    this.#asking = true;
    this.#askedMs = clock.nowMs();
    try {
      then(await probeLogin(login, name));
    } catch (error) {
      log.error({ err: error }, 'the login of NATS could not be tried');
    } finally {
      this.#asking = false;
    }
  }

  #explain(refusal: LoginRefusal | undefined): void {
    if (this.#isLost && refusal !== undefined) this.#options.onRefusal(refusal);
  }

  #rotate(fingerprint: string, refusal: LoginRefusal | undefined): void {
    const { login, log, onRefusal } = this.#options;
    // Written on meanwhile: the next look decides.
    if (this.#isLost || this.#connection.isClosed() || fingerprint !== loginFingerprint(login)) return;
    if (refusal === undefined) {
      this.#used = fingerprint;
      this.#refused = undefined;
      onRefusal(undefined);
      log.info('the login of NATS was rotated: reconnecting with it');
      this.#connection.reconnect().catch((error: unknown) => log.warn({ err: error }, 'no reconnect'));
      return;
    }
    const [reason, message] = refusal;
    this.#refused = fingerprint;
    log.warn({ reason }, `the rotated login is refused, the running one goes on: ${message}`);
    onRefusal([reason, `${message}; until then the running connection goes on`]);
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === 'disconnect') this.#isLost = true;
      if (type !== 'reconnect') continue;
      this.#isLost = false;
      this.#refused = undefined;
      this.#used = loginFingerprint(this.#options.login);
    }
  }
}
