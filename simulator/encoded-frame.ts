import type { MarketFrame, Session } from './ports.ts';

/** A frame's bytes in each form that a connection may ask for, each made once for all connections. */
export class EncodedFrame {
  readonly #frame: MarketFrame;
  readonly #made = new Map<string, Buffer>();

  constructor(frame: MarketFrame) {
    this.#frame = frame;
  }

  bytes(session: Pick<Session, 'form' | 'text'>): Buffer {
    let made = this.#made.get(session.form);
    if (made === undefined) {
      const text = session.text(this.#frame);
      made = Buffer.from(this.#frame.cut === true ? text.slice(0, text.length / 2) : text);
      this.#made.set(session.form, made);
    }
    return made;
  }
}
