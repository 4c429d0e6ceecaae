import { carrierOf, channelKey, type Channel, type Venue } from './venues/venue.ts';

interface Carried {
  readonly carrier: Channel;
  readonly channels: Map<string, Channel>;
  isOpen: boolean;
}

/**
 * Which subscriptions at the venue carry which channels: several streams of an instrument may come in one, and several
 * instruments. Each is subscribed once, with the first channel that needs it, and ended with the last.
 */
export class Carriers {
  readonly #venue: Pick<Venue, 'carrier'>;
  readonly #carried = new Map<string, Carried>();

  constructor(venue: Pick<Venue, 'carrier'>) {
    this.#venue = venue;
  }

  /** `subscribe`: carriers that are new; `opened`: channels whose carrier is open already. */
  add(channels: readonly Channel[]): {
    readonly subscribe: readonly Channel[];
    readonly opened: readonly Channel[];
  } {
    const subscribe: Channel[] = [];
    const opened: Channel[] = [];
    for (const channel of channels) {
      const carrier = carrierOf(this.#venue, channel);
      let carried = this.#carried.get(channelKey(carrier));
      if (carried === undefined) {
        carried = { carrier, channels: new Map(), isOpen: false };
        this.#carried.set(channelKey(carrier), carried);
        subscribe.push(carrier);
      } else if (carried.isOpen) opened.push(channel);
      carried.channels.set(channelKey(channel), channel);
    }
    return { subscribe, opened };
  }

  /** Carriers that nobody needs any more. */
  remove(channels: readonly Channel[]): readonly Channel[] {
    const ended: Channel[] = [];
    for (const channel of channels) {
      const key = channelKey(carrierOf(this.#venue, channel));
      const carried = this.#carried.get(key);
      carried?.channels.delete(channelKey(channel));
      if (carried === undefined || carried.channels.size > 0) continue;
      this.#carried.delete(key);
      ended.push(carried.carrier);
    }
    return ended;
  }

  /** The channels that these carry, from now on open or not. */
  opened(carriers: Iterable<Channel>): readonly Channel[] {
    return this.#mark(carriers, true);
  }
  closed(carriers: Iterable<Channel>): readonly Channel[] {
    return this.#mark(carriers, false);
  }

  #mark(carriers: Iterable<Channel>, isOpen: boolean): readonly Channel[] {
    const channels: Channel[] = [];
    for (const carrier of carriers) {
      const carried = this.#carried.get(channelKey(carrier));
      if (carried === undefined) continue;
      carried.isOpen = isOpen;
      channels.push(...carried.channels.values());
    }
    return channels;
  }
}
