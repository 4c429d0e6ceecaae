import { EncodedFrame } from './encoded-frame.ts';
import type { FrameSink, MarketFrame } from './ports.ts';

export interface Subscriber {
  readonly id: number;
  readonly behind: boolean;
  sendFrame(frame: EncodedFrame): void;
}

/** Lets a frame through, changes, doubles, holds or swallows it. */
export interface FrameGate {
  pass(frame: MarketFrame, deliver: (frame: MarketFrame) => void): void;
}

/** Who gets which stream. */
export class Hub implements FrameSink {
  readonly #byStream = new Map<string, Set<Subscriber>>();
  readonly #gate: FrameGate;

  constructor(gate: FrameGate) {
    this.#gate = gate;
  }

  /** Different streams that somebody is subscribed to. */
  get streamCount(): number {
    return this.#byStream.size;
  }

  get pressed(): boolean {
    for (const subscribers of this.#byStream.values()) {
      for (const subscriber of subscribers) if (subscriber.behind) return true;
    }
    return false;
  }

  add(stream: string, subscriber: Subscriber): void {
    const subscribers = this.#byStream.get(stream);
    if (subscribers === undefined) this.#byStream.set(stream, new Set([subscriber]));
    else subscribers.add(subscriber);
  }

  remove(stream: string, subscriber: Subscriber): void {
    const subscribers = this.#byStream.get(stream);
    subscribers?.delete(subscriber);
    if (subscribers?.size === 0) this.#byStream.delete(stream);
  }

  wants(stream: string): boolean {
    return this.#byStream.has(stream);
  }

  push(frame: MarketFrame): void {
    this.#gate.pass(frame, (passed) => this.#deliver(passed));
  }

  #deliver(frame: MarketFrame): void {
    const subscribers = this.#byStream.get(frame.stream);
    if (subscribers === undefined) return;
    const encoded = new EncodedFrame(frame);
    for (const subscriber of subscribers) subscriber.sendFrame(encoded);
  }
}
