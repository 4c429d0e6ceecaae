import {
  carrierOf,
  channelKey,
  detached,
  frameChannel,
  type Channel,
  type Venue,
  type VenueFrame,
} from '../venues/venue.ts';

/** Frames of one channel kept from the new connection until it meets the old: tens of seconds of the busiest. */
const MAX_BUFFERED = 5_000;
/** What was passed lately, to know it again. */
const MAX_REMEMBERED = 1_024;
/** Nothing came on either connection for this long since the new one was confirmed: both are at the same point. */
export const QUIET_MS = 2_000;

export type Side = 'old' | 'new';

export interface Received {
  readonly frame: VenueFrame;
  readonly receiveTimeUs: number;
}

export interface OverlapOptions {
  /** Where a book starts by REST, its ids grow, and a change may span the id held; where by the stream, only equal ids join. */
  readonly venue: Pick<Venue, 'bookStart' | 'carrier'>;
  /** Id of the book that runs; undefined while it is none. */
  readonly heldId: (instrument: string) => number | undefined;
}

interface Meeting {
  readonly channel: Channel;
  /** `apart`: only the old one is passed on; `both`: whatever comes first; `newOnly`: the old one is given up. */
  phase: 'apart' | 'both' | 'newOnly';
  /** When the new connection's subscription was confirmed. */
  openedMs: number | undefined;
  /** The old one brought something at a time when the new one should have, too. */
  oldWentOn: boolean;
  buffer: Received[];
  /** Marks of what was passed, oldest first. */
  readonly passed: Set<string>;
}

/**
 * Two connections with the same channels, one run of frames out of them. Of every channel first what the old one brings; from
 * the point on at which both are known to be at the same place, what either brings first, each once. A book's changes are
 * passed from both, because its own sequence rule drops what it knows already.
 */
export class Overlap {
  readonly #options: OverlapOptions;
  readonly #meetings = new Map<string, Meeting>();

  constructor(options: OverlapOptions, channels: Iterable<Channel>) {
    this.#options = options;
    for (const channel of channels) this.add(channel);
  }

  add(channel: Channel): void {
    const key = channelKey(channel);
    if (this.#meetings.has(key)) return;
    const meeting = { channel, phase: 'apart', openedMs: undefined, oldWentOn: false } as const;
    this.#meetings.set(key, { ...meeting, buffer: [], passed: new Set() });
  }
  remove(channel: Channel): void {
    this.#meetings.delete(channelKey(channel));
  }

  /** Channels that have not met. */
  get apart(): readonly Channel[] {
    return [...this.#meetings.values()]
      .filter(({ phase }) => phase === 'apart')
      .map(({ channel }) => channel);
  }
  /** Of those: the old connection goes on, and the new one brought nothing. */
  isUnheard(channel: Channel): boolean {
    const meeting = this.#meetings.get(channelKey(channel));
    return meeting?.phase === 'apart' && meeting.oldWentOn && meeting.buffer.length === 0;
  }
  /** When the new connection confirmed the channel. */
  openedMs(channel: Channel): number | undefined {
    return this.#meetings.get(channelKey(channel))?.openedMs;
  }

  opened(channel: Channel, nowMs: number): void {
    const meeting = this.#meetings.get(channelKey(channel));
    if (meeting !== undefined) meeting.openedMs ??= nowMs;
  }

  /** What is to be passed on now: of this frame, or of those kept. After it was worked in, `settle` may give more. */
  take(side: Side, received: Received, nowMs: number): readonly Received[] {
    const meeting = this.#meetingOf(received.frame);
    if (meeting === undefined) return isData(received.frame) && side === 'new' ? [] : [received];
    if (meeting.phase === 'newOnly' && side === 'old') return [];
    if (meeting.phase !== 'apart' || side === 'old') {
      const { openedMs } = meeting;
      if (side === 'old' && openedMs !== undefined && nowMs - openedMs > QUIET_MS / 2)
        meeting.oldWentOn = true;
      return this.#isNew(meeting, received.frame) ? [received] : [];
    }
    meeting.openedMs ??= nowMs;
    meeting.buffer.push({ ...received, frame: detached(received.frame) });
    if (meeting.buffer.length > MAX_BUFFERED) meeting.buffer.shift();
    return this.#meet(meeting);
  }

  /** The old connection's frame was worked in: the new one may be at the same point now. */
  settle(frame: VenueFrame): readonly Received[] {
    const meeting = this.#meetingOf(frame);
    return meeting?.phase === 'apart' && meeting.buffer.length > 0 ? this.#meet(meeting) : [];
  }

  /** Channels of which neither has had anything to say are at the same point. */
  tick(nowMs: number): void {
    for (const meeting of this.#meetings.values()) {
      const { phase, openedMs, oldWentOn, buffer } = meeting;
      const isQuiet = openedMs !== undefined && nowMs - openedMs >= QUIET_MS && !oldWentOn;
      if (phase === 'apart' && isQuiet && buffer.length === 0) meeting.phase = 'both';
    }
  }

  /** From here on the new connection alone: what it brought so far, in order. */
  force(channel: Channel): readonly Received[] {
    const meeting = this.#meetings.get(channelKey(channel));
    if (meeting === undefined) return [];
    const kept = this.#join(meeting, 0);
    meeting.phase = 'newOnly';
    return kept;
  }

  /** The new connection is gone: the old one alone goes on. Answers the channels that it had been given up for. */
  abandonNew(): readonly Channel[] {
    const lost: Channel[] = [];
    for (const meeting of this.#meetings.values()) {
      if (meeting.phase === 'newOnly') lost.push(meeting.channel);
      if (meeting.phase === 'newOnly') meeting.phase = 'both';
      meeting.buffer = [];
    }
    return lost;
  }

  #meetingOf(frame: VenueFrame): Meeting | undefined {
    const channel = frameChannel(frame, (one) => this.#meetings.has(this.#keyOf(one)));
    return channel === undefined ? undefined : this.#meetings.get(this.#keyOf(channel));
  }

  #keyOf(channel: Channel): string {
    return channelKey(carrierOf(this.#options.venue, channel));
  }

  #meet(meeting: Meeting): readonly Received[] {
    const from = meeting.channel.stream === 'orderbook' ? this.#bookMeets(meeting) : marksMeet(meeting);
    return from === undefined ? [] : this.#join(meeting, from);
  }

  /** Index of the first frame kept that continues the book; a book that is none yet starts from whatever came first. */
  #bookMeets({ channel, buffer, passed }: Meeting): number | undefined {
    const heldId = this.#options.heldId(channel.instrument);
    const first = buffer[0]?.frame;
    if (heldId === undefined) return 0;
    if (first?.kind === 'depth') {
      const continues =
        this.#options.venue.bookStart === 'rest' ? first.prevId <= heldId : first.prevId === heldId;
      if (continues) return 0;
    }
    if (this.#options.venue.bookStart === 'rest') return undefined;
    const known = buffer.findLastIndex(
      ({ frame }) => bookId(frame) === heldId || (frame.kind === 'depth' && passed.has(markOf(frame))),
    );
    return known === -1 ? undefined : known + 1;
  }

  #join(meeting: Meeting, from: number): readonly Received[] {
    const kept = meeting.buffer.slice(from);
    meeting.phase = 'both';
    meeting.buffer = [];
    return kept.filter(({ frame }) => this.#isNew(meeting, frame));
  }

  #isNew({ passed }: Meeting, frame: VenueFrame): boolean {
    // A second state of a book that runs would only break it.
    if (frame.kind === 'state') return this.#options.heldId(frame.instrument) === undefined;
    const mark = markOf(frame);
    const isKnown = passed.has(mark);
    passed.add(mark);
    if (passed.size > MAX_REMEMBERED) passed.delete(passed.values().next().value ?? '');
    return frame.kind === 'depth' || !isKnown;
  }
}

/** Index behind the last frame kept that was passed already. */
function marksMeet({ buffer, passed }: Meeting): number | undefined {
  const known = buffer.findLastIndex(({ frame }) => passed.has(markOf(frame)));
  return known === -1 ? undefined : known + 1;
}

const isData = (frame: VenueFrame): boolean => frameChannel(frame, () => true) !== undefined;

function bookId(frame: VenueFrame): number | undefined {
  if (frame.kind === 'state') return frame.snapshot.lastId;
  return frame.kind === 'depth' ? frame.lastId : undefined;
}

function markOf(frame: VenueFrame): string {
  switch (frame.kind) {
    case 'depth':
      return `${frame.prevId}-${frame.lastId}`;
    case 'trade':
      return `${frame.aggregate === undefined ? 't' : 'a'}${frame.id}`;
    case 'notTrade':
      return `n${frame.sequence}`;
    default:
      return JSON.stringify(frame);
  }
}
