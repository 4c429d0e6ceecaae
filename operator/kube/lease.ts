import type { Clock } from '../../runtime/clock.ts';
import type { ApiObject } from './api.ts';
import { apiVersionOf } from './api.ts';
import type { KubeClient } from './client.ts';
import { wait } from './wait.ts';

export interface LeaseOptions {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
  /** Unique per process: the pod's name and a mark of its start. */
  readonly identity: string;
  readonly leaseMs: number;
  /** Without a renewal for this long the leader steps down; less than `leaseMs`. */
  readonly renewDeadlineMs: number;
  readonly retryMs: number;
  readonly clock: Clock;
  readonly random: () => number;
  /** Leadership began; the signal ends with it, and the process goes on as a warm standby. */
  readonly onLeading: (term: AbortSignal) => void;
  readonly onFault?: (message: string) => void;
}

interface LeaseSpec {
  readonly holderIdentity?: string;
  readonly leaseDurationSeconds?: number;
  readonly acquireTime?: string;
  readonly renewTime?: string;
  readonly leaseTransitions?: number;
}
type Lease = ApiObject & { readonly spec?: LeaseSpec };

/** One hung call must not cost the lease: several tries fit into the renew deadline. */
const MAX_TRY_MS = 3_000;
const RELEASE_TIMEOUT_MS = 2_000;

/**
 * Leader election. Another's lease is over when *we* have seen it unchanged for its duration: holders' clocks are not
 * compared. A leader that cannot renew in time, or was stalled, steps down; it does not exit.
 */
export class LeaseElection {
  readonly #options: LeaseOptions;
  #seen: { readonly lease: Lease; readonly atMs: number } | undefined;
  #term: { readonly controller: AbortController; renewedMs: number } | undefined;
  #transitions = 0;

  constructor(options: LeaseOptions) {
    this.#options = options;
  }

  /** Asked before each write, because a stalled event loop runs no timers: what is too old is no leadership. */
  get leading(): boolean {
    const term = this.#term;
    return (
      term !== undefined &&
      this.#nowMs() - term.renewedMs < this.#options.renewDeadlineMs &&
      !term.controller.signal.aborted
    );
  }

  /** Times that this process became leader. */
  get terms(): number {
    return this.#transitions;
  }

  /** Ends with the signal, after releasing the lease. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, retryMs, random } = this.#options;
    while (!signal.aborted) {
      await this.#turn(signal);
      // Not before the retry is due, but no later than the other's lease runs out: a crash costs no extra round.
      await wait(clock, Math.min(retryMs * (0.75 + random() / 4), this.#expiresInMs()), signal);
    }
    await this.#release();
  }

  async #turn(signal: AbortSignal): Promise<void> {
    const { clock, renewDeadlineMs } = this.#options;
    const startedMs = this.#nowMs();
    const remainingMs =
      this.#term === undefined ? renewDeadlineMs : this.#term.renewedMs + renewDeadlineMs - startedMs;
    if (remainingMs <= 0) return this.#stepDown('not renewed within the deadline');
    // The deadline holds also while a call hangs.
    const cancel =
      this.#term === undefined
        ? undefined
        : clock.after(remainingMs, () => this.#stepDown('not renewed within the deadline'));
    const held = await this.#acquireOrRenew(signal);
    cancel?.();
    if (held === 'lost') this.#stepDown('another holds the lease');
    if (held !== 'held') return undefined;
    if (this.#term !== undefined) this.#term.renewedMs = startedMs;
    else if (this.#nowMs() - startedMs < renewDeadlineMs && !signal.aborted) this.#lead(startedMs);
    return undefined;
  }

  #lead(renewedMs: number): void {
    this.#term = { controller: new AbortController(), renewedMs };
    this.#transitions += 1;
    this.#options.onLeading(this.#term.controller.signal);
  }

  #stepDown(why: string): void {
    const term = this.#term;
    if (term === undefined) return;
    this.#term = undefined;
    this.#options.onFault?.(`no longer leader: ${why}`);
    term.controller.abort(new Error(`no longer leader: ${why}`));
  }

  async #acquireOrRenew(signal: AbortSignal): Promise<'held' | 'lost' | 'unknown'> {
    const { client, namespace, name, onFault, renewDeadlineMs } = this.#options;
    const options = { signal, timeoutMs: Math.min(MAX_TRY_MS, renewDeadlineMs / 2) };
    const read = await client.get({ kind: 'Lease', namespace, name }, options);
    if (!read.ok && read.fault.reason !== 'notFound') {
      if (!signal.aborted) onFault?.(`lease ${namespace}/${name} cannot be read: ${read.fault.message}`);
      return 'unknown';
    }
    const lease = read.ok ? (read.value as Lease) : undefined;
    if (lease !== undefined && !this.#free(lease)) return 'lost';
    const body = this.#claim(lease);
    const written =
      lease === undefined ? await client.create(body, options) : await client.update(body, options);
    if (written.ok) return 'held';
    if (!signal.aborted) onFault?.(`lease ${namespace}/${name} cannot be written: ${written.fault.message}`);
    return 'unknown'; // A conflict too: the next read says who holds it.
  }

  /** Ours, given back, or unchanged before our own eyes for as long as it lasts. */
  #free(lease: Lease): boolean {
    const { identity, leaseMs } = this.#options;
    const { holderIdentity = '', leaseDurationSeconds, renewTime } = lease.spec ?? {};
    const same =
      this.#seen?.lease.metadata.uid === lease.metadata.uid &&
      this.#seen?.lease.spec?.renewTime === renewTime &&
      this.#seen?.lease.spec?.holderIdentity === holderIdentity;
    if (!same) this.#seen = { lease, atMs: this.#nowMs() };
    if (holderIdentity === '' || holderIdentity === identity) return true;
    const durationMs = leaseDurationSeconds === undefined ? leaseMs : leaseDurationSeconds * 1_000;
    return this.#nowMs() - (this.#seen?.atMs ?? 0) >= durationMs;
  }

  /** Of another's lease as we see it, at least 50 ms so that clocks that round do not make it spin. */
  #expiresInMs(): number {
    const { identity, leaseMs } = this.#options;
    if (this.#term !== undefined || this.#seen === undefined) return Infinity;
    const { holderIdentity = '', leaseDurationSeconds } = this.#seen.lease.spec ?? {};
    if (holderIdentity === '' || holderIdentity === identity) return Infinity;
    const durationMs = leaseDurationSeconds === undefined ? leaseMs : leaseDurationSeconds * 1_000;
    return Math.max(50, this.#seen.atMs + durationMs - this.#nowMs());
  }

  #claim(lease: Lease | undefined): Lease {
    const { namespace, name, identity, leaseMs, clock } = this.#options;
    const now = new Date(clock.nowMs()).toISOString().replace('Z', '000Z');
    const before = lease?.spec ?? {};
    const mine = before.holderIdentity === identity;
    return {
      apiVersion: apiVersionOf('Lease'),
      kind: 'Lease',
      metadata: lease?.metadata ?? { name, namespace },
      spec: {
        ...before,
        holderIdentity: identity,
        leaseDurationSeconds: leaseMs / 1_000,
        acquireTime: mine && before.acquireTime !== undefined ? before.acquireTime : now,
        renewTime: now,
        leaseTransitions: (before.leaseTransitions ?? 0) + (mine || lease === undefined ? 0 : 1),
      },
    };
  }

  /** So that the next one need not wait for the lease to run out. Work has ended before this is called. */
  async #release(): Promise<void> {
    if (this.#term === undefined) return;
    this.#stepDown('released');
    const { client, namespace, name, identity, onFault } = this.#options;
    const options = { timeoutMs: RELEASE_TIMEOUT_MS };
    const read = await client.get({ kind: 'Lease', namespace, name }, options);
    const lease = read.ok ? (read.value as Lease) : undefined;
    if (lease?.spec?.holderIdentity !== identity) return;
    const spec = { ...lease.spec, holderIdentity: '', leaseDurationSeconds: 1 };
    const written = await client.update({ ...lease, spec } as Lease, options);
    if (!written.ok) onFault?.(`lease ${namespace}/${name} could not be released: ${written.fault.message}`);
  }

  /** Monotonic: a step of the system's clock neither ends nor extends a lease. */
  #nowMs(): number {
    return this.#options.clock.nowUs() / 1_000;
  }
}
