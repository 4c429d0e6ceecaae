import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { WayBack } from '../../../operator/kube/way-back.ts';
import { ManualClock } from '../../support/manual-clock.ts';

describe('the way back to the API server', () => {
  let clock: ManualClock;
  let way: WayBack;
  let told: number;

  beforeEach(() => {
    clock = new ManualClock();
    told = 0;
    way = new WayBack({ clock, onBack: () => (told += 1) });
  });

  it('is told at the first answer after one that did not come, whatever it says', () => {
    way.request(true);
    way.request(false);
    way.request(false);
    assert.equal(told, 0);
    way.request(true);
    assert.equal(told, 1);
    way.request(true);
    assert.equal(told, 1);
  });

  it('that comes and goes is told every 5 s, and of its last coming for certain', async () => {
    for (let flap = 0; flap < 20; flap += 1) {
      way.request(false);
      way.request(true);
    }
    assert.equal(told, 1);
    await clock.advance(4_999);
    assert.equal(told, 1);
    await clock.advance(1);
    assert.equal(told, 2);
    await clock.advance(60_000);
    assert.equal(told, 2);
  });

  it('tells nobody once it is stopped', async () => {
    for (let flap = 0; flap < 2; flap += 1) {
      way.request(false);
      way.request(true);
    }
    way.stop();
    await clock.advance(60_000);
    assert.equal(told, 1);
  });
});
