import { API_GROUP, API_VERSION, FEED_KIND } from '../../contract/feed.ts';
import type { CollectorFeed, Condition, ConditionType, FeedStatus } from '../../contract/feed.ts';
import { contentHash } from './canonical.ts';
import { rfc3339Micro } from './time.ts';

/** An `events.k8s.io/v1` Event, to be created beside its feed. */
export interface KubeEvent {
  readonly apiVersion: 'events.k8s.io/v1';
  readonly kind: 'Event';
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly eventTime: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: string;
  /** What was done or seen, in the past or as a state; at most 1 kB. */
  readonly note: string;
  readonly action: string;
  readonly reportingController: string;
  readonly reportingInstance: string;
  readonly regarding: Readonly<Record<string, string>>;
}

/** Conditions whose change a user wants to read about, and the status that is good news. */
const GOOD: Readonly<Partial<Record<ConditionType, Condition['status']>>> = {
  Ready: 'True',
  Stalled: 'False',
  DataFlowing: 'True',
  Publishing: 'True',
  StreamReady: 'True',
  SymbolsResolved: 'True',
  CountsExact: 'True',
  RedundancyReduced: 'False',
  Overloaded: 'False',
};
const NOTE_LENGTH = 1_000;

/**
 * An event for each condition that became good or bad between two statuses, and for each bad one whose reason changed.
 * Unknown tells of no event: nothing is known to have happened.
 */
export function transitionEvents(
  feed: CollectorFeed,
  before: FeedStatus | undefined,
  after: FeedStatus,
  at: { readonly nowMs: number; readonly instance: string },
): readonly KubeEvent[] {
  return (after.conditions ?? []).flatMap((condition) => {
    const good = GOOD[condition.type];
    const was = before?.conditions?.find(({ type }) => type === condition.type);
    if (good === undefined || condition.status === 'Unknown' || condition.reason === 'Paused') return [];
    const isGood = condition.status === good;
    const flipped = was?.status !== condition.status;
    // The first word on a feed is news only when it is bad; Ready is always.
    if (flipped && isGood && condition.type !== 'Ready' && (was === undefined || was.status === 'Unknown'))
      return [];
    if (!flipped && (isGood || was.reason === condition.reason)) return [];
    return [eventOf(feed, condition, isGood, at)];
  });
}

function eventOf(
  feed: CollectorFeed,
  condition: Condition,
  isGood: boolean,
  { nowMs, instance }: { readonly nowMs: number; readonly instance: string },
): KubeEvent {
  const { name, namespace, uid } = feed.metadata;
  const mark = contentHash([uid, condition.type, condition.status, condition.reason, nowMs]);
  return {
    apiVersion: 'events.k8s.io/v1',
    kind: 'Event',
    metadata: { name: `${name}.${mark}`, namespace },
    eventTime: rfc3339Micro(nowMs),
    type: isGood ? 'Normal' : 'Warning',
    reason: condition.reason,
    note: `${condition.type} is ${condition.status}: ${condition.message}`.slice(0, NOTE_LENGTH),
    action: `${condition.type}Changed`,
    reportingController: `${API_GROUP}/operator`,
    reportingInstance: instance.slice(0, 128),
    regarding: { apiVersion: `${API_GROUP}/${API_VERSION}`, kind: FEED_KIND, name, namespace, uid },
  };
}
