import type { NatsConnection, Subscription } from '@nats-io/transport-node';
import type { Logger } from '../../runtime/log.ts';
import type { BusMessage, ControlBus } from './bus.ts';

/** Handed out while the connection is not there yet: kept here, made once it is. */
interface Wanted {
  readonly subject: string;
  readonly onMessage: (message: BusMessage) => void;
  subscription?: Subscription;
}

/** The control bus over core NATS, from before the first connect on; the client itself renews subscriptions after a reconnect. */
export class NatsBus implements ControlBus {
  readonly #log: Logger;
  readonly #wanted = new Set<Wanted>();
  #connection: NatsConnection | undefined;
  #connected = false;

  constructor(connection: NatsConnection | Promise<NatsConnection>, log: Logger) {
    this.#log = log;
    Promise.resolve(connection)
      .then((ready) => this.#begin(ready))
      .catch((error: unknown) => log.error({ err: error }, 'the control connection is given up'));
  }

  get connected(): boolean {
    return this.#connected;
  }

  subscribe(subject: string, onMessage: (message: BusMessage) => void): () => void {
    const wanted: Wanted = { subject, onMessage };
    this.#wanted.add(wanted);
    this.#subscribe(wanted);
    return () => {
      this.#wanted.delete(wanted);
      wanted.subscription?.unsubscribe();
    };
  }

  publish(subject: string, payload: string): void {
    if (this.#connected) this.#connection?.publish(subject, payload);
  }

  async requestMany(subject: string, payload: string, waitMs: number): Promise<readonly string[]> {
    if (!this.#connected || this.#connection === undefined) return [];
    const replies: string[] = [];
    try {
      const answers = await this.#connection.requestMany(subject, payload, {
        strategy: 'timer',
        maxWait: waitMs,
      });
      for await (const answer of answers) replies.push(answer.string());
    } catch (error) {
      // No responders, or the connection went away meanwhile: what came until then counts.
      this.#log.debug({ err: error, subject }, 'request ended early');
    }
    return replies;
  }

  async flush(): Promise<void> {
    if (!this.#connected) return;
    try {
      await this.#connection?.flush();
    } catch (error) {
      this.#log.debug({ err: error }, 'flush ended early');
    }
  }

  async #begin(connection: NatsConnection): Promise<void> {
    this.#connection = connection;
    this.#connected = !connection.isClosed();
    for (const wanted of this.#wanted) this.#subscribe(wanted);
    for await (const { type } of connection.status()) {
      if (type === 'disconnect' || type === 'staleConnection' || type === 'close') this.#connected = false;
      else if (type === 'reconnect') this.#connected = true;
    }
    this.#connected = false;
  }

  #subscribe(wanted: Wanted): void {
    const connection = this.#connection;
    if (connection === undefined || connection.isClosed()) return;
    wanted.subscription = connection.subscribe(wanted.subject, {
      callback: (error, message) => {
        if (error !== null) {
          this.#log.warn({ err: error, subject: wanted.subject }, 'control subscription failed');
          return;
        }
        wanted.onMessage({
          payload: message.string(),
          respond: (payload) => void message.respond(payload),
        });
      },
    });
  }
}
