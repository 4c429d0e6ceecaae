import type { WebSocket } from 'ws';
import type { Clock } from '../runtime/clock.ts';
import type { Counters } from './counters.ts';
import type { EncodedFrame } from './encoded-frame.ts';
import type { Hub, Subscriber } from './hub.ts';
import type { VenueLimits } from './limits.ts';
import type { ConnectionPort, Session } from './ports.ts';

export interface ConnectionContext {
  readonly hub: Hub;
  readonly limits: VenueLimits;
  readonly clock: Clock;
  readonly counters: Counters;
  /** Which of the acknowledged streams are really sent: all, but for a fault. */
  readonly served: (streams: readonly string[]) => readonly string[];
  readonly onSubscribed: () => void;
  readonly onClosed: (connection: VenueConnection) => void;
}

export interface ConnectionOptions {
  readonly id: number;
  readonly session: (connection: ConnectionPort) => Session;
}

/** RFC 6455: policy violation. */
const CLOSE_POLICY = 1008;
const CLOSE_GOING_AWAY = 1001;
/** OKX's own code: no data for too long. */
const CLOSE_SILENT = 4004;

/** One market-stream connection as the venue keeps it; what is said on it is its session's matter. */
export class VenueConnection implements Subscriber, ConnectionPort {
  readonly id: number;
  readonly #socket: WebSocket;
  readonly #context: ConnectionContext;
  readonly #streams = new Set<string>();
  /** True times of the client's latest messages, at most one more than a second allows. */
  #messageTimesMs: number[] = [];
  readonly #session: Session;
  #pingPayload: string | undefined;
  #pingSentMs = 0;
  #lastMessageMs: number;
  /** `halfOpen`: a fault; `closing`: nothing more is sent, the socket's end is awaited. */
  #phase: 'open' | 'halfOpen' | 'closing' = 'open';
  readonly #timers = new Set<() => void>();

  constructor(socket: WebSocket, options: ConnectionOptions, context: ConnectionContext) {
    this.id = options.id;
    this.#socket = socket;
    this.#context = context;
    const { clock, limits } = context;
    this.#lastMessageMs = clock.nowMs();
    if (limits.pingEveryMs < Infinity) this.#timers.add(clock.every(limits.pingEveryMs, () => this.#ping()));
    if (limits.silenceMs < Infinity) this.#watchSilence(limits.silenceMs);
    if (limits.connectionLifeMs < Infinity) {
      this.#later(limits.connectionLifeMs, () => this.close(CLOSE_GOING_AWAY, 'closed.life'));
    }
    socket.on('message', (message: Buffer) => this.#onMessage(message));
    socket.on('ping', (payload) => this.#onPing(payload));
    socket.on('pong', (payload) => this.#onPong(payload));
    socket.on('error', () => context.counters.add('socketErrors'));
    socket.on('close', () => this.#onClose());
    this.#session = options.session(this);
  }

  get streams(): readonly string[] {
    return [...this.#streams];
  }

  get halfOpen(): boolean {
    return this.#phase === 'halfOpen';
  }

  /** So far behind that scaled time should wait for it. */
  get behind(): boolean {
    return this.#socket.bufferedAmount > this.#context.limits.sendBufferBytes / 4;
  }

  sendFrame(frame: EncodedFrame): void {
    if (this.#phase !== 'open') return;
    const { counters, limits } = this.#context;
    if (this.#socket.bufferedAmount > limits.sendBufferBytes) {
      this.terminate('closed.slowReader');
      return;
    }
    const bytes = frame.bytes(this.#session);
    this.#lastMessageMs = this.#context.clock.nowMs();
    this.#socket.send(bytes, { binary: false });
    counters.add('framesSent');
    counters.add('bytesSent', bytes.length);
  }

  send(text: string): void {
    if (this.#phase !== 'open') return;
    this.#lastMessageMs = this.#context.clock.nowMs();
    this.#socket.send(text);
  }

  subscribe(streams: readonly string[], served: readonly string[] = streams): readonly string[] {
    for (const stream of streams) this.#streams.add(stream);
    const really = this.#context.served(served);
    for (const stream of really) this.#context.hub.add(stream, this);
    this.#context.onSubscribed();
    return really;
  }

  unsubscribe(streams: readonly string[]): void {
    for (const stream of streams) {
      this.#streams.delete(stream);
      this.#context.hub.remove(stream, this);
    }
  }

  every(periodMs: number, task: () => void): () => void {
    const cancel = this.#context.clock.every(periodMs, task);
    this.#timers.add(cancel);
    return () => {
      this.#timers.delete(cancel);
      cancel();
    };
  }

  /** Says what the venue says before it closes a connection. */
  announceEnd(): void {
    const text = this.#session.farewell(this.#context.clock.nowMs());
    if (text !== undefined) this.send(text);
  }

  /** From now on nothing is sent, answered or noticed, and the socket stays open. */
  goHalfOpen(): void {
    this.#leave('halfOpen');
  }

  close(code: number, counter: string): void {
    if (this.#phase !== 'open') return;
    this.#leave('closing');
    this.#context.counters.add(counter);
    this.#socket.close(code);
  }

  /** Without a closing handshake, as a broken network does. */
  terminate(counter: string): void {
    if (this.#phase !== 'closing') {
      this.#leave('closing');
      this.#context.counters.add(counter);
    }
    this.#socket.terminate();
  }

  #onMessage(message: Buffer): void {
    if (this.#phase !== 'open' || !this.#countMessage()) return;
    this.#lastMessageMs = this.#context.clock.nowMs();
    this.#context.counters.add(`requests.${this.#session.receive(message.toString('utf8'))}`);
  }

  /** False: over the limit, and the connection is closed. */
  #countMessage(): boolean {
    const { clock, limits } = this.#context;
    const nowMs = clock.nowUs() / 1_000;
    this.#messageTimesMs = this.#messageTimesMs.filter((timeMs) => timeMs > nowMs - 1_000);
    this.#messageTimesMs.push(nowMs);
    if (this.#messageTimesMs.length <= limits.clientMessagesPerSecond) return true;
    this.close(CLOSE_POLICY, 'closed.tooManyMessages');
    return false;
  }

  #onPing(payload: Buffer): void {
    if (this.#phase === 'open' && this.#countMessage()) this.#socket.pong(payload);
  }

  /** Only a copy of the ping's payload counts; an unsolicited pong keeps nothing alive. */
  #onPong(payload: Buffer): void {
    if (this.#phase !== 'open' || !this.#countMessage()) return;
    if (payload.toString('utf8') === this.#pingPayload) this.#pingPayload = undefined;
    else this.#context.counters.add('pongsUnsolicited');
  }

  #ping(): void {
    if (this.#phase !== 'open') return;
    const { clock, limits } = this.#context;
    const nowMs = clock.nowMs();
    if (this.#pingPayload !== undefined && nowMs - this.#pingSentMs >= limits.pongWithinMs) {
      this.close(CLOSE_POLICY, 'closed.noPong');
      return;
    }
    if (this.#pingPayload === undefined) {
      this.#pingPayload = String(nowMs);
      this.#pingSentMs = nowMs;
    }
    this.#socket.ping(this.#pingPayload);
    this.#context.counters.add('pingsSent');
  }

  #watchSilence(silenceMs: number): void {
    const leftMs = this.#lastMessageMs + silenceMs - this.#context.clock.nowMs();
    if (leftMs <= 0) this.close(CLOSE_SILENT, 'closed.silence');
    else this.#later(leftMs, () => this.#watchSilence(silenceMs));
  }

  #later(ms: number, task: () => void): void {
    const cancel = this.#context.clock.after(ms, () => {
      this.#timers.delete(cancel);
      task();
    });
    this.#timers.add(cancel);
  }

  #onClose(): void {
    for (const end of this.#timers) end();
    this.#leave('closing');
    this.#context.onClosed(this);
  }

  #leave(phase: 'halfOpen' | 'closing'): void {
    this.#phase = phase;
    for (const stream of this.#streams) this.#context.hub.remove(stream, this);
  }
}
