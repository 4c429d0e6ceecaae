import type { ConditionType } from '../../contract/feed.ts';

/** Every reason that a condition can carry, with the conditions that use it; `docs/conditions.md` is printed from it. */
export interface ReasonEntry {
  readonly conditions: readonly ConditionType[];
  /** What it means and, where there is one, what mends it. */
  readonly meaning: string;
}

const entry = (meaning: string, ...conditions: readonly ConditionType[]): ReasonEntry => ({
  conditions,
  meaning,
});
const specFault = (meaning: string): ReasonEntry => entry(meaning, 'Ready', 'Stalled');

export const REASONS = {
  // All is well
  Collecting: entry(
    'Every active symbol is in sync and the last publish is confirmed.',
    'Ready',
    'DataFlowing',
    'Paused',
  ),
  Publishing: entry('JetStream confirmed a publish or a round trip within 30 s.', 'Publishing'),
  LoginRefused: entry(
    'JetStream confirms over a connection that stands, and NATS refuses what a new one would need: what is missing, and the Secret, are in the message.',
    'Publishing',
  ),
  StreamEnsured: entry('The stream exists as the operator declares it.', 'StreamReady'),
  StreamUsable: entry('The collectors write to the stream and JetStream confirms it.', 'StreamReady'),
  ForeignStream: entry(
    'The stream belongs to another installation: it is used, never changed; its owner is in the message.',
    'StreamReady',
  ),
  AllSymbolsKnown: entry('The venue lists every symbol of the spec.', 'SymbolsResolved'),
  SelectorResolved: entry(
    'What `symbolSelector` stands for at present is collected; the message counts it.',
    'SymbolsResolved',
  ),
  SelectorCut: entry(
    'More instruments satisfy `symbolSelector` than are taken: the first ones by name are. Raise `maxSymbols`, or narrow the selector.',
    'SymbolsResolved',
  ),
  DuplicateSpellings: entry(
    'Two spellings in the spec name one instrument; it is collected once. Remove one of them.',
    'SymbolsResolved',
  ),
  Exact: entry('`messages.total` is exact, as said in docs/guarantees.md.', 'CountsExact'),
  AsPlanned: entry('Every object is as planned and every collector obeys its assignment.', 'Reconciling'),
  NothingStalled: entry('Nothing in the spec keeps the feed from being collected.', 'Stalled'),
  RedundancyNotRequested: entry('`spec.redundancy` is 1.', 'RedundancyReduced'),
  BothReplicasReady: entry('Every shard has both replicas ready.', 'RedundancyReduced'),
  WithinOneCore: entry('No collector is busy all the time.', 'Overloaded'),

  // Wanted by the user
  Paused: entry(
    '`spec.paused` is true: nothing is collected, everything else is kept.',
    'Ready',
    'DataFlowing',
    'Publishing',
    'SymbolsResolved',
    'RedundancyReduced',
    'Overloaded',
    'Reconciling',
    'Paused',
  ),
  HandsOff: entry(
    'The annotation `marketprism.io/reconcile: disabled` is set: objects are left alone, status is still written. Remove it to reconcile again.',
    'Reconciling',
  ),

  // Under way
  NoReport: entry(
    'A shard has sent no report for 15 s, so nothing is known of it. Look at its pods, and at NATS if they run.',
    'Ready',
    'DataFlowing',
    'Publishing',
    'StreamReady',
    'SymbolsResolved',
    'CountsExact',
    'Overloaded',
  ),
  AwaitingSpecChange: entry('Nothing can be planned until the spec changes; see Stalled.', 'Reconciling'),
  Deleting: entry('The feed is being deleted.', 'Ready', 'Reconciling'),
  Applying: entry('Objects or assignments of this generation are being written.', 'Reconciling'),
  ApplyFailed: entry('The API server refused an object; its answer is in the message.', 'Reconciling'),
  AwaitingAcknowledgement: entry(
    'Collectors have not acknowledged the newest assignment yet.',
    'Reconciling',
  ),
  RollingOut: entry('Pods of the new template are taking over.', 'Reconciling'),
  RollHeld: entry(
    'A roll waits: for another roll of the feed or behind the same address of the venue, until the spill of its shard is empty, or because the same image does not come into sync in another feed, which the message names.',
    'Reconciling',
  ),
  PodsStarting: entry('Collector pods are starting.', 'Reconciling'),
  SymbolsSyncing: entry('Symbols are being subscribed and synced; the message names the worst.', 'Ready'),
  CataloguePending: entry(
    "The venue's list of instruments, which `symbolSelector` is resolved against, is not known to the operator yet: the feed's first collector writes it to NATS. What was selected before is collected on.",
    'Ready',
    'DataFlowing',
    'SymbolsResolved',
  ),
  StreamPending: entry('The stream has not been looked at yet.', 'StreamReady'),
  WriterUnsettled: entry(
    'A collector ended without closing its count; its successor, of a paused feed the next one, recounts what lies behind the last checkpoint.',
    'CountsExact',
  ),

  // Pods
  ImagePullFailed: entry(
    'The image cannot be pulled. Check `template.image` or the chart value `collector.image`, and `imagePullSecrets`.',
    'Ready',
    'Reconciling',
  ),
  CrashLooping: entry(
    'A collector ends again and again. `kubectl logs --previous` of the pod says why.',
    'Ready',
    'Reconciling',
  ),
  Unschedulable: entry(
    'No node takes the pod; the scheduler says why in the message. Add room, or change `template`.',
    'Ready',
    'Reconciling',
    'RedundancyReduced',
  ),
  ContainerConfigError: entry(
    'The container cannot be made from its configuration; the kubelet says why in the message.',
    'Ready',
    'Reconciling',
  ),
  PodRefused: entry(
    'The API server refuses the pod (quota, Pod Security, admission); its answer is in the message.',
    'Ready',
    'Reconciling',
  ),
  ShardHot: entry(
    'A collector has been busy for more than 80 % of the last half minute, of a processor or of the share that its limit leaves it: data waits for it. The message names the shard and the `collectors` that would mend it.',
    'Overloaded',
  ),
  SymbolHot: entry(
    'The collector of a single symbol is that busy. A symbol is not split: give its pod more of a processor, or collect fewer streams of it.',
    'Overloaded',
  ),
  RollStuck: entry(
    'The new pod of a roll is not in sync within the deadline (chart value `collector.rollDeadlineSeconds`). The pods that run collect on, and no further collector rolls to that image. Undo the change, or make another one; the message says where.',
    'Stalled',
  ),
  ReplicaMissing: entry('A shard has fewer than two ready replicas.', 'RedundancyReduced'),

  // The spec asks for what cannot be had
  NameTooLong: specFault(
    '`metadata.name` is longer than 45 characters. Recreate the feed with a shorter one.',
  ),
  VenueNotOffered: specFault(
    'This version does not collect this exchange and market; the message says what it offers.',
  ),
  NoSymbols: entry('`symbols` is empty.', 'Ready', 'Stalled', 'SymbolsResolved'),
  SelectorMatchesNothing: entry(
    'No instrument that the venue lists for trading satisfies `symbolSelector`. Change it, or wait for a listing: it is followed.',
    'Ready',
    'DataFlowing',
    'SymbolsResolved',
  ),
  StreamNotOffered: entry(
    'This version does not collect some of `spec.streams`; with others left, those are collected and Ready names the rest.',
    'Ready',
    'Stalled',
    'DataFlowing',
  ),
  SubjectTemplateInvalid: specFault(
    'A template of `nats.subjects` is not usable; the message names it and the mend.',
  ),
  SubjectsMerge: specFault('Two templates of `nats.subjects` give the same subjects.'),
  StreamOverlap: entry(
    'Two streams of one NATS account may not take the same subjects; the message names both.',
    'Ready',
    'Stalled',
    'Publishing',
    'StreamReady',
  ),
  StreamLimitsIgnored: entry("Limits in `spec.jetstream` without a stream of the feed's own.", 'Ready'),
  SnapshotsTooRare: entry(
    "`orderbook.snapshotEvery` is not less than a third of the stream's `maxAge`.",
    'Ready',
  ),
  DuplicateWindowShort: entry(
    '`jetstream.duplicateWindow` (or `maxAge`) is shorter than 40 s, within which overlapping collectors and connections meet: records may be stored twice. Raise it.',
    'Ready',
    'Publishing',
  ),
  BufferAboveMemory: entry('`buffer.memory` is more than half of the memory limit.', 'Ready'),

  SubjectTaken: entry(
    'An older feed publishes the same subjects: the symbols are collected there, once. Remove them here or there, or give this feed other `nats.subjects`.',
    'Ready',
    'SymbolsResolved',
  ),
  BudgetExhausted: entry(
    "More collectors share one address than the venue's limits have shares: they wait for each other.",
    'Ready',
  ),

  // The venue
  VenueSilent: entry('No frame or heartbeat within the pace of a stream.', 'DataFlowing'),
  VenueUnreachable: entry(
    'The venue cannot be reached. Check DNS, egress, proxy and `endpoints`.',
    'DataFlowing',
  ),
  VenueRefused: entry(
    'The venue refuses the connection or request; its answer is in the message.',
    'DataFlowing',
  ),
  RegionRefused: entry('The venue refuses this region (403, 451). Use an egress elsewhere.', 'DataFlowing'),
  RateLimited: entry('The venue limits the rate; collectors wait as told.', 'DataFlowing'),
  SubscriptionRefused: entry(
    'The venue refuses a subscription; its answer is in the message.',
    'DataFlowing',
  ),
  UnknownSymbols: entry(
    'The venue does not list some symbols; they are named, the rest is collected. Correct or remove them.',
    'SymbolsResolved',
  ),

  // NATS
  NatsUnreachable: entry(
    'NATS cannot be reached. Check the servers, NetworkPolicy and TLS; collectors spill meanwhile.',
    'Ready',
    'Publishing',
    'StreamReady',
  ),
  NatsAuthorization: entry(
    'NATS refuses the credential or a permission is missing.',
    'Ready',
    'Publishing',
    'StreamReady',
  ),
  CredentialsMissing: entry(
    'A Secret named in the spec is not mounted or has no usable key.',
    'Ready',
    'Publishing',
    'StreamReady',
  ),
  JetStreamUnavailable: entry(
    'NATS runs without JetStream, or JetStream is disabled or full.',
    'Ready',
    'Publishing',
    'StreamReady',
  ),
  StreamMissing: entry(
    'The stream does not exist; the operator makes it again unless it belongs to another.',
    'Ready',
    'Publishing',
    'StreamReady',
  ),
  StreamRefused: entry(
    'NATS refuses the stream as declared; its answer is in the message.',
    'Ready',
    'Publishing',
    'StreamReady',
  ),
  ServerTooOld: entry(
    'nats-server is older than 2.10, the oldest that is supported. Upgrade it.',
    'Ready',
    'Publishing',
    'StreamReady',
  ),
  ReplicasUnavailable: entry(
    'NATS has fewer JetStream servers (or fewer with room) than `jetstream.replicas` asks for. Lower it, or add servers.',
    'Ready',
    'Publishing',
    'StreamReady',
  ),
  StorageInsufficient: entry(
    'JetStream has no room left for the stream: every stream reserves its `maxBytes`. Lower `jetstream.maxBytes`, or give JetStream more.',
    'Ready',
    'Publishing',
    'StreamReady',
  ),
  AccountLimit: entry(
    'A limit of the NATS account (streams, consumers, bytes) is in the way; the message names it. Raise it, or declare less.',
    'Ready',
    'Publishing',
    'StreamReady',
  ),
  SubjectsNotCovered: entry(
    "Another installation's stream does not take the feed's subjects. Add them there, or give the feed a stream of its own.",
    'StreamReady',
  ),
  StreamImmutable: entry(
    'The stream differs in a setting that NATS cannot change; it is used as it is. Delete it by hand, or declare what it has.',
    'StreamReady',
  ),
  PublishTimeout: entry('JetStream has confirmed nothing for 30 s.', 'Ready', 'Publishing'),
  BufferFull: entry(
    'Buffer and spill are full; records are dropped and named as gaps.',
    'Ready',
    'Publishing',
  ),
  SpillFailed: entry(
    'The disk of the spill cannot be written; only memory holds what NATS does not take. Free the volume or raise its limit.',
    'Ready',
    'Publishing',
  ),

  // Counts
  RangeLost: entry(
    'A limit, a purge or a deleted stream took records before they could be recounted; the message gives the bounds.',
    'CountsExact',
  ),
  LedgerReset: entry(
    'The ledgers count less than before: the key-value bucket was deleted or restored. The total stays, what was lost is unknown.',
    'CountsExact',
  ),
} as const satisfies Readonly<Record<string, ReasonEntry>>;

export type Reason = keyof typeof REASONS;
