// Plays the collectors of all pods that kwok plays: reports, acknowledgements and epochs as the real ones send them, no venue, no
// records. A process of its own, told over NATS whether counts move.
import { setTimeout as delay } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from '@nats-io/transport-node';
import { ASSIGNMENT_KEY, parseAssignment, type Assignment } from '../../contract/assignment.ts';
import { reportSubject, type CollectorReport } from '../../contract/control.ts';
import { emptyLedger } from '../../contract/ledger.ts';
import { LABELS, OWNED_SELECTOR } from '../../operator/plan/names.ts';
import { Api } from './api.ts';

/** As `Reporter` has them. */
const WHILE_CHANGING_MS = 1_000;
const WHILE_QUIET_MS = 5_000;
import { FLOW_SUBJECT } from './rig.ts';
/** What each of them says of how many records it has stored in a second. */
const PER_SECOND = 100;

interface PodObject {
  readonly metadata: {
    readonly name: string;
    readonly labels?: Readonly<Record<string, string>>;
    readonly deletionTimestamp?: string;
  };
  readonly status?: { readonly phase?: string };
}
interface ConfigMapObject {
  readonly metadata: { readonly name: string };
  readonly data?: Readonly<Record<string, string>>;
}

interface Played {
  readonly name: string;
  assignment: Assignment | undefined;
  readonly startedMs: number;
  stored: number;
  sentMs: number;
}

const [kubeconfig = '', nats = ''] = process.argv.slice(2);
const STREAM = 'MARKET_DATA';
const api = await Api.of(kubeconfig);
const connection = await connect({ servers: nats, maxReconnectAttempts: -1 });
const pods = new Map<string, Map<string, Played>>();
/** By shard: what its ConfigMap says, as the kubelet would have mounted it. */
const assignments = new Map<string, Assignment>();
let flows = false;
/** When the operator has made the stream; none of them reports before. */
let created: string | undefined;

const shardKey = (feedUid: string, shard: number | string): string => `${feedUid}.${shard}`;
const ended = new AbortController();
process.once('SIGTERM', () => ended.abort());

function reportOf(pod: Played, { epoch, feed, shard, symbols }: Assignment): CollectorReport {
  const nowMs = Date.now();
  const count = symbols.length;
  const writer = `${pod.name}.1`;
  const entry = {
    stored: pod.stored,
    sequence: pod.stored,
    byStream: { trade: pod.stored },
    duplicates: 0,
    closed: false,
  };
  return {
    v: 1,
    feedUid: feed.uid,
    shard,
    replica: 'a',
    pod: pod.name,
    writer,
    epoch,
    sentMs: nowMs,
    startedMs: pod.startedMs,
    terminating: false,
    symbols: {
      assigned: count,
      inSync: count,
      resyncing: 0,
      named: 0,
      unknown: [],
      duplicates: [],
      worst: [],
    },
    flow: { lastFrameMs: nowMs, connected: true, flowing: true },
    publish: {
      connected: true,
      lastConfirmedMs: nowMs,
      inFlight: 0,
      queued: 0,
      spilledBytes: 0,
      dropped: 0,
      retries: 0,
    },
    ledger: {
      ...emptyLedger({ name: STREAM, created: created ?? '' }),
      writers: { [writer]: { ...entry, updatedMs: flows ? nowMs : pod.startedMs } },
    },
    orphans: [],
    perSecond: flows ? PER_SECOND : 0,
    lastMessageMs: flows ? nowMs : pod.startedMs,
    gaps: 0,
    resyncs: 0,
    lastGap: null,
    load: 0.1,
    latencyMs: { p50: 2, p99: 8 },
    problems: [],
  };
}

function report(pod: Played): void {
  const { assignment } = pod;
  if (assignment === undefined || created === undefined) return;
  pod.sentMs = performance.now();
  connection.publish(
    reportSubject(assignment.feed.uid, assignment.shard),
    JSON.stringify(reportOf(pod, assignment)),
  );
}

/** The higher epoch wins, whatever way it came. */
function assign(pod: Played, assignment: Assignment): void {
  if ((pod.assignment?.epoch ?? 0) >= assignment.epoch) return;
  pod.assignment = assignment;
  report(pod);
}

const assignmentIn = (text: string): Assignment | undefined => {
  const parsed = parseAssignment(text);
  return 'reason' in parsed ? undefined : parsed;
};

async function answerPushes(): Promise<void> {
  for await (const message of connection.subscribe('marketprism.control.*.*.assign')) {
    const assignment = assignmentIn(message.string());
    if (assignment === undefined) continue;
    for (const pod of pods.get(shardKey(assignment.feed.uid, assignment.shard))?.values() ?? []) {
      assign(pod, assignment);
      message.respond(
        JSON.stringify({ pod: pod.name, epoch: pod.assignment?.epoch ?? 0, terminating: false }),
      );
    }
  }
}

async function hearFlow(): Promise<void> {
  for await (const message of connection.subscribe(FLOW_SUBJECT)) {
    flows = message.string() === 'on';
    message.respond('ok');
  }
}

function onPod(type: string, value: unknown): void {
  const { metadata, status } = value as PodObject;
  const key = shardKey(metadata.labels?.[LABELS.feedUid] ?? '', metadata.labels?.[LABELS.shard] ?? '');
  const ofShard = pods.get(key) ?? new Map<string, Played>();
  pods.set(key, ofShard);
  if (type === 'DELETED' || metadata.deletionTimestamp !== undefined)
    return void ofShard.delete(metadata.name);
  if (status?.phase !== 'Running' || ofShard.has(metadata.name)) return;
  const nowMs = Date.now();
  const pod: Played = { name: metadata.name, assignment: undefined, startedMs: nowMs, stored: 0, sentMs: 0 };
  ofShard.set(metadata.name, pod);
  const mounted = assignments.get(key);
  if (mounted !== undefined) assign(pod, mounted);
}

function onConfigMap(_: string, value: unknown): void {
  const assignment = assignmentIn((value as ConfigMapObject).data?.[ASSIGNMENT_KEY] ?? '');
  if (assignment === undefined) return;
  const key = shardKey(assignment.feed.uid, assignment.shard);
  assignments.set(key, assignment);
  // Who runs already reads it late: the push is quicker, as it is with a kubelet.
  for (const pod of pods.get(key)?.values() ?? []) if (pod.assignment === undefined) assign(pod, assignment);
}

async function findStream(): Promise<void> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  while (created === undefined) {
    created = await manager.streams.info(STREAM).then(
      (info) => info.created,
      () => undefined,
    );
    await delay(TICK_MS);
  }
}

const TICK_MS = 100;
setInterval(() => {
  const nowMs = performance.now();
  const everyMs = flows ? WHILE_CHANGING_MS : WHILE_QUIET_MS;
  for (const ofShard of pods.values())
    for (const pod of ofShard.values()) {
      if (nowMs - pod.sentMs < everyMs) continue;
      if (flows) pod.stored += PER_SECOND;
      report(pod);
    }
}, TICK_MS).unref();

const query = `labelSelector=${encodeURIComponent(OWNED_SELECTOR)}`;
const working = [
  api.watch(`/api/v1/configmaps?${query}`, ended.signal, onConfigMap),
  api.watch(`/api/v1/pods?${query}`, ended.signal, onPod),
];
void answerPushes();
void hearFlow();
void findStream();
await connection.flush();
process.stdout.write('playing\n');
await Promise.all(working);
await connection.close();
await api.close();
