import { isDeepStrictEqual } from 'node:util';
import type { Assignment } from '../../contract/assignment.ts';
import type { Problem } from '../../contract/control.ts';
import { Backoff } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Logger } from '../../runtime/log.ts';
import { changeOf, NO_CHANGE, sameSymbols, type SettingsChange } from '../assignments/change.ts';
import { within } from './within.ts';
import type { Delivery, OutgoingSink, VenueSession } from '../ports.ts';

/** How the two parts are made; `main` passes the real ones. */
export interface ShardParts {
  startDelivery(assignment: Assignment, writer: string, hooks: DeliveryHooks): Promise<Delivery>;
  startSession(assignment: Assignment, writer: string, sink: OutgoingSink): VenueSession;
}

export interface DeliveryHooks {
  /** Shards that the feed has now. */
  shards(): number;
  onSnapshotWanted: (subject: string) => void;
  onResync: VenueSession['resync'];
  onTradesWanted: VenueSession['tradesWanted'];
  onPressure: (pressed: boolean) => void;
}

export interface ShardOptions {
  readonly parts: ShardParts;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** The name of this process as a writer; every start of delivery gets a mark of its own behind it. */
  readonly writer: string;
  /**
   * How long settings that only a restart applies wait for the operator's roll, whose handover loses nothing.
   * 0 where no operator is.
   */
  readonly awaitRollMs: number;
}

/** `older`: not above the epoch in force. `foreign`: another feed or shard came by push. */
export type Offer = 'accepted' | 'older' | 'foreign';

const RETRY = { firstMs: 1_000, maxMs: 30_000 };
const IDLE_BEFORE_RESTART_MS = 5_000;

/** Keeps delivery and session running as the assignment in force says; one change after the other, the newest wins. */
export class Shard {
  readonly #options: ShardOptions;
  readonly #retry: Backoff;
  #wanted: Assignment | undefined;
  /** The assignment whose settings the running parts were started with. */
  #basis: Assignment | undefined;
  #symbols: readonly string[] = [];
  #budget: Assignment['budget'] | undefined;
  #delivery: Delivery | undefined;
  #session: VenueSession | undefined;
  #pressed = false;
  #starts = 0;
  #writer = '';
  #problem: Problem | undefined;
  #applyingSinceMs: number | undefined;
  #applying: Promise<void> = Promise.resolve();
  #cancelTimer: (() => void) | undefined;
  #rollDueMs: number | undefined;
  #mode: 'collecting' | 'terminating' | 'stopped' = 'collecting';

  constructor(options: ShardOptions) {
    this.#options = options;
    this.#retry = new Backoff({ ...RETRY, random: options.random });
  }

  get assignment(): Assignment | undefined {
    return this.#wanted;
  }
  get delivery(): Delivery | undefined {
    return this.#delivery;
  }
  get session(): VenueSession | undefined {
    return this.#session;
  }
  get writer(): string {
    return this.#writer === '' ? this.#options.writer : this.#writer;
  }
  get problems(): readonly Problem[] {
    return this.#problem === undefined ? [] : [this.#problem];
  }
  /** Since when one change is being applied; undefined when none is. */
  get applyingSinceMs(): number | undefined {
    return this.#applyingSinceMs;
  }

  /** Puts an assignment in force at once when its epoch is higher; the parts follow. */
  offer(assignment: Assignment, source: 'file' | 'push'): Offer {
    const { log } = this.#options;
    const before = this.#wanted;
    if (before !== undefined) {
      const foreign = changeOf(before, assignment).identity;
      if (foreign && source === 'push') return 'foreign';
      if (!foreign && assignment.epoch <= before.epoch) return 'older';
    }
    this.#wanted = assignment;
    const { epoch, symbols, shard, shards } = assignment;
    log.info({ epoch, symbols: symbols.length, shard, shards, source }, 'assignment in force');
    this.#apply();
    return 'accepted';
  }

  /** From now on nothing is restarted: the successor brings the new settings. Symbols are still obeyed. */
  terminate(): void {
    this.#mode = 'terminating';
  }

  /** Resolves when every change so far is applied (or waits for a retry or a roll). */
  settled(): Promise<void> {
    return this.#applying;
  }

  async stopSession(): Promise<void> {
    this.#mode = 'stopped';
    this.#cancelTimer?.();
    await this.#applying;
    await this.#endSession();
  }

  /** After `stopSession`. What delivery says of itself can be read on. */
  async close(): Promise<void> {
    await this.#delivery?.close();
  }

  #apply(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    if (this.#applyingSinceMs !== undefined) return;
    this.#applyingSinceMs = this.#options.clock.nowMs();
    this.#applying = this.#applyNewest();
  }

  async #applyNewest(): Promise<void> {
    let applied: Assignment | undefined;
    while (applied !== this.#wanted && this.#mode !== 'stopped') {
      const assignment: Assignment | undefined = this.#wanted;
      if (assignment === undefined) break;
      try {
        await this.#follow(assignment);
        applied = assignment;
        this.#retry.reset();
        this.#problem = undefined;
      } catch (error) {
        this.#retryLater(error);
        break;
      }
    }
    // In the same turn as the last look at #wanted: an offer after it starts anew.
    this.#applyingSinceMs = undefined;
  }

  #retryLater(error: unknown): void {
    const { log, clock } = this.#options;
    const retryMs = this.#retry.nextMs();
    const message = `the collector's parts cannot be started: ${error instanceof Error ? error.message : String(error)}`;
    log.error({ err: error, retryMs }, message);
    this.#problem = {
      reason: this.#delivery === undefined ? 'NatsUnreachable' : 'StreamNotOffered',
      message,
      sinceMs: this.#problem?.sinceMs ?? clock.nowMs(),
    };
    this.#cancelTimer = clock.after(retryMs, () => this.#apply());
  }

  async #follow(assignment: Assignment): Promise<void> {
    const change = this.#basis === undefined ? NO_CHANGE : changeOf(this.#basis, assignment);
    const due = this.#mode === 'collecting' && this.#isDue(change);
    if (due && (change.identity || change.delivery || change.ownStreamLimits)) await this.#endAll(change);
    else if (due && change.session) await this.#endSession();
    await this.#start(assignment, due);
  }

  /** True when a changed setting is to be applied now; starts the wait for the roll otherwise. */
  #isDue(change: SettingsChange): boolean {
    const { awaitRollMs, clock, log } = this.#options;
    if (change.identity || change.ownStreamLimits) return true;
    if (!change.delivery && !change.session) {
      this.#rollDueMs = undefined;
      return true;
    }
    this.#rollDueMs ??= clock.nowMs() + awaitRollMs;
    const leftMs = this.#rollDueMs - clock.nowMs();
    if (leftMs <= 0) {
      this.#rollDueMs = undefined;
      return true;
    }
    log.info({ ...change, leftMs }, 'settings changed; waiting for the roll, then restarting in place');
    this.#cancelTimer = clock.after(leftMs, () => this.#apply());
    return false;
  }

  async #start(assignment: Assignment, due: boolean): Promise<void> {
    if (this.#mode === 'stopped') return;
    if (this.#delivery === undefined) {
      this.#starts += 1;
      const { writer } = this.#options;
      this.#writer = this.#starts === 1 ? writer : `${writer}-${this.#starts}`;
      this.#delivery = await this.#options.parts.startDelivery(assignment, this.#writer, this.#hooks());
    }
    if (due || this.#basis === undefined) this.#basis = assignment;
    if (assignment.symbols.length === 0 && !readsLists(assignment)) {
      await this.#endSession();
    } else if (this.#session === undefined) {
      // Settings that wait for the roll stay as they were, also after a pause.
      this.#session = this.#options.parts.startSession(
        { ...assignment, effective: this.#basis.effective },
        this.#writer,
        this.#delivery,
      );
      if (this.#pressed) this.#session.pause();
    } else {
      if (!isDeepStrictEqual(this.#budget, assignment.budget)) this.#session.setBudget(assignment.budget);
      if (!sameSymbols(this.#symbols, assignment.symbols)) this.#session.setSymbols(assignment.symbols);
    }
    this.#symbols = assignment.symbols;
    this.#budget = assignment.budget;
  }

  #hooks(): DeliveryHooks {
    return {
      shards: () => this.#wanted?.shards ?? 1,
      onSnapshotWanted: (subject) => this.#session?.snapshotWanted(subject),
      onResync: (subject, cause) => this.#session?.resync(subject, cause),
      onTradesWanted: (wanted) => this.#session?.tradesWanted(wanted),
      onPressure: (pressed) => {
        this.#pressed = pressed;
        if (pressed) this.#session?.pause();
        else this.#session?.resume();
      },
    };
  }

  async #endSession(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.stop();
  }

  async #endAll(change: SettingsChange): Promise<void> {
    const { log, clock } = this.#options;
    log.warn({ ...change }, 'settings changed; restarting in place');
    await this.#endSession();
    const delivery = this.#delivery;
    this.#delivery = undefined;
    this.#basis = undefined;
    this.#pressed = false;
    if (delivery === undefined) return;
    await within(delivery.idle(), IDLE_BEFORE_RESTART_MS, clock);
    await delivery.close();
  }
}

/** The first shard of a feed with a selector reads the venue's lists, also while there is nothing to collect. */
const readsLists = ({ shard, effective }: Assignment): boolean =>
  effective.selector !== null && shard === 0 && !effective.paused;
