import type { Clock } from '../../runtime/clock.ts';
import type { Counters } from '../counters.ts';
import type { FrameGate } from '../hub.ts';
import type { MarketFrame } from '../ports.ts';
import { familyOf } from './fault.ts';
import type { Fault } from './fault.ts';
import { takeOne } from './tally.ts';
import type { ArmedFault, FaultTally } from './tally.ts';

type Deliver = (frame: MarketFrame) => void;

interface ArmedFrameFault extends ArmedFault {
  readonly fault: Fault;
}

interface Stall {
  readonly symbol: string | undefined;
  readonly frames: MarketFrame[];
  deliver: Deliver | undefined;
}

/** Frames that stalls and delays may hold together; beyond it they are lost, and counted. */
const MOST_HELD = 100_000;

/** Stands between the market and everybody who is subscribed; frames nobody wants never come here. */
export class FrameFaults implements FrameGate {
  readonly #clock: Clock;
  readonly #counters: Counters;
  readonly #tally: FaultTally;
  readonly #armed: ArmedFrameFault[] = [];
  readonly #stalls = new Set<Stall>();
  /** The earlier of two frames that change places, by stream. */
  readonly #swapping = new Map<string, MarketFrame>();
  readonly #timers = new Set<() => void>();
  #held = 0;

  constructor(clock: Clock, counters: Counters, tally: FaultTally) {
    this.#clock = clock;
    this.#counters = counters;
    this.#tally = tally;
  }

  arm(fault: Fault): void {
    if (fault.kind === 'stall') this.#stall(fault);
    else this.#armed.push({ kind: fault.kind, symbol: fault.symbol, left: fault.count, fault });
  }

  pass(frame: MarketFrame, deliver: Deliver): void {
    for (const stall of this.#stalls) {
      if (stall.symbol !== undefined && stall.symbol !== frame.symbol) continue;
      stall.deliver = deliver;
      this.#tally.done('stall');
      if (this.#hold()) stall.frames.push(frame);
      return;
    }
    const before = this.#swapping.get(frame.stream);
    if (before !== undefined) {
      this.#swapping.delete(frame.stream);
      deliver(frame);
      deliver(before);
      return;
    }
    const armed = takeOne(this.#armed, ({ fault }) => meets(fault, frame));
    if (armed === undefined) deliver(frame);
    else this.#break(armed.fault, frame, deliver);
  }

  close(): void {
    for (const cancel of this.#timers) cancel();
  }

  #break(fault: Fault, frame: MarketFrame, deliver: Deliver): void {
    this.#tally.done(fault.kind);
    switch (fault.kind) {
      case 'repeat':
        deliver(frame);
        deliver(frame);
        break;
      case 'swap':
        this.#swapping.set(frame.stream, frame);
        break;
      case 'cut':
        deliver({ ...frame, cut: true });
        break;
      case 'delay':
        if (this.#hold())
          this.#later(fault.ms, () => {
            this.#held -= 1;
            deliver(frame);
          });
        break;
      default:
        // drop, gap: nobody gets it.
        break;
    }
  }

  #stall({ symbol, ms }: Fault): void {
    const stall: Stall = { symbol, frames: [], deliver: undefined };
    this.#stalls.add(stall);
    this.#later(ms, () => {
      this.#stalls.delete(stall);
      this.#held -= stall.frames.length;
      for (const frame of stall.frames) stall.deliver?.(frame);
    });
  }

  #later(ms: number, task: () => void): void {
    const cancel = this.#clock.after(ms, () => {
      this.#timers.delete(cancel);
      task();
    });
    this.#timers.add(cancel);
  }

  #hold(): boolean {
    if (this.#held >= MOST_HELD) {
      this.#counters.add('heldFramesLost');
      return false;
    }
    this.#held += 1;
    return true;
  }
}

function meets(fault: Fault, { symbol, stream }: MarketFrame): boolean {
  if (fault.symbol !== undefined && fault.symbol !== symbol) return false;
  return fault.stream === 'any' || fault.stream === familyOf(stream);
}
