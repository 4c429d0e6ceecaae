import { Agent as PlainAgent, request as plainRequest, type IncomingMessage } from 'node:http';
import { Agent as SecureAgent, request as secureRequest } from 'node:https';
import { tunnel } from './tunnel.ts';

export interface HttpClientOptions {
  /** All questions are `https:`, else `http:`. */
  readonly secure: boolean;
  readonly proxy?: URL | undefined;
  /** Without a byte, from the connect to the last of the body. */
  readonly silenceMs: number;
  /** From the question to the last byte of the body. */
  readonly totalMs: number;
}

/** Below what servers keep an idle connection for (Node 5 s, nginx 75 s). */
const KEEP_IDLE_MS = 4_000;
const MAX_IDLE = 8;
/** A connection that the server had closed already when it was taken for another question. */
const STALE = new Set(['ECONNRESET', 'EPIPE']);

/**
 * GET over kept connections, directly or by CONNECT. Node's own client: undici and its parser, which comes as WebAssembly
 * and is compiled at run time, would be a third of a collector's memory.
 */
export class HttpClient {
  readonly #options: HttpClientOptions;
  readonly #request: typeof plainRequest;
  readonly #agent: PlainAgent;

  constructor(options: HttpClientOptions) {
    this.#options = options;
    const { secure, proxy, silenceMs } = options;
    this.#request = secure ? secureRequest : plainRequest;
    const kept = { keepAlive: true, maxFreeSockets: MAX_IDLE, timeout: KEEP_IDLE_MS };
    this.#agent = secure ? new SecureAgent(kept) : new PlainAgent(kept);
    if (proxy === undefined) return;
    const opened = tunnel({ proxy, timeoutMs: silenceMs, secure });
    this.#agent.createConnection = opened;
  }

  /** Resolves with the head; the body is the caller's to read. */
  get(url: string): Promise<IncomingMessage> {
    return this.#ask(url, AbortSignal.timeout(this.#options.totalMs), true);
  }

  /** What is under way ends in an error. */
  close(): void {
    this.#agent.destroy();
  }

  #ask(url: string, signal: AbortSignal, mayRepeat: boolean): Promise<IncomingMessage> {
    const { silenceMs } = this.#options;
    return new Promise((resolve, reject) => {
      const asking = this.#request(url, { agent: this.#agent, timeout: silenceMs, signal });
      asking.on('response', resolve);
      asking.on('timeout', () => asking.destroy(new Error(`silent for ${silenceMs / 1_000} s`)));
      asking.on('error', (error: NodeJS.ErrnoException) => {
        const isStale = asking.reusedSocket && STALE.has(error.code ?? '');
        if (isStale && mayRepeat) resolve(this.#ask(url, signal, false));
        else reject(error);
      });
      asking.end();
    });
  }
}
