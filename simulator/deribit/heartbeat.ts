import type { ConnectionPort } from '../ports.ts';

const HEARTBEAT = '{"params":{"type":"heartbeat"},"method":"heartbeat","jsonrpc":"2.0"}';
const TEST_REQUEST = '{"params":{"type":"test_request"},"method":"heartbeat","jsonrpc":"2.0"}';

/** Once asked for: every interval a sign of life, and a question that must be answered before the next. */
export class Heartbeat {
  readonly #connection: Pick<ConnectionPort, 'send' | 'every'>;
  readonly #unanswered: () => void;
  #end: (() => void) | undefined;
  #asked = false;

  constructor(connection: Pick<ConnectionPort, 'send' | 'every'>, unanswered: () => void) {
    this.#connection = connection;
    this.#unanswered = unanswered;
  }

  start(intervalMs: number): void {
    this.stop();
    this.#end = this.#connection.every(intervalMs, () => this.#beat());
  }

  stop(): void {
    this.#end?.();
    this.#end = undefined;
    this.#asked = false;
  }

  /** By `public/test`, and by nothing else. */
  answered(): void {
    this.#asked = false;
  }

  #beat(): void {
    if (this.#asked) {
      this.stop();
      this.#unanswered();
      return;
    }
    this.#asked = true;
    this.#connection.send(HEARTBEAT);
    this.#connection.send(TEST_REQUEST);
  }
}
