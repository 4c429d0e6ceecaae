import type { StreamName } from '../../contract/feed.ts';

/** Which of an instrument's subscriptions the venue has confirmed. */
export class ChannelStates {
  readonly #waiting: Set<StreamName>;
  #sinceMs: number;

  constructor(streams: Iterable<StreamName>, nowMs: number) {
    this.#waiting = new Set(streams);
    this.#sinceMs = nowMs;
  }

  get waiting(): readonly StreamName[] {
    return [...this.#waiting];
  }
  /** When the last one was confirmed or lost. */
  get sinceMs(): number {
    return this.#sinceMs;
  }

  opened(stream: StreamName, nowMs: number): void {
    if (this.#waiting.delete(stream)) this.#sinceMs = nowMs;
  }

  closed(stream: StreamName, nowMs: number): void {
    this.#waiting.add(stream);
    this.#sinceMs = nowMs;
  }
}
