import { marketprism, portOf, statusOf, type Command } from '../../integration/collect/rig.ts';

export interface PodOptions {
  readonly name: string;
  readonly replica: 'a' | 'b';
  /** With the assignment in it, as the operator mounts it. */
  readonly folder: string;
  readonly spillFolder: string;
  readonly nats: string;
}

type Stats = Awaited<ReturnType<typeof statusOf>>['data']['collection_stats'];
/** What the page holds beside what other tests read of it. */
export type PodStats = Stats & {
  readonly venue: { readonly counters: Readonly<Record<string, number>> };
  readonly publish: Stats['publish'] & {
    readonly inFlight: number;
    readonly spilledBytes: number;
    readonly dropped: number;
    readonly spillUnwrittenBytes: number;
  };
};

/** A collector pod: its container dies and is started again, its name and its spill stay. */
export class Pod {
  readonly name: string;
  readonly #options: PodOptions;
  #command: Command | undefined;
  #port: Promise<number> | undefined;
  starts = 0;

  constructor(options: PodOptions) {
    this.#options = options;
    this.name = options.name;
  }

  start(): void {
    const { name, replica, folder, spillFolder, nats } = this.#options;
    this.starts += 1;
    this.#command = marketprism(['collect', '--assignment', folder], {
      POD_NAME: name,
      MP_REPLICA: replica,
      MP_CONTROL_NATS: nats,
      MP_SPILL_DIR: spillFolder,
      DATA_COLLECTOR_PORT: '0',
    });
    this.#port = portOf(this.#command);
    // Killed before it says so: nobody waits for it then.
    this.#port.catch(() => undefined);
  }

  /** Undefined while it starts, or when it does not answer. */
  async stats(): Promise<PodStats | undefined> {
    const command = this.#command;
    const port = this.#port;
    if (
      command === undefined ||
      port === undefined ||
      !/"port":\d+,.*collector started/.test(command.output())
    )
      return undefined;
    try {
      return (await statusOf(await port)).data.collection_stats as PodStats;
    } catch {
      return undefined;
    }
  }

  async kill(): Promise<void> {
    await this.#command?.ended('SIGKILL');
  }

  /** In good order; the exit code. */
  end(): Promise<number | null> {
    return this.#command?.ended('SIGTERM') ?? Promise.resolve(null);
  }

  /** The newest lines of its log. */
  tail(): string {
    return this.#command?.output().slice(-1_500) ?? '';
  }
}
