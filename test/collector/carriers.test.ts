import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as fc from 'fast-check';
import { Carriers } from '../../collector/carriers.ts';
import type { Channel } from '../../collector/venues/venue.ts';
import { STREAMS } from '../../contract/feed.ts';

/** As Deribit's ticker, and OKX's liquidations of a whole type. */
const VENUE = {
  carrier: ({ instrument, stream }: Channel): Channel => {
    if (stream === 'mark-price' || stream === 'funding-rate') return { instrument, stream: 'ticker' };
    return stream === 'liquidation' ? { instrument: 'SWAP', stream } : { instrument, stream };
  },
};
const channel = (stream: Channel['stream'], instrument = 'BTC'): Channel => ({ instrument, stream });

test('streams that come in one subscription are subscribed once, and it ends with the last of them', () => {
  const carriers = new Carriers(VENUE);
  const first = carriers.add([channel('mark-price'), channel('funding-rate'), channel('orderbook')]);
  assert.deepEqual(first, { subscribe: [channel('ticker'), channel('orderbook')], opened: [] });
  assert.deepEqual(carriers.add([channel('ticker')]), { subscribe: [], opened: [] });
  assert.deepEqual(carriers.opened([channel('ticker')]), [
    channel('mark-price'),
    channel('funding-rate'),
    channel('ticker'),
  ]);
  assert.deepEqual(carriers.remove([channel('mark-price'), channel('ticker')]), []);
  assert.deepEqual(carriers.remove([channel('funding-rate')]), [channel('ticker')]);
});

test('an instrument that joins an open subscription is open at once, and closed with it', () => {
  const carriers = new Carriers(VENUE);
  const group = channel('liquidation', 'SWAP');
  assert.deepEqual(carriers.add([channel('liquidation')]).subscribe, [group]);
  carriers.opened([group]);
  const joined = channel('liquidation', 'ETH');
  assert.deepEqual(carriers.add([joined]), { subscribe: [], opened: [joined] });
  assert.deepEqual(carriers.closed([group]), [channel('liquidation'), joined]);
  assert.deepEqual(carriers.add([channel('liquidation', 'SOL')]), { subscribe: [], opened: [] });
});

test('a venue without shared subscriptions has every channel to itself', () => {
  const carriers = new Carriers({});
  const channels = [channel('orderbook'), channel('trade')];
  assert.deepEqual(carriers.add(channels), { subscribe: channels, opened: [] });
  assert.deepEqual(carriers.opened(channels), channels);
  assert.deepEqual(carriers.remove(channels), channels);
});

test('however channels come and go, what is subscribed is what the present ones need', () => {
  const anyChannel = fc.record({
    instrument: fc.constantFrom('BTC', 'ETH', 'SOL'),
    stream: fc.constantFrom(...STREAMS),
  });
  const step = fc.record({ adds: fc.boolean(), channels: fc.array(anyChannel, { maxLength: 4 }) });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const key = ({ instrument, stream }: Channel): string => `${stream}/${instrument}`;
      const carriers = new Carriers(VENUE);
      const wanted = new Map<string, Channel>();
      const subscribed = new Set<string>();
      for (const { adds, channels } of steps) {
        if (adds) {
          for (const one of channels) wanted.set(key(one), one);
          for (const one of carriers.add(channels).subscribe) {
            assert.ok(!subscribed.has(key(one)), `${key(one)} twice`);
            subscribed.add(key(one));
          }
        } else {
          for (const one of channels) wanted.delete(key(one));
          for (const one of carriers.remove(channels)) assert.ok(subscribed.delete(key(one)));
        }
        const needed = new Set([...wanted.values()].map((one) => key(VENUE.carrier(one))));
        assert.deepEqual([...subscribed].sort(), [...needed].sort());
      }
    }),
  );
});
