import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { test } from 'node:test';
import { parseLine } from '../../../collector/replay/recording.ts';
import {
  binanceInversePerpetual,
  binanceLinearPerpetual,
} from '../../../collector/venues/binance-futures.ts';
import { binanceSpot } from '../../../collector/venues/binance.ts';
import { deribitOption } from '../../../collector/venues/deribit.ts';
import { okxPerpetual } from '../../../collector/venues/okx.ts';
import { framesOf, type Venue } from '../../../collector/venues/venue.ts';
import { mutated, randomOf, sameOnBothPaths } from './scan-cases.ts';
import { generated, type Form } from './scan-forms.ts';

const RECORDINGS = new URL('../../../../shared/recordings/', import.meta.url).pathname;
const VENUES: readonly {
  readonly folder: string;
  readonly venue: Venue;
  readonly form: Form;
}[] = [
  { folder: 'binance-spot', venue: binanceSpot, form: 'spot' },
  { folder: 'binance-usdm', venue: binanceLinearPerpetual, form: 'futures' },
  { folder: 'binance-coinm', venue: binanceInversePerpetual, form: 'futures' },
  { folder: 'okx', venue: okxPerpetual, form: 'okx' },
  { folder: 'deribit', venue: deribitOption, form: 'deribit' },
];
const MUTATIONS = 4_000;
/** Deribit's books of 2020 have no type; the documentation's examples have blanks. */
const OTHER_FORMS = ['**/docs-shapes.jsonl', '**/ssc2ce-20200622-perp-gap.jsonl'];

function recordedFrames(folder: string): readonly Buffer[] {
  const frames: Buffer[] = [];
  const files = globSync(`${folder}/*.jsonl`, { cwd: RECORDINGS, exclude: [...OTHER_FORMS] });
  for (const path of files)
    for (const text of readFileSync(`${RECORDINGS}${path}`, 'utf8').split('\n')) {
      const line = text === '' ? undefined : parseLine(text);
      if (line === undefined || typeof line === 'string') continue;
      if (line.kind === 'ws' && line.direction === 'recv') frames.push(Buffer.from(line.message));
    }
  return frames;
}

for (const { folder, venue, form } of VENUES) {
  test(`${folder}: every recorded message is read alike from its bytes and by JSON, and the frequent ones from bytes`, () => {
    const left = { depth: 0, state: 0, trade: 0 };
    const frames = recordedFrames(folder);
    assert.ok(frames.length > 700, `${frames.length} frames`);
    for (const bytes of frames) {
      if (sameOnBothPaths(venue, bytes) === 'scanned') continue;
      const [frame] = venue.decode(bytes.toString());
      if (frame?.kind === 'depth' || frame?.kind === 'state') left[frame.kind] += 1;
      if (frame?.kind === 'trade' && frame.aggregate === undefined) left.trade += 1;
    }
    assert.deepEqual(left, { depth: 0, state: 0, trade: 0 });
  });

  test(`${folder}: generated and damaged messages are read alike from their bytes and by JSON`, () => {
    const random = randomOf(7);
    const verdicts = { scanned: 0, left: 0 };
    for (let run = 0; run < MUTATIONS; run += 1) {
      const message = generated(form, random);
      sameOnBothPaths(venue, message);
      verdicts[sameOnBothPaths(venue, mutated(message, random))] += 1;
    }
    // Damage to a digit is a sound message still; most other damage is not.
    assert.ok(verdicts.scanned > MUTATIONS / 20 && verdicts.left > MUTATIONS / 20, JSON.stringify(verdicts));
  });
}

const DEPTH =
  '{"e":"depthUpdate","E":1723161256299,"s":"BTCUSDT","U":5,"u":7,"b":[["1.10","0.00"],["1.00","2"]],"a":[]}';

test('a message in another spelling is left to JSON, with the same meaning, and counted', () => {
  const others = {
    'a blank': DEPTH.replace(':[[', ': [['),
    'another order': DEPTH.replace('"U":5,"u":7', '"u":7,"U":5'),
    'a further member': DEPTH.replace('"U"', '"x":1,"U"'),
    'an id of many digits': DEPTH.replace('"U":5', '"U":1000000000000005').replace(
      '"u":7',
      '"u":1000000000000007',
    ),
    'an escape': DEPTH.replace('BTC', '\\u0042TC'),
    'a level with a third member': DEPTH.replace('"2"]', '"2",[]]'),
  };
  for (const [how, text] of Object.entries(others)) {
    let fallbacks = 0;
    const [frame] = framesOf(binanceSpot, Buffer.from(text), () => (fallbacks += 1));
    assert.equal(frame?.kind, 'depth', how);
    assert.equal(fallbacks, 1, how);
  }
  let fallbacks = 0;
  framesOf(binanceSpot, Buffer.from(DEPTH), () => (fallbacks += 1));
  assert.equal(fallbacks, 0);
});

test('what is no JSON is never read from bytes', () => {
  const damaged = [
    DEPTH.slice(0, -1),
    `${DEPTH}}`,
    `{"stream":"a","data":${DEPTH}`,
    DEPTH.replace('"U":5', '"U":05'),
    DEPTH.replace('"1.10"', '"1.10'),
    DEPTH.replace('],[', '][').replace('[["1.10","0.00"]', '[,["1.10","0.00"]'),
    DEPTH.replace('"2"]]', '"2"],]'),
    DEPTH.replace('"U":5', '"U":'),
  ];
  for (const text of damaged) {
    assert.deepEqual(binanceSpot.decode(text), [{ kind: 'undecodable', reason: 'notJson' }], text);
    assert.equal(binanceSpot.scan?.(Buffer.from(text)), undefined, text);
  }
});

test('a price, size or id that is none is refused on both paths for the same reason', () => {
  const cases = {
    '"1.10"': '"1,10"',
    '"0.00"': '"-1"',
    '"U":5': '"U":5.5',
    '"E":1723161256299': '"E":-1',
    '"s":"BTCUSDT"': '"s":7',
  };
  for (const [sound, wrong] of Object.entries(cases)) {
    const [frame] = framesOf(binanceSpot, Buffer.from(DEPTH.replace(sound, wrong)), () => undefined);
    assert.equal(frame?.kind, 'undecodable', wrong);
  }
});
