import assert from 'node:assert/strict';
import { Book, type BookState } from '../../../collector/book/book.ts';
import type { BookLevels } from '../../../collector/venues/scanned.ts';
import { detached, type Venue } from '../../../collector/venues/venue.ts';

export type Verdict = 'scanned' | 'left';

/** What the scanner makes of a message is what `decode` makes of it, or it leaves the message to `decode`. */
export function sameOnBothPaths(venue: Venue, bytes: Buffer): Verdict {
  assert.ok(venue.scan !== undefined);
  const scanned = venue.scan(bytes);
  if (scanned === undefined) return 'left';
  const decoded = venue.decode(bytes.toString());
  assert.deepEqual(scanned.map(detached), decoded, bytes.toString());
  const [frame] = scanned;
  const book = frame?.kind === 'state' ? frame.snapshot : frame?.kind === 'depth' ? frame : undefined;
  if (book?.levels !== undefined) assert.deepEqual(fromBytes(book.levels), fromText(book), bytes.toString());
  return 'scanned';
}

/** The numbers that were read beside the text put the levels in the same order. */
function fromBytes({ bids, asks }: BookLevels): BookState {
  const book = new Book();
  book.apply(bids, asks);
  return book.top();
}

function fromText({ bids, asks }: BookState): BookState {
  const book = new Book();
  book.applyText(bids, asks);
  return book.top();
}

const ALPHABET = Buffer.from('0123456789.,:"[]{}eEtTbBaAuUpPqsmMX-+\\ \u0000\n_x\u00ff', 'latin1');

/** One to three bytes changed, taken out, put in or doubled, or its end cut off; `random` gives integers below its argument. */
export function mutated(message: Buffer, random: (below: number) => number): Buffer {
  let bytes = message;
  for (let times = 1 + random(3); times > 0; times -= 1) {
    const at = random(bytes.length + 1);
    const span = 1 + random(6);
    const byte = ALPHABET.subarray(random(ALPHABET.length)).subarray(0, 1);
    const before = bytes.subarray(0, at);
    switch (random(6)) {
      case 0:
        bytes = Buffer.concat([before, byte, bytes.subarray(at + 1)]);
        break;
      case 1:
        bytes = Buffer.concat([before, byte, bytes.subarray(at)]);
        break;
      case 2:
        bytes = Buffer.concat([before, bytes.subarray(at + span)]);
        break;
      case 3:
        bytes = Buffer.concat([before, bytes.subarray(at, at + span), bytes.subarray(at)]);
        break;
      case 4:
        bytes = Buffer.concat([
          before,
          Buffer.from(String(random(2 ** 31)).repeat(1 + random(3))),
          bytes.subarray(at),
        ]);
        break;
      default:
        bytes = random(8) === 0 ? before : Buffer.concat([before, Buffer.from('0'), bytes.subarray(at)]);
    }
  }
  return bytes;
}

/** Small, even enough, and the same in every run of one seed. */
export function randomOf(seed: number): (below: number) => number {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}
