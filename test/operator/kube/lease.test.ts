import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ApiObject } from '../../../operator/kube/api.ts';
import type { KubeClient } from '../../../operator/kube/client.ts';
import { failure, success, type KubeResult } from '../../../operator/kube/fault.ts';
import { LeaseElection } from '../../../operator/kube/lease.ts';
import { ManualClock } from '../../support/manual-clock.ts';

type Lease = ApiObject & { readonly spec: { readonly holderIdentity?: string; readonly renewTime?: string } };

/** One Lease with a resourceVersion, as the API server judges it; may be away or hang. */
class LeaseServer {
  lease: Lease | undefined;
  mode: 'up' | 'down' | 'hangs' = 'up';
  writes = 0;
  #version = 0;

  client(clock: ManualClock): KubeClient {
    const answer = (
      timeoutMs: number | undefined,
      work: () => KubeResult<ApiObject>,
    ): Promise<KubeResult<ApiObject>> => {
      if (this.mode === 'hangs')
        return new Promise((resolve) =>
          clock.after(timeoutMs ?? 15_000, () => resolve(failure('unreachable', 'timeout'))),
        );
      return Promise.resolve(this.mode === 'down' ? failure('unreachable', 'refused') : work());
    };
    const store = (object: ApiObject): KubeResult<ApiObject> => {
      this.#version += 1;
      this.writes += 1;
      this.lease = {
        ...object,
        metadata: { ...object.metadata, uid: 'u', resourceVersion: String(this.#version) },
      } as Lease;
      return success(this.lease);
    };
    const unused = (): never => assert.fail('not used by the election');
    return {
      get: (_, options) =>
        answer(options?.timeoutMs, () =>
          this.lease === undefined ? failure('notFound', 'none') : success(this.lease),
        ),
      create: (object, options) =>
        answer(options?.timeoutMs, () =>
          this.lease === undefined ? store(object) : failure('conflict', 'exists'),
        ),
      update: (object, options) =>
        answer(options?.timeoutMs, () =>
          object.metadata.resourceVersion === this.lease?.metadata.resourceVersion
            ? store(object)
            : failure('conflict', 'changed'),
        ),
      list: unused,
      watch: unused,
      apply: unused,
      applyStatus: unused,
      remove: unused,
    };
  }
}

interface Candidate {
  readonly election: LeaseElection;
  readonly terms: AbortSignal[];
  readonly stop: () => void;
  readonly ended: Promise<void>;
}

function candidate(server: LeaseServer, clock: ManualClock, identity: string, random = 0.5): Candidate {
  const terms: AbortSignal[] = [];
  const controller = new AbortController();
  const election = new LeaseElection({
    client: server.client(clock),
    namespace: 'n',
    name: 'l',
    identity,
    leaseMs: 15_000,
    renewDeadlineMs: 10_000,
    retryMs: 2_000,
    clock,
    random: () => random,
    onLeading: (term) => terms.push(term),
  });
  return { election, terms, stop: () => controller.abort(), ended: election.run(controller.signal) };
}

describe('the lease election', () => {
  it('makes one leader, and only one', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const [a, b] = [candidate(server, clock, 'a'), candidate(server, clock, 'b')];
    await clock.advance(60_000);
    assert.equal(a.terms.length + b.terms.length, 1);
    assert.equal(a.election.leading, true);
    assert.equal(b.election.leading, false);
    assert.equal(server.lease?.spec.holderIdentity, 'a');
  });

  it('takes over within 17 s of a crash, whenever that was and whenever the standby looks', async () => {
    for (const aliveMs of [10_500, 10_600, 11_500, 12_200])
      for (const lateMs of [100, 500, 900, 1_300, 1_700]) {
        const [server, clock] = [new LeaseServer(), new ManualClock()];
        const alive = new ManualClock(clock.nowMs());
        candidate(server, alive, 'a');
        await alive.advance(lateMs);
        await clock.advance(lateMs);
        const b = candidate(server, clock, 'b', 1);
        for (let atMs = lateMs; atMs < aliveMs; atMs += 100) {
          await alive.advance(100);
          await clock.advance(100);
        }
        const lastRenewalMs = Date.parse(server.lease?.spec.renewTime ?? '');
        await clock.advance(lastRenewalMs + 14_900 - clock.nowMs());
        assert.equal(b.terms.length, 0, 'before the lease has run out');
        await clock.advance(2_200);
        assert.equal(b.terms.length, 1, `17 s after a crash at ${aliveMs}, standby ${lateMs} later`);
      }
  });

  it('counts the time by its own clock, not by the time that the holder wrote', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const behind = new ManualClock(clock.nowMs() - 86_400_000);
    candidate(server, behind, 'a');
    await behind.advance(0);
    const b = candidate(server, clock, 'b');
    for (let round = 0; round < 60; round += 1) {
      await behind.advance(1_000);
      await clock.advance(1_000);
    }
    assert.equal(b.terms.length, 0);
  });

  it('gives the lease back when it stops, and the standby has it within 3 s', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const a = candidate(server, clock, 'a');
    await clock.advance(0);
    const b = candidate(server, clock, 'b');
    await clock.advance(5_000);
    a.stop();
    await a.ended;
    assert.equal(a.terms[0]?.aborted, true);
    assert.equal(server.lease?.spec.holderIdentity, '');
    await clock.advance(3_000);
    assert.equal(b.election.leading, true);
  });

  it('steps down after 10 s without a renewal, and leads again once it can', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const a = candidate(server, clock, 'a');
    await clock.advance(4_000);
    server.mode = 'down';
    await clock.advance(7_000);
    assert.equal(a.election.leading, true);
    await clock.advance(3_500);
    assert.equal(a.election.leading, false);
    assert.equal(a.terms[0]?.aborted, true);
    server.mode = 'up';
    await clock.advance(3_000);
    assert.equal(a.election.leading, true);
    assert.equal(a.terms.length, 2);
  });

  it('survives one call that hangs, and steps down in time when all do', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const a = candidate(server, clock, 'a');
    await clock.advance(1_600);
    server.mode = 'hangs';
    await clock.advance(2_500);
    server.mode = 'up';
    await clock.advance(60_000);
    assert.equal(a.terms.length, 1);
    server.mode = 'hangs';
    await clock.advance(10_000);
    assert.equal(a.terms[0]?.aborted, true, 'the deadline holds also while a call hangs');
  });

  it('is no leader any more after a stall of the event loop, before any timer ran', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    let stalledMs = 0;
    const stalling = Object.assign(Object.create(clock) as ManualClock, {
      nowUs: () => (clock.nowMs() + stalledMs) * 1_000,
      nowMs: () => clock.nowMs(),
      after: (ms: number, task: () => void) => clock.after(ms, task),
    });
    const a = candidate(server, stalling, 'a');
    await clock.advance(1_000);
    assert.equal(a.election.leading, true);
    stalledMs = 10_001;
    assert.equal(a.election.leading, false);
  });

  it('steps down at once when another holds the lease', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const a = candidate(server, clock, 'a');
    await clock.advance(1_000);
    const { lease } = server;
    assert.ok(lease !== undefined);
    server.lease = {
      ...lease,
      metadata: { ...lease.metadata, resourceVersion: '99' },
      spec: { ...lease.spec, holderIdentity: 'other', renewTime: 'now' },
    };
    await clock.advance(2_000);
    assert.equal(a.election.leading, false);
    assert.equal(a.terms[0]?.aborted, true);
  });

  it('leads again over a Lease that somebody deleted', async () => {
    const [server, clock] = [new LeaseServer(), new ManualClock()];
    const a = candidate(server, clock, 'a');
    await clock.advance(1_000);
    server.lease = undefined;
    await clock.advance(5_000);
    assert.equal(a.election.leading, true);
    assert.equal(a.terms.length, 1);
  });
});
