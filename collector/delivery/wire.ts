import { createInbox, type Msg, type NatsConnection } from '@nats-io/nats-core';
import { COLLECTOR_INBOX } from '../../contract/control.ts';
import type { Clock } from '../../runtime/clock.ts';
import { readAnswer, type Answer } from './answers.ts';
import { HeaderBlock } from './header-block.ts';

export interface WireOptions {
  readonly connection: NatsConnection;
  readonly clock: Clock;
  readonly ackTimeoutMs: number;
  readonly inboxPrefix: string | null;
  /** Called after each change of `connected`. */
  readonly onChange: (connected: boolean) => void;
}

export interface Outbound {
  readonly subject: string;
  readonly payload: Uint8Array;
  readonly headers: Readonly<Record<string, string>>;
}

interface Waiting {
  readonly resolve: (answer: Answer) => void;
  readonly deadlineMs: number;
}

const SWEEP_MS = 100;
/** Header block and protocol line beside the payload; the server's limit counts headers too. */
const HEADER_ALLOWANCE_BYTES = 1_024;

/**
 * Publishes with acknowledgements over one reply inbox. Nothing is handed to a disconnected client, because its buffer
 * has no bound: what was in flight then is answered `disconnected`, unclear.
 */
export class Wire {
  readonly #options: WireOptions;
  readonly #inbox: string;
  readonly #waiting = new Map<string, Waiting>();
  readonly #headers = new HeaderBlock();
  readonly #stopSweep: () => void;
  readonly #unsubscribe: () => void;
  #token = 0;
  #acknowledged = 0;
  #connected: boolean;
  #closed = false;

  constructor(options: WireOptions) {
    this.#options = options;
    const { connection, clock } = options;
    this.#inbox = createInbox(options.inboxPrefix ?? COLLECTOR_INBOX);
    const subscription = connection.subscribe(`${this.#inbox}.*`, {
      callback: (error, message) => {
        if (error === null) this.#onReply(message);
      },
    });
    this.#unsubscribe = () => subscription.unsubscribe();
    this.#connected = connection.info !== undefined && !connection.isClosed();
    this.#stopSweep = clock.every(SWEEP_MS, () => this.#sweep());
    void this.#watch();
  }

  get connected(): boolean {
    return this.#connected && !this.#closed;
  }

  get inFlight(): number {
    return this.#waiting.size;
  }

  get counters(): { readonly publishes: number; readonly acknowledged: number } {
    return { publishes: this.#token, acknowledged: this.#acknowledged };
  }

  send(message: Outbound): Promise<Answer> {
    const { connection, clock, ackTimeoutMs } = this.#options;
    if (!this.connected) return Promise.resolve({ kind: 'retry', reason: 'disconnected', unclear: false });
    const limit = connection.info?.max_payload ?? Infinity;
    if (message.payload.byteLength + HEADER_ALLOWANCE_BYTES > limit)
      return Promise.resolve({ kind: 'drop', reason: 'tooLarge' });
    // A header that cannot be one is a bug of ours: it is thrown, and never taken for a lost connection.
    const block = this.#headers.of(message.headers);
    this.#token += 1;
    const token = this.#token.toString(36);
    return new Promise((resolve) => {
      this.#waiting.set(token, { resolve, deadlineMs: clock.nowMs() + ackTimeoutMs });
      try {
        connection.publish(message.subject, message.payload, {
          headers: block,
          reply: `${this.#inbox}.${token}`,
        });
      } catch {
        // Closed or draining: nothing was sent.
        this.#resolve(token, { kind: 'retry', reason: 'disconnected', unclear: false });
      }
    });
  }

  close(): void {
    this.#closed = true;
    this.#stopSweep();
    this.#unsubscribe();
    this.#failAll();
  }

  #onReply(message: Msg): void {
    const token = message.subject.slice(this.#inbox.length + 1);
    this.#resolve(token, readAnswer(message.headers?.code ?? 0, message.string()));
  }

  /** An answer to a try that timed out meanwhile finds nobody waiting: the retry settles it. */
  #resolve(token: string, answer: Answer): void {
    const waiting = this.#waiting.get(token);
    if (waiting === undefined) return;
    this.#waiting.delete(token);
    if (answer.kind === 'stored' || answer.kind === 'duplicate') this.#acknowledged += 1;
    waiting.resolve(answer);
  }

  #sweep(): void {
    const nowMs = this.#options.clock.nowMs();
    for (const [token, { deadlineMs }] of this.#waiting) {
      // Sent in this order with one timeout: the first that has time left ends the search.
      if (deadlineMs > nowMs) return;
      this.#resolve(token, { kind: 'retry', reason: 'timeout', unclear: true });
    }
  }

  #failAll(): void {
    for (const token of this.#waiting.keys())
      this.#resolve(token, { kind: 'retry', reason: 'disconnected', unclear: true });
  }

  async #watch(): Promise<void> {
    for await (const { type } of this.#options.connection.status()) {
      if (this.#closed) return;
      if (type === 'disconnect' || type === 'close') this.#change(false);
      if (type === 'reconnect') this.#change(true);
    }
  }

  #change(connected: boolean): void {
    if (this.#connected === connected) return;
    this.#connected = connected;
    if (!connected) this.#failAll();
    this.#options.onChange(connected);
  }
}
