import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { ModelConsumer } from './model-consumer.ts';
import { ModelVenue, type Frame, type IdRule } from './model-venue.ts';
import { Rig } from './rig.ts';
import { WIRES, type Wire } from './wire.ts';

/** What the connection does with the venue's next frame, or what else happens. */
type Step =
  | { readonly kind: 'deliver' | 'lose' | 'swap' | 'reconnect' | 'resync' | 'want' | 'restate' }
  | { readonly kind: 'repeat'; readonly back: number }
  /** The oldest question that waits is answered: by REST with a book so many changes off, or by the stream's state. */
  | { readonly kind: 'answer'; readonly off: number }
  | { readonly kind: 'top'; readonly off: number }
  | { readonly kind: 'audit'; readonly off: number }
  | { readonly kind: 'wait'; readonly ms: number };

const RULES: Readonly<Record<string, IdRule>> = { 'Binance spot': 'consecutive', OKX: 'restarting' };
const ruleOf = ({ name }: Wire): IdRule => RULES[name] ?? 'jumping';

class Play {
  readonly rig: Rig;
  readonly consumer: ModelConsumer;
  readonly #wire: Wire;
  readonly #venue: ModelVenue;
  #next = 0;
  #auditing = false;

  constructor(wire: Wire, venue: ModelVenue) {
    this.#wire = wire;
    this.#venue = venue;
    this.consumer = new ModelConsumer(venue);
    this.rig = new Rig({
      venue: wire.venue,
      instruments: [wire.instrument],
      orderbook: { snapshotEveryMs: 2_000 },
      take: (record) => this.consumer.take(record),
    });
    this.#restate();
  }

  get present(): number {
    return this.#venue.idAfter(this.#next);
  }

  step(step: Step): void {
    const { rig } = this;
    const { instrument } = this.#wire;
    rig.wait(50);
    switch (step.kind) {
      case 'deliver':
        this.#deliver();
        break;
      case 'lose':
        this.#next += 1;
        break;
      case 'repeat':
        this.#send(this.#venue.frames[this.#next - 1 - step.back]);
        break;
      case 'swap':
        this.#send(this.#venue.frames[this.#next + 1]);
        this.#send(this.#venue.frames[this.#next]);
        this.#next += 2;
        break;
      case 'reconnect':
        rig.disconnect(instrument);
        rig.open(instrument);
        this.#restate();
        break;
      case 'resync':
        rig.pipeline.resync(subjectOf(this.#wire), 'overflow', rig.nowMs * 1_000, rig.nowMs);
        break;
      case 'want':
        rig.pipeline.snapshotWanted(subjectOf(this.#wire));
        break;
      case 'restate':
        this.#restate();
        break;
      case 'answer':
        this.#answer(step.off);
        break;
      case 'top': {
        const text = this.#venue.topText(this.#wire, this.#venue.idNear(this.present, step.off));
        if (text !== undefined) rig.send(text);
        break;
      }
      case 'audit':
        this.#audit(step.off);
        break;
      case 'wait':
        rig.wait(step.ms);
    }
    assert.equal(rig.count('topMismatch'), 0, 'a true top cannot differ');
    assert.equal(rig.count('auditSuspected'), 0, 'a true book cannot differ');
  }

  /** A frame that comes for the first time moves the book, or proves that something is missing; never neither. */
  #deliver(): void {
    const frame = this.#venue.frames[this.#next];
    if (frame === undefined) return;
    this.#next += 1;
    this.#send(frame);
    const held = this.rig.pipeline.book(this.#wire.instrument)?.heldId;
    if (held === undefined || frame.isIdle) return;
    const [place, heldPlace] = [frame.last, held].map((id) => this.#venue.ids.indexOf(id));
    assert.ok((heldPlace ?? -1) >= (place ?? 0), `still in sync at ${held}, ${frame.last} came`);
    assert.equal(this.consumer.id, held, 'what is published is what is held');
  }

  #send(frame: Frame | undefined): void {
    if (frame !== undefined) this.rig.send(this.#wire.change(frame, frame.sides));
  }

  /** The state that a subscription begins with. */
  #restate(): void {
    const { state } = this.#wire;
    if (state !== null) this.rig.send(state(this.present, this.#venue.at(this.present)));
  }

  #answer(off: number): void {
    const command = this.rig.commands.shift();
    if (command?.kind === 'resubscribe') this.#restate();
    if (command?.kind !== 'snapshot') return;
    const id = this.#venue.idNear(this.present, off);
    this.rig.answer(this.#wire.book(id, this.#venue.at(id)), command);
  }

  /** Begun by the one step, answered by the next of its kind. */
  #audit(off: number): void {
    const { instrument } = this.#wire;
    if (!this.#auditing) {
      this.#auditing = this.rig.beginAudit(instrument);
      return;
    }
    this.#auditing = false;
    const id = this.#venue.idNear(this.present, off);
    this.rig.audit(instrument, this.#wire.book(id, this.#venue.at(id)));
  }
}

const subjectOf = ({ venue, instrument }: Wire): string => `orderbook.${venue.exchange}.${instrument}`;

const off = fc.integer({ min: -8, max: 5 });
const sound = [
  { weight: 14, arbitrary: fc.constant<Step>({ kind: 'deliver' }) },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('answer' as const), off }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constantFrom('top' as const, 'audit' as const), off }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.nat(1_500) }) },
  { weight: 1, arbitrary: fc.constantFrom<Step>({ kind: 'want' }, { kind: 'restate' }) },
];
const broken = [
  { weight: 2, arbitrary: fc.constantFrom<Step>({ kind: 'lose' }, { kind: 'swap' }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repeat' as const), back: fc.nat(6) }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom<Step>({ kind: 'reconnect' }, { kind: 'resync' }),
  },
];
const seeds = fc.array(fc.nat(1 << 12), { minLength: 80, maxLength: 200 });
const groups = fc.array(fc.nat(4), { minLength: 1, maxLength: 6 });
const steps = (arbitraries: typeof broken | typeof sound): fc.Arbitrary<readonly Step[]> =>
  fc.array(fc.oneof(...(arbitraries as typeof sound)), { minLength: 30, maxLength: 120 });

/** The property means little if hardly anything was published, lost or compared. */
const ENOUGH = { starts: 200, deltas: 1_500, interruptions: 100, tops: 25, audits: 8 };

for (const wire of WIRES) {
  test(`${wire.name}: whatever is lost, repeated or reordered, no wrong book is published, and nothing unproved`, () => {
    const sum = { starts: 0, deltas: 0, interruptions: 0, tops: 0, audits: 0 };
    fc.assert(
      fc.property(seeds, groups, steps([...sound, ...(broken as typeof sound)]), (made, by, happens) => {
        const play = new Play(wire, new ModelVenue(ruleOf(wire), made, by));
        for (const step of happens) play.step(step);
        sum.starts += play.consumer.starts;
        sum.deltas += play.consumer.deltas;
        sum.interruptions += play.consumer.interruptions;
        sum.tops += play.rig.count('topEqual');
        sum.audits += play.rig.count('auditEqual');
      }),
      { numRuns: 250 },
    );
    for (const [what, least] of Object.entries(ENOUGH)) {
      assert.ok(sum[what as keyof typeof sum] >= least, `${what}: ${JSON.stringify(sum)}`);
    }
  });

  test(`${wire.name}: without faults there is never a gap, and in the end the book is the venue's`, () => {
    fc.assert(
      fc.property(seeds, groups, steps(sound), (made, by, happens) => {
        const venue = new ModelVenue(ruleOf(wire), made, by);
        const play = new Play(wire, venue);
        for (const step of happens) play.step(step);
        // Every question is answered in the end, and the venue goes on.
        for (let round = 0; round < 8; round += 1) {
          play.step({ kind: 'answer', off: 0 });
          play.step({ kind: 'deliver' });
          play.step({ kind: 'wait', ms: 600 });
        }
        assert.equal(play.consumer.interruptions, 0);
        assert.equal(play.rig.count('depthGap') + play.rig.count('resync'), 0);
        assert.equal(play.rig.state(wire.instrument), 'inSync');
        assert.equal(play.consumer.id, play.present);
      }),
      { numRuns: 150 },
    );
  });
}
