import type { KV } from '@nats-io/kv';

/** Where a consumer may start: the stream sequence of a subject's last snapshot. */
export interface LastSnapshot {
  readonly sequence: number;
  readonly id: number;
  readonly timeMs: number;
  readonly writer: string;
}

export const snapshotKey = (stream: string, subject: string): string => `snapshot.${stream}.${subject}`;

/** Last snapshots in the state bucket, beside the data. */
export class LastSnapshots {
  readonly #kv: KV;
  readonly #stream: string;

  constructor(kv: KV, stream: string) {
    this.#kv = kv;
    this.#stream = stream;
  }

  async read(subject: string): Promise<LastSnapshot | undefined> {
    const entry = await this.#kv.get(snapshotKey(this.#stream, subject));
    if (entry === null || entry.operation !== 'PUT') return undefined;
    const value = entry.json<Partial<LastSnapshot>>();
    return typeof value.sequence === 'number' && typeof value.timeMs === 'number'
      ? (value as LastSnapshot)
      : undefined;
  }

  async write(subject: string, snapshot: LastSnapshot): Promise<void> {
    await this.#kv.put(snapshotKey(this.#stream, subject), JSON.stringify(snapshot));
  }
}
