import { jetstream } from '@nats-io/jetstream';
import { Kvm, type KV } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/nats-core';
import { STATE_BUCKET } from '../../contract/effective.ts';
import { covers } from '../../contract/streams.ts';
import { lastSnapshot } from '../../consumer/stream.ts';
import type { Judge } from '../judge.ts';

/** Look-ups at once. */
const AT_ONCE = 32;

/** What the collectors note beside the data; undefined where there is no such bucket, or no right to read it. */
async function stateBucket(connection: NatsConnection, domain: string | null): Promise<KV | undefined> {
  try {
    const client = jetstream(connection, domain === null ? {} : { domain });
    const bucket = await new Kvm(client).open(STATE_BUCKET);
    await bucket.status();
    return bucket;
  } catch {
    return undefined;
  }
}

async function keysOf(bucket: KV, filter: string): Promise<readonly string[]> {
  const keys: string[] = [];
  for await (const key of await bucket.keys(filter)) keys.push(key);
  return keys;
}

/** Every feed that ever wrote here left a ledger. Undefined: nothing is known, any writer may be right. */
export async function feedsWithLedger(
  connection: NatsConnection,
  domain: string | null,
): Promise<readonly string[] | undefined> {
  const bucket = await stateBucket(connection, domain);
  if (bucket === undefined) return undefined;
  const keys = await keysOf(bucket, 'counts.>');
  const feeds = keys.map((key) => key.split('.')[1] ?? '');
  return feeds.length === 0 ? undefined : [...new Set(feeds)];
}

/** The stream sequence behind which every book that is asked for has a snapshot; `end` where none is noted. */
export async function lowestLastSnapshot(
  connection: NatsConnection,
  request: { readonly stream: string; readonly subjects: readonly string[]; readonly domain: string | null },
  end: number,
): Promise<number> {
  const { stream, subjects, domain } = request;
  const bucket = await stateBucket(connection, domain);
  if (bucket === undefined) return end;
  const prefix = `snapshot.${stream}.`;
  const wanted = (await keysOf(bucket, `${prefix}>`))
    .map((key) => key.slice(prefix.length))
    .filter((subject) => subjects.length === 0 || subjects.some((filter) => covers(filter, subject)));
  let lowest = end;
  await inParts(wanted, async (subject) => {
    const last = await lastSnapshot(connection, { stream, subject, domain });
    lowest = Math.min(lowest, last?.sequence ?? end);
  });
  return lowest;
}

/** A consumer that starts where the collectors say must find a snapshot there. */
export async function noteMissingSnapshots(
  connection: NatsConnection,
  judge: Judge,
  range: {
    readonly stream: string;
    readonly domain: string | null;
    readonly first: number;
    readonly last: number;
  },
): Promise<void> {
  const { stream, domain, first, last } = range;
  const bucket = await stateBucket(connection, domain);
  if (bucket === undefined) return;
  await inParts<string>(judge.bookSubjects, async (subject: string) => {
    const entry = await bucket.get(`snapshot.${stream}.${subject}`);
    const noted =
      entry?.operation === 'PUT' ? entry.json<{ readonly sequence?: unknown }>().sequence : undefined;
    if (typeof noted !== 'number' || noted < first || noted > last) return;
    if ((await lastSnapshot(connection, { stream, subject, domain })) === undefined)
      judge.snapshotGone(subject, noted);
  });
}

async function inParts<T>(all: readonly T[], one: (item: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < all.length; from += AT_ONCE)
    await Promise.all(all.slice(from, from + AT_ONCE).map(one));
}
