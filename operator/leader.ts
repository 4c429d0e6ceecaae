import type { Engine, EngineOptions } from './engine.ts';
import { LeaseElection } from './kube/lease.ts';

export interface Leader {
  readonly leading: boolean;
  readonly terms: number;
  run(signal: AbortSignal): Promise<void>;
}

/** Workers run while we lead; on the standby caches and reports stay warm. */
export function createLeader(options: EngineOptions, engine: Engine, stopped: AbortSignal): Leader {
  const { settings, self, clock, random, log } = options;
  const { leaderElection } = settings;
  const { queue, statuses, control, client, takeStock } = engine;
  const onLeading = (term: AbortSignal): void => {
    log.info({ lease: leaderElection.leaseName, identity: self.pod }, 'leading');
    const resign = (): void => {
      queue.pause();
      statuses.reset();
      control.rest();
    };
    term.addEventListener('abort', resign, { once: true });
    takeStock();
    queue.start(AbortSignal.any([term, stopped]));
  };
  if (!leaderElection.enabled) return alone(onLeading);
  return new LeaseElection({
    client,
    clock,
    random,
    onLeading,
    namespace: self.namespace,
    name: leaderElection.leaseName,
    identity: `${self.pod}_${clock.nowMs().toString(36)}${Math.floor(random() * 1e6).toString(36)}`,
    leaseMs: leaderElection.leaseSeconds * 1_000,
    renewDeadlineMs: leaderElection.renewDeadlineSeconds * 1_000,
    retryMs: leaderElection.retrySeconds * 1_000,
    onFault: (message) => log.warn({ message }, 'leader election'),
  });
}

/** Without election: the only one, until the end. */
function alone(onLeading: (term: AbortSignal) => void): Leader {
  const term = { leading: false, terms: 0 };
  return {
    get leading() {
      return term.leading;
    },
    get terms() {
      return term.terms;
    },
    run(signal) {
      const ended = Promise.withResolvers<void>();
      signal.addEventListener('abort', () => [(term.leading = false), ended.resolve()], { once: true });
      if (signal.aborted) return Promise.resolve();
      Object.assign(term, { leading: true, terms: 1 });
      onLeading(signal);
      return ended.promise;
    },
  };
}
