import type { ConnectionPort, MarketFrame, Session, VenueContext } from '../ports.ts';
import { inMicroseconds, wrappedFrame } from './frames.ts';
import { errorAnswer, parseStreamRequest, resultAnswer } from './requests.ts';
import type { StreamRequest } from './requests.ts';

interface SessionOptions {
  readonly combined: boolean;
  readonly microseconds: boolean;
  /** Named in the URL. */
  readonly streams: readonly string[];
  /** Which streams this address really sends; the others are acknowledged all the same. */
  readonly serves: (stream: string) => boolean;
}

/** `/ws`, `/ws/<stream>[/<stream>…]`, `/stream`, `/stream?streams=<stream>/…`, behind a prefix; a number: the refusal's status. */
export function binanceEndpoint(
  url: URL,
  context: VenueContext,
  address: { readonly prefix: string; readonly serves: (stream: string) => boolean },
): ((connection: ConnectionPort) => Session) | 400 | 404 {
  const microseconds = /^microseconds?$/i.test(url.searchParams.get('timeUnit') ?? '');
  const names = (text: string): readonly string[] => text.split('/').filter((name) => name !== '');
  const path = url.pathname.replaceAll('%40', '@').slice(address.prefix.length);
  const combined = path === '/stream';
  if (!combined && path !== '/ws' && !path.startsWith('/ws/')) return 404;
  const streams = names(combined ? (url.searchParams.get('streams') ?? '') : path.slice('/ws'.length));
  if (streams.length > context.limits.streamsPerConnection) return 400;
  const options = { combined, microseconds, streams, serves: address.serves };
  return (connection) => new BinanceSession(connection, context, options);
}

class BinanceSession implements Session {
  readonly #connection: ConnectionPort;
  readonly #mostStreams: number;
  readonly #microseconds: boolean;
  readonly #serves: (stream: string) => boolean;
  #combined: boolean;

  constructor(connection: ConnectionPort, context: VenueContext, options: SessionOptions) {
    this.#connection = connection;
    this.#mostStreams = context.limits.streamsPerConnection;
    this.#combined = options.combined;
    this.#microseconds = options.microseconds;
    this.#serves = options.serves;
    if (options.streams.length > 0) this.#subscribe(options.streams);
  }

  get form(): string {
    return `${this.#combined}/${this.#microseconds}`;
  }

  text({ stream, data, wrapped }: MarketFrame): string {
    const text = this.#combined ? (wrapped ?? wrappedFrame(stream, data)) : data;
    return this.#microseconds ? inMicroseconds(text) : text;
  }

  receive(text: string): string {
    const request = parseStreamRequest(text);
    this.#connection.send(this.#answer(request));
    return request.kind;
  }

  farewell(nowMs: number): string {
    const data = JSON.stringify({ e: 'serverShutdown', E: nowMs });
    return this.#combined ? wrappedFrame('!serverShutdown', data) : data;
  }

  #subscribe(streams: readonly string[]): void {
    this.#connection.subscribe(
      streams,
      streams.filter((stream) => this.#serves(stream)),
    );
  }

  #answer(request: StreamRequest): string {
    switch (request.kind) {
      case 'subscribe': {
        const wanted = new Set([...this.#connection.streams, ...request.streams]);
        if (wanted.size > this.#mostStreams) return errorAnswer(4, 'Too many subscriptions', request.id);
        this.#subscribe(request.streams);
        return resultAnswer(request.id, null);
      }
      case 'unsubscribe':
        this.#connection.unsubscribe(request.streams);
        return resultAnswer(request.id, null);
      case 'list':
        return resultAnswer(request.id, this.#connection.streams);
      case 'setCombined':
        this.#combined = request.combined;
        return resultAnswer(request.id, null);
      case 'getCombined':
        return resultAnswer(request.id, this.#combined);
      default:
        return request.answer;
    }
  }
}
