import { budgetKey } from '../contract/budget.ts';
import type { EffectiveFeed } from '../contract/effective.ts';
import type { CollectorFeed } from '../contract/feed.ts';
import type { RollState } from './plan/rolls.ts';
import type { Neighbourhood } from './plan/types.ts';
import { UidIndex } from './uid-index.ts';

export interface RollBookOptions {
  /** A place of the wave is free that this feed waits for. */
  readonly onRoom: (feedUid: string) => void;
}

interface Roll {
  readonly feed: string;
  readonly budget: string;
  readonly state: Exclude<RollState, { kind: 'rest' }>;
}

/** Who takes the free place may not want it any more. */
const WOKEN = 2;

/**
 * Which feeds are being rolled, by address of the venue. A feed is noted in the same turn in which its plan lets it begin, so
 * two that are planned one right behind the other never take the same place, however late the API server tells of it.
 */
export class RollBook {
  readonly #options: RollBookOptions;
  readonly #rolls = new Map<string, Roll>();
  readonly #byBudget = new UidIndex();
  /** Feeds by the budget that they wait for, the longest first. */
  readonly #waiting = new UidIndex();

  constructor(options: RollBookOptions) {
    this.#options = options;
  }

  /** Of other feeds behind the same address. */
  of(feed: CollectorFeed, effective: EffectiveFeed): Pick<Neighbourhood, 'rolling' | 'stuck'> {
    const others = [...this.#byBudget.of(budgetKey(feed, effective))]
      .filter((uid) => uid !== feed.metadata.uid)
      .map((uid) => this.#rolls.get(uid));
    return {
      rolling: others.filter((roll) => roll?.state.kind === 'rolling').length,
      stuck: others.flatMap((roll) =>
        roll?.state.kind === 'stuck' ? [{ feed: roll.feed, image: roll.state.image }] : [],
      ),
    };
  }

  /** As it is after this plan; `waits`: for rolls of others. */
  note(feed: CollectorFeed, effective: EffectiveFeed, { state, waits }: RollNote): void {
    const { uid, namespace, name } = feed.metadata;
    const budget = budgetKey(feed, effective);
    const before = this.#rolls.get(uid);
    this.#remove(uid);
    if (state.kind !== 'rest') {
      this.#rolls.set(uid, { feed: `${namespace}/${name}`, budget, state });
      this.#byBudget.add(budget, uid);
    }
    if (waits) this.#waiting.add(budget, uid);
    else this.#waiting.remove(budget, uid);
    if (before !== undefined && JSON.stringify(before.state) !== JSON.stringify(state))
      this.#wake(before.budget);
  }

  /** A new leader knows of no plan of the last one's, but sees what is being rolled. */
  reset(feeds: Iterable<readonly [CollectorFeed, EffectiveFeed, RollState]>): void {
    for (const kept of [this.#rolls, this.#byBudget, this.#waiting]) kept.clear();
    for (const [feed, effective, state] of feeds) this.note(feed, effective, { state, waits: false });
  }

  forget(uid: string): void {
    const budget = this.#rolls.get(uid)?.budget;
    this.#remove(uid);
    this.#waiting.removeAll(uid);
    if (budget !== undefined) this.#wake(budget);
  }

  #wake(budget: string): void {
    for (const uid of [...this.#waiting.of(budget)].slice(0, WOKEN)) this.#options.onRoom(uid);
  }

  #remove(uid: string): void {
    const roll = this.#rolls.get(uid);
    if (roll === undefined) return;
    this.#rolls.delete(uid);
    this.#byBudget.remove(roll.budget, uid);
  }
}

export interface RollNote {
  readonly state: RollState;
  readonly waits: boolean;
}
