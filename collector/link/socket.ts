import { WebSocket, type ClientOptions, type RawData } from 'ws';
import type { Clock } from '../../runtime/clock.ts';
import type { Proxies } from '../../runtime/proxies.ts';
import { tunnel } from '../../runtime/tunnel.ts';

const CONNECT_TIMEOUT_MS = 10_000;
const MAX_FRAME_BYTES = 16 << 20;

export interface SocketHandlers {
  onOpen(): void;
  /** One message, UTF-8; nobody writes to it any more. */
  onMessage(bytes: Buffer, receiveTimeUs: number): void;
  /** A ping, or the pong of ours. */
  onSign(sign: 'ping' | 'pong'): void;
  /** The last call, unless it was `end` that ended it. */
  onEnd(detail: string): void;
}

export interface SocketOptions {
  readonly url: string;
  readonly clock: Clock;
  readonly proxies: Proxies;
  readonly handlers: SocketHandlers;
}

/** One WebSocket from its handshake to its end; every frame carries the time at which its chunk left the socket. */
export class VenueSocket {
  readonly #socket: WebSocket;
  #handlers: SocketHandlers | undefined;
  #chunkTimeUs = 0;

  constructor({ url, clock, proxies, handlers }: SocketOptions) {
    this.#handlers = handlers;
    const socket = new WebSocket(url, {
      handshakeTimeout: CONNECT_TIMEOUT_MS,
      perMessageDeflate: false,
      maxPayload: MAX_FRAME_BYTES,
      followRedirects: false,
      ...throughProxy(url, proxies),
    });
    this.#socket = socket;
    // Before the parser's own listener, so that every frame of a chunk carries the time at which the chunk came.
    socket.on('upgrade', (response) => {
      response.socket.prependListener('data', () => {
        this.#chunkTimeUs = clock.nowUs();
      });
    });
    socket.on('open', () => this.#handlers?.onOpen());
    socket.on('message', (data) => this.#handlers?.onMessage(bytesOf(data), this.#chunkTimeUs));
    // Answered by `ws` itself, with the same payload.
    socket.on('ping', () => this.#handlers?.onSign('ping'));
    socket.on('pong', () => this.#handlers?.onSign('pong'));
    socket.on('error', (error) => this.#ended(error.message));
    socket.on('close', (code, reason) => this.#ended(`closed with ${code} ${reason.toString()}`.trim()));
  }

  send(text: string): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(text);
  }
  ping(): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.ping();
  }
  pause(): void {
    this.#socket.pause();
  }
  resume(): void {
    this.#socket.resume();
  }

  /** Without a closing handshake: nothing is awaited, and nothing is told any more. */
  end(): void {
    this.#handlers = undefined;
    this.#socket.terminate();
  }

  #ended(detail: string): void {
    const handlers = this.#handlers;
    this.end();
    handlers?.onEnd(detail);
  }
}

function throughProxy(url: string, proxies: Proxies): ClientOptions {
  const proxy = proxies(url);
  if (proxy === undefined) return {};
  const options = { proxy, timeoutMs: CONNECT_TIMEOUT_MS, secure: url.startsWith('wss:') };
  return { createConnection: tunnel(options) as unknown as NonNullable<ClientOptions['createConnection']> };
}

function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
