import type { Assignment } from '../../contract/assignment.ts';
import type { Problem } from '../../contract/control.ts';
import type { Proxies } from '../../runtime/proxies.ts';
import type { NatsLink } from '../../runtime/nats-connection.ts';
import { startDelivery } from '../delivery/delivery.ts';
import type { CollectorIdentity } from '../report.ts';
import { startSession } from '../session.ts';
import { withCatalogue } from './catalogue-session.ts';
import { Links, type LinkSettings } from './links.ts';
import type { ShardParts } from './shard.ts';

export interface PartsOptions extends LinkSettings {
  readonly identity: CollectorIdentity;
  /** `collect -f` without `--no-ensure-stream`. */
  readonly alwaysEnsureStreams: boolean;
  /** How often the venue's lists are read; left out: the usual pace. */
  readonly catalogueEveryMs?: number;
  /** The way to the venue; NATS is reached directly. */
  readonly proxies: Proxies;
  /** Where records go that NATS does not take; null: memory alone. */
  readonly spillFolder: string | null;
}

/** The real parts of a shard over real connections. */
export class CollectorParts implements ShardParts {
  readonly links: Links;
  /** Resolves when a data connection used up its attempts. */
  readonly gaveUp: Promise<string>;
  readonly #options: PartsOptions;
  readonly #giveUp: (message: string) => void;
  #data: NatsLink | undefined;

  constructor(options: PartsOptions) {
    this.#options = options;
    this.links = new Links(options);
    const { promise, resolve } = Promise.withResolvers<string>();
    this.gaveUp = promise;
    this.#giveUp = resolve;
  }

  readonly startDelivery: ShardParts['startDelivery'] = async (assignment, writer, hooks) => {
    const { identity, clock, log, alwaysEnsureStreams } = this.#options;
    const { feed, shard, effective } = assignment;
    const held = this.links.data(assignment);
    const { link } = held;
    this.#data = link;
    let released = false;
    void link.first
      .then((connection) => connection.closed())
      .then(() => {
        if (!released) this.#giveUp(link.problem()?.message ?? 'the data connection was closed');
      });
    const delivery = await startDelivery({
      ...hooks,
      feed,
      shard,
      effective,
      writer,
      clock,
      log,
      replica: identity.replica,
      pod: identity.pod,
      connection: link.connection ?? link.first,
      ensureStreams: alwaysEnsureStreams || ownsStreams(assignment),
      spill: this.#options.spillFolder,
    });
    return {
      get pressed() {
        return delivery.pressed;
      },
      push: (record) => delivery.push(record),
      status: () => delivery.status(),
      idle: () => delivery.idle(),
      settle: (dead) => delivery.settle(dead),
      async close() {
        await delivery.close();
        released = true;
        await held.release();
      },
    };
  };

  readonly startSession: ShardParts['startSession'] = (assignment, writer, sink) => {
    const { identity, clock, log, random, control, catalogueEveryMs, proxies } = this.#options;
    const pace = catalogueEveryMs === undefined ? {} : { catalogueEveryMs };
    return withCatalogue(
      {
        assignment,
        clock,
        log,
        catalogueEveryMs,
        replica: identity.replica,
        data: this.#data,
        control: this.links.control,
      },
      (onCatalogue) =>
        startSession({
          assignment,
          sink,
          clock,
          log,
          random,
          proxies,
          replica: identity.replica,
          writerEpoch: writer,
          // Where no operator is, nobody else resolves the selector.
          selects: control === null,
          ...pace,
          ...(onCatalogue === undefined ? {} : { onCatalogue }),
        }),
    );
  };

  /** What keeps the connections from standing. */
  problems(): readonly Problem[] {
    const { control } = this.links;
    const data = this.#data?.problem();
    const ofControl = control === this.#data ? undefined : control?.problem();
    return [
      ...(data === undefined ? [] : [data]),
      ...(ofControl === undefined ? [] : [{ ...ofControl, message: `control: ${ofControl.message}` }]),
    ];
  }

  close(): Promise<void> {
    return this.links.close();
  }
}

/** On its own NATS, where the operator has no credential, a feed's first shard makes the streams. */
function ownsStreams({ effective, shard }: Assignment): boolean {
  return effective.nats.own && shard === 0;
}
