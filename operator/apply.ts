import { controllerUid, refOf, refText } from './kube/api.ts';
import type { KubeClient } from './kube/client.ts';
import { stamped, type DriftCheck } from './kube/drift.ts';
import type { KubeFault, KubeResult } from './kube/fault.ts';
import { MANAGED_BY, MANAGED_BY_LABEL } from './plan/names.ts';
import type { KubeObject, Observed, Plan, PlannedAssignment } from './plan/types.ts';

export interface ApplyDeps {
  readonly client: KubeClient;
  readonly drift: DriftCheck;
  /** Ends with the lease: what is not sent by then is not sent. */
  readonly signal: AbortSignal;
  /** False when the lease may be over although no timer said so yet. */
  readonly mayWrite: () => boolean;
  /** On core NATS, after the ConfigMap was written; not waited for. */
  readonly push: (planned: PlannedAssignment) => void;
}

export type Applied =
  | { readonly kind: 'applied'; readonly writes: number }
  /** Somebody was quicker, or the cache is behind: look again. */
  | { readonly kind: 'stale'; readonly object: string; readonly message: string }
  /** Refused on its merits. */
  | { readonly kind: 'refused'; readonly object: string; readonly message: string }
  /** `shared`: the API server is in trouble, not this object. */
  | { readonly kind: 'failed'; readonly object: string; readonly message: string; readonly shared: boolean };

type Trouble = Exclude<Applied, { readonly kind: 'applied' }>;
type Step = { readonly writes: number } | Trouble;

/** Objects of one feed applied at once. */
const WIDTH = 8;

/**
 * Assignments, then objects, then what is no longer wanted; the first trouble ends it. Every write names the state of
 * the object that it replaces, so what an old leader still sends is refused.
 */
export async function applyPlan(plan: Plan, observed: Observed, deps: ApplyDeps): Promise<Applied> {
  let writes = 0;
  const groups = [
    plan.assignments.map((planned) => () => writeAssignment(planned, observed, deps)),
    plan.apply.map((object) => () => applyObject(object, observed, deps)),
    plan.prune.map((object) => () => pruneObject(object, observed, deps)),
  ];
  for (const group of groups) {
    for (let from = 0; from < group.length; from += WIDTH) {
      const steps = await Promise.all(group.slice(from, from + WIDTH).map((step) => step()));
      for (const step of steps) if ('kind' in step) return step;
      for (const step of steps) writes += 'kind' in step ? 0 : step.writes;
    }
  }
  return { kind: 'applied', writes };
}

async function writeAssignment(
  planned: PlannedAssignment,
  observed: Observed,
  deps: ApplyDeps,
): Promise<Step> {
  let writes = 0;
  if (planned.changed) {
    const { configMap } = planned;
    const { resourceVersion } = configMap.metadata;
    const written =
      resourceVersion === undefined
        ? await createOrAdopt(configMap, observed, deps)
        : await send(configMap, deps);
    if (written !== undefined) return written;
    writes = 1;
  }
  deps.push(planned);
  return { writes };
}

/** A feed that was deleted with `--cascade=orphan` and made again finds its ConfigMaps without an owner. */
async function createOrAdopt(
  configMap: KubeObject,
  observed: Observed,
  deps: ApplyDeps,
): Promise<Trouble | undefined> {
  const halted = halt(configMap, deps);
  if (halted !== undefined) return halted;
  const created = await deps.client.create(configMap, { signal: deps.signal });
  if (created.ok) return undefined;
  if (created.fault.reason !== 'conflict') return troubleOf(configMap, created.fault);
  const found = await findStranger(configMap, observed, deps);
  if (found.kind === 'absent')
    return { kind: 'stale', object: configMap.metadata.name, message: 'it went while it was looked at' };
  if (found.kind !== 'adoptable') return found;
  return send(
    { ...configMap, metadata: { ...configMap.metadata, resourceVersion: found.resourceVersion } },
    deps,
  );
}

async function applyObject(object: KubeObject, observed: Observed, deps: ApplyDeps): Promise<Step> {
  const desired = stamped(object);
  const live = observed.objects.find(
    ({ kind, metadata }) => kind === object.kind && metadata.name === object.metadata.name,
  );
  if (live !== undefined && deps.drift.inSync(desired, live)) return { writes: 0 };
  let resourceVersion = live?.metadata.resourceVersion;
  if (live === undefined) {
    const found = await findStranger(object, observed, deps);
    if (found.kind === 'adoptable') ({ resourceVersion } = found);
    else if (found.kind !== 'absent') return found;
  }
  const metadata =
    resourceVersion === undefined ? desired.metadata : { ...desired.metadata, resourceVersion };
  return (await send({ ...desired, metadata }, deps, desired)) ?? { writes: 1 };
}

type Found =
  { readonly kind: 'absent' } | { readonly kind: 'adoptable'; readonly resourceVersion: string } | Trouble;

/** Who has the name already: a forced apply would take over what is not ours. */
async function findStranger(object: KubeObject, observed: Observed, deps: ApplyDeps): Promise<Found> {
  const read = await deps.client.get(refOf(object), { signal: deps.signal });
  if (!read.ok) return read.fault.reason === 'notFound' ? { kind: 'absent' } : troubleOf(object, read.fault);
  const { metadata } = read.value;
  const owner = controllerUid(read.value);
  const at = refText(refOf(object));
  if (owner === observed.feed.metadata.uid)
    return { kind: 'stale', object: at, message: 'the cache is behind' };
  if (owner === undefined && metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY)
    return { kind: 'adoptable', resourceVersion: metadata.resourceVersion ?? '' };
  if (metadata.labels?.[MANAGED_BY_LABEL] === MANAGED_BY)
    return { kind: 'stale', object: at, message: 'it still belongs to a deleted feed of this name' };
  return {
    kind: 'refused',
    object: at,
    message: 'exists and is not managed by this operator; delete it, or give the feed another name',
  };
}

async function pruneObject(object: KubeObject, observed: Observed, deps: ApplyDeps): Promise<Step> {
  const { uid, resourceVersion, labels } = object.metadata;
  const ours =
    controllerUid(object) === observed.feed.metadata.uid && labels?.[MANAGED_BY_LABEL] === MANAGED_BY;
  if (!ours || uid === undefined)
    throw new Error(`the plan prunes what the feed does not own: ${object.metadata.name}`);
  const halted = halt(object, deps);
  if (halted !== undefined) return halted;
  const precondition = { uid, ...(resourceVersion === undefined ? {} : { resourceVersion }) };
  const removed = await deps.client.remove(refOf(object), precondition, { signal: deps.signal });
  if (removed.ok || removed.fault.reason === 'notFound') return { writes: 1 };
  return troubleOf(object, removed.fault);
}

async function send(
  object: KubeObject,
  deps: ApplyDeps,
  remember?: KubeObject,
): Promise<Trouble | undefined> {
  const halted = halt(object, deps);
  if (halted !== undefined) return halted;
  const written = (await deps.client.apply(object, { signal: deps.signal })) as KubeResult<KubeObject>;
  if (!written.ok) return troubleOf(object, written.fault);
  if (remember !== undefined) deps.drift.accept(remember, written.value);
  return undefined;
}

function halt(object: KubeObject, { mayWrite, signal }: ApplyDeps): Trouble | undefined {
  if (mayWrite() && !signal.aborted) return undefined;
  return { kind: 'failed', object: refText(refOf(object)), message: 'not the leader any more', shared: true };
}

function troubleOf(object: KubeObject, { reason, message }: KubeFault): Trouble {
  const at = refText(refOf(object));
  switch (reason) {
    case 'conflict':
    case 'notFound':
      return { kind: 'stale', object: at, message };
    case 'invalid':
      return { kind: 'refused', object: at, message };
    case 'forbidden': // Missing rights or a quota: mended without a change of the feed.
      return { kind: 'failed', object: at, message, shared: false };
    case 'gone':
    case 'tooManyRequests':
    case 'unauthorized':
    case 'unreachable':
    case 'server':
    case 'aborted':
      return { kind: 'failed', object: at, message, shared: true };
    default:
      return reason satisfies never;
  }
}
