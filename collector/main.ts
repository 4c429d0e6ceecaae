import type { Assignment } from '../contract/assignment.ts';
import { parseHandoverReply } from '../contract/control-messages.ts';
import {
  handoverSubject,
  type CollectorReport,
  type HandoverReply,
  type HandoverRequest,
  type Problem,
} from '../contract/control.ts';
import type { Clock } from '../runtime/clock.ts';
import { startHttpServer, type HttpServer } from '../runtime/http-server.ts';
import type { Logger } from '../runtime/log.ts';
import { exitCodeOf, type Shutdown, type ShutdownSignal } from '../runtime/shutdown.ts';
import { watchAssignmentFile, type AssignmentFile } from './assignments/file.ts';
import type { ControlBus } from './control/bus.ts';
import { ControlChannel, inSyncInstruments } from './control/channel.ts';
import { awaitSuccessor } from './control/handover.ts';
import { Reporter } from './control/reporter.ts';
import { Shard, type Offer, type ShardParts } from './control/shard.ts';
import { within } from './control/within.ts';
import { collectorMetrics } from './http/collector-metrics.ts';
import { collectorRoutes } from './http/routes.ts';
import type { DeliveryStatus } from './ports.ts';
import { buildReport, type CollectorIdentity, type CollectorState } from './report.ts';

export interface CollectorOptions {
  readonly identity: CollectorIdentity;
  readonly version: string;
  readonly source:
    | { readonly kind: 'mounted'; readonly path: string }
    /** `collect -f`: no operator, nobody takes over. */
    | { readonly kind: 'fixed'; readonly assignment: Assignment };
  /** Beats the servers of every assignment; `NATS_URL`. */
  readonly dataServers: readonly string[];
  readonly parts: ShardParts & { problems(): readonly Problem[] };
  /** Null without an operator. */
  readonly bus: ControlBus | null;
  /** 0: any free port. */
  readonly port: number;
  readonly graceMs: number;
  readonly clock: Clock;
  readonly log: Logger;
  readonly random: () => number;
  /** How busy this process is, from 0 to 1. */
  readonly load: () => number;
  readonly shutdown: Shutdown;
  /** Resolves when a connection is given up for good; a new process then has to try. */
  readonly gaveUp: Promise<string>;
  /** Called once everything is wired, with what is known at any later moment. */
  readonly onStarted?: (state: () => CollectorState, port: number) => void;
}

const AWAIT_ROLL_MS = 300_000;
const ASK_WAIT_MS = 400;
const STOP_SESSION_MS = 1_500;
const CLOSE_MS = 1_500;
const LAST_WORD_MS = 500;
const INSISTED_MS = 2_000;
/** `collect -f`: how long the queue may take to empty after the user said stop. */
const DRAIN_MS = 10_000;
/** What is queued beyond a second of the present flow, and this, is a backlog. */
const SMALL_QUEUE = 200;

/** One collector process from its start to its exit code. Rejects only when it cannot start. */
export async function runCollector(options: CollectorOptions): Promise<number> {
  const { shutdown, gaveUp, clock, log } = options;
  const collector = new Collector(options);
  await collector.start();
  const ended = shutdown.requested.then((signal) => collector.end(signal));
  const insisted = shutdown.insisted.then(async (signal) => {
    log.warn({ signal }, 'second signal; ending at once');
    await within(collector.abandon(), INSISTED_MS, clock);
    return exitCodeOf(signal);
  });
  const failed = gaveUp.then(async (message) => {
    log.fatal(message);
    await within(collector.abandon(), INSISTED_MS, clock);
    return 1;
  });
  return Promise.race([ended, insisted, failed]);
}

class Collector {
  readonly #options: CollectorOptions;
  readonly #shard: Shard;
  readonly #channel: ControlChannel | undefined;
  readonly #reporter: Reporter | undefined;
  #file: AssignmentFile | undefined;
  #http: HttpServer | undefined;
  #terminating = false;

  constructor(options: CollectorOptions) {
    const { identity, bus, clock, log, parts, random } = options;
    this.#options = options;
    this.#shard = new Shard({
      parts,
      clock,
      log,
      random,
      writer: `${identity.pod}.${identity.startedMs.toString(36)}`,
      awaitRollMs: bus === null ? 0 : AWAIT_ROLL_MS,
    });
    if (bus === null) return;
    this.#channel = new ControlChannel({
      bus,
      log,
      shard: this.#shard,
      offer: (assignment) => this.#offer(assignment, 'push'),
      pod: identity.pod,
      replica: identity.replica,
      isTerminating: () => this.#terminating,
    });
    this.#reporter = new Reporter({ bus, clock, build: () => this.#report() });
  }

  async start(): Promise<void> {
    const { source, clock, log, version, port, onStarted } = this.#options;
    const state = (): CollectorState => this.state();
    const metrics = collectorMetrics({ state, version, control: () => this.#controlCounters() });
    const applyingSinceMs = (): number | undefined => this.#shard.applyingSinceMs;
    const routes = collectorRoutes({ state, metrics, version, applyingSinceMs });
    this.#http = await startHttpServer({ port, log, routes });
    log.info({ port: this.#http.port, version }, 'collector started');
    this.#reporter?.start();
    const onAssignment = (assignment: Assignment): void => void this.#offer(assignment, 'file');
    if (source.kind === 'fixed') onAssignment(source.assignment);
    else this.#file = watchAssignmentFile({ path: source.path, clock, log, onAssignment });
    onStarted?.(state, this.#http.port);
  }

  state(): CollectorState {
    const { identity, clock, parts, load } = this.#options;
    const shard = this.#shard;
    return {
      identity,
      nowMs: clock.nowMs(),
      terminating: this.#terminating,
      load: load(),
      assignment: shard.assignment,
      writer: shard.writer,
      session: shard.session?.status(),
      delivery: shard.delivery?.status(),
      problems: [...shard.problems, ...parts.problems()],
    };
  }

  /** In good order: hand over where there is somebody to hand over to, then empty the queue and close the counts. */
  async end(signal: ShutdownSignal): Promise<number> {
    const { clock, log, graceMs, source } = this.#options;
    const endsMs = clock.nowMs() + graceMs;
    this.#terminating = true;
    this.#shard.terminate();
    this.#reporter?.look();
    log.info({ signal }, 'terminating');
    if (source.kind === 'mounted') await this.#handOver();
    await within(this.#shard.stopSession(), STOP_SESSION_MS, clock);
    const drainMs =
      source.kind === 'fixed'
        ? DRAIN_MS
        : Math.max(0, endsMs - clock.nowMs() - CLOSE_MS - LAST_WORD_MS - STOP_SESSION_MS);
    const { delivery } = this.#shard;
    if (delivery !== undefined && mayBecomeIdle(delivery.status())) {
      const drained = await within(delivery.idle(), drainMs, clock);
      if (!drained)
        log.warn({ publish: delivery.status().publish }, 'ending with records that were not stored');
    }
    await this.abandon();
    log.info('collector ended');
    return 0;
  }

  /** Whatever is queued stays behind, the counts are closed if NATS is there. */
  async abandon(): Promise<void> {
    const { clock } = this.#options;
    this.#terminating = true;
    this.#file?.close();
    await within(this.#shard.stopSession(), STOP_SESSION_MS, clock);
    await within(this.#shard.close(), CLOSE_MS, clock);
    if (this.#reporter !== undefined) await within(this.#reporter.final(), LAST_WORD_MS, clock);
    this.#channel?.close();
    await this.#http?.close();
  }

  #offer(given: Assignment, source: 'file' | 'push'): Offer {
    const assignment = withServers(given, this.#options.dataServers);
    const offer = this.#shard.offer(assignment, source);
    if (offer === 'accepted') this.#channel?.follow(assignment);
    return offer;
  }

  async #handOver(): Promise<void> {
    const { identity, clock, log, graceMs } = this.#options;
    const shard = this.#shard;
    const end = await awaitSuccessor({
      pod: identity.pod,
      clock,
      log,
      graceMs,
      inSync: () => inSyncInstruments(shard.session),
      hasBacklog: () => hasBacklog(shard.delivery?.status()),
      isUnassigned: () => (shard.assignment?.symbols.length ?? 0) === 0,
      ask: (request) => this.#ask(request),
    });
    log.info({ ...end }, 'handover ended');
  }

  async #ask(request: HandoverRequest): Promise<readonly HandoverReply[]> {
    const { bus, identity } = this.#options;
    const { assignment } = this.#shard;
    if (bus === null || assignment === undefined) return [];
    const subject = handoverSubject(assignment.feed.uid, assignment.shard, identity.replica);
    const replies = await bus.requestMany(subject, JSON.stringify(request), ASK_WAIT_MS);
    return replies.map(parseHandoverReply).filter((reply) => reply !== undefined);
  }

  #report(): CollectorReport | undefined {
    const state = this.state();
    const { assignment } = state;
    return assignment === undefined ? undefined : buildReport({ ...state, assignment });
  }

  #controlCounters(): Readonly<Record<string, number>> {
    const { sent = 0, skipped = 0 } = this.#reporter?.counters ?? {};
    return { ...this.#channel?.counters, reportsSent: sent, reportsSkipped: skipped };
  }
}

/** `NATS_URL` beats the servers that the feed or the operator names. */
function withServers(assignment: Assignment, servers: readonly string[]): Assignment {
  if (servers.length === 0) return assignment;
  const { effective } = assignment;
  return { ...assignment, effective: { ...effective, nats: { ...effective.nats, servers } } };
}

/** False: nothing is queued, and nobody is there to ask whether all is settled. */
function mayBecomeIdle({ publish }: DeliveryStatus): boolean {
  return publish.connected || publish.queued > 0 || publish.inFlight > 0 || publish.spilledBytes > 0;
}

/** Records that a successor cannot have: more is queued than what is on its way anyway. */
function hasBacklog(delivery: DeliveryStatus | undefined): boolean {
  if (delivery === undefined) return false;
  const { connected, queued, spilledBytes } = delivery.publish;
  return !connected || spilledBytes > 0 || queued > Math.max(SMALL_QUEUE, delivery.perSecond);
}
