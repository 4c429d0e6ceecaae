import { parseWriter } from '../contract/identity.ts';
import type { Message, Report } from './message.ts';

/** Writers of one subject at once: handovers and redundancy make a handful. */
const MAX_WRITERS_A_SUBJECT = 16;
const MAX_WRITERS = 10_000;
/** Frames of two connections of one writer may be received in another order than they are published in. */
const RECEIVE_SLACK_US = 500_000;
/** A snapshot is fetched apart from the changes: its times are only held against gross errors. */
const SNAPSHOT_SLACK_US = 60_000_000;

/** Whose records these are. A foreign one names no feed, or one that is not to write here. */
export class Writers {
  readonly #feeds: ReadonlySet<string> | undefined;
  readonly #known = new Map<string, string | undefined>();
  readonly records = new Map<string, number>();

  /** Undefined: any feed may write. */
  constructor(feeds: readonly string[] | undefined) {
    this.#feeds = feeds === undefined ? undefined : new Set(feeds);
  }

  check(message: Message, report: Report): void {
    const { writer } = message;
    let fault = this.#known.get(writer);
    if (!this.#known.has(writer)) {
      fault = this.#faultOf(writer);
      if (this.#known.size < MAX_WRITERS) this.#known.set(writer, fault);
    }
    if (fault !== undefined) report('foreignWriter', message, fault);
    const count = this.records.get(writer);
    if (count !== undefined || this.records.size < MAX_WRITERS) this.records.set(writer, (count ?? 0) + 1);
  }

  #faultOf(writer: string): string | undefined {
    if (writer === '') return 'no Mp-Writer header: not written by a collector';
    const name = parseWriter(writer);
    if (name === undefined) return `Mp-Writer "${writer}" is not <feed UID>/<shard>/<writer>`;
    if (this.#feeds === undefined || this.#feeds.has(name.feedUid)) return undefined;
    return `feed ${name.feedUid} is not among those that write here`;
  }
}

interface Times {
  readonly exchangeTime: number | null;
  readonly receiveTime: number;
}

interface Own extends Times {
  lastId: number | bigint | undefined;
  exchangeTime: number | null;
  receiveTime: number;
}

/** What each writer of one subject stored last: none stores a record behind a later one of its own. */
export class OwnOrder {
  readonly #own = new Map<string, Own>();

  /** Ids start anew: what a writer stored before says nothing of what follows. */
  restart(): void {
    for (const own of this.#own.values()) own.lastId = undefined;
  }

  check(message: Message, id: number | bigint | undefined, times: Times, report: Report): boolean {
    const own = this.#own.get(message.writer);
    if (own === undefined) {
      if (this.#own.size >= MAX_WRITERS_A_SUBJECT) this.#forgetOldest();
      const { exchangeTime, receiveTime } = times;
      this.#own.set(message.writer, { lastId: id, exchangeTime, receiveTime });
      return true;
    }
    if (id !== undefined && own.lastId !== undefined && id <= own.lastId) {
      report('order', message, `id ${id} is stored behind ${own.lastId} of the same writer`);
      return false;
    }
    own.lastId = id ?? own.lastId;
    const fault = backwards(own, times, { exchangeUs: 0, receiveUs: RECEIVE_SLACK_US });
    if (fault !== undefined) report('timeBackwards', message, fault);
    own.exchangeTime = times.exchangeTime ?? own.exchangeTime;
    own.receiveTime = Math.max(own.receiveTime, times.receiveTime);
    return true;
  }

  /** A snapshot moves nothing: the changes around it may have been received before it. */
  checkSnapshot(message: Message, times: Times, report: Report): void {
    const own = this.#own.get(message.writer);
    if (own === undefined) return;
    const fault = backwards(own, times, { exchangeUs: SNAPSHOT_SLACK_US, receiveUs: SNAPSHOT_SLACK_US });
    if (fault !== undefined) report('timeBackwards', message, fault);
  }

  #forgetOldest(): void {
    const [oldest] = this.#own.keys();
    if (oldest !== undefined) this.#own.delete(oldest);
  }
}

function backwards(
  own: Times,
  times: Times,
  slack: { readonly exchangeUs: number; readonly receiveUs: number },
): string | undefined {
  const exchangeUs = (own.exchangeTime ?? 0) - (times.exchangeTime ?? Infinity);
  if (exchangeUs > slack.exchangeUs) return `exchangeTime is ${exchangeUs} µs before the last`;
  const receiveUs = own.receiveTime - times.receiveTime;
  return receiveUs > slack.receiveUs ? `receiveTime is ${receiveUs} µs before the last` : undefined;
}
