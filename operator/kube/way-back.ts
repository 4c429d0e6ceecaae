import type { Clock } from '../../runtime/clock.ts';

export interface WayBackOptions {
  readonly clock: Clock;
  /** The API server answers again after it did not. */
  readonly onBack: () => void;
}

/** A way that comes and goes is told of this often at most. */
const AGAIN_MS = 5_000;

/**
 * Tells when the way to the API server carries again. What was open before may be dead without a sign: a firewall or a
 * load balancer that forgot a connection says nothing, and a watch has nothing to send that would find out.
 */
export class WayBack {
  readonly #options: WayBackOptions;
  #lost = false;
  #notBeforeMs = 0;
  #cancel: (() => void) | undefined;

  constructor(options: WayBackOptions) {
    this.#options = options;
  }

  /** A request was answered, whatever the answer, or not. */
  request(answered: boolean): void {
    if (!answered) this.#lost = true;
    else if (this.#lost) {
      this.#lost = false;
      this.#tell();
    }
  }

  stop(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #tell(): void {
    if (this.#cancel !== undefined) return;
    const { clock, onBack } = this.#options;
    const waitMs = this.#notBeforeMs - clock.nowMs();
    if (waitMs > 0) {
      this.#cancel = clock.after(waitMs, () => {
        this.#cancel = undefined;
        this.#tell();
      });
      return;
    }
    this.#notBeforeMs = clock.nowMs() + AGAIN_MS;
    onBack();
  }
}
