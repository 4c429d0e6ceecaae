import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ERRORS, readAnswer, type Answer } from '../../../collector/delivery/answers.ts';

const error = (code: number, description = 'x'): string =>
  JSON.stringify({ error: { code: 400, err_code: code, description }, stream: 'S', seq: 0 });

const again = (reason: string, unclear = false): unknown => ({ kind: 'retry', reason, unclear });
const drop = (reason: string): unknown => ({ kind: 'drop', reason });
const WRONG = { kind: 'wrongLastSequence' };

/** Codes and words as nats-server 2.15.2 has them in server/errors.json. */
const BY_CODE: readonly (readonly [number, string, unknown])[] = [
  [10_002, 'resource limits exceeded for account', again('accountLimit')],
  [10_008, 'JetStream system temporarily unavailable', again('unavailable')],
  [10_009, 'JetStream cluster can not handle request', again('unavailable')],
  [10_023, 'insufficient resources', again('serverLimit')],
  [10_028, 'insufficient memory resources available', again('serverLimit')],
  [10_039, 'JetStream not enabled for account', again('unavailable')],
  [10_047, 'insufficient storage resources available', again('serverLimit')],
  [10_054, 'message size exceeds maximum allowed', drop('tooLarge')],
  [10_060, 'expected stream does not match', drop('wrongStream')],
  [10_071, 'wrong last sequence: 7', WRONG],
  [10_076, 'JetStream not enabled', again('unavailable')],
  [10_077, 'no space left on device', again('storeFailed')],
  [10_097, 'header size exceeds maximum allowed of 64k', drop('tooLarge')],
  [10_109, 'invalid operation on sealed stream', again('sealed')],
  [10_118, 'stream is offline', again('unavailable')],
  [10_158, 'duplicate message id is in process', again('inProcess', true)],
  [10_163, 'expected last sequence per subject temporarily unavailable', again('inProcess')],
  [10_164, 'wrong last sequence', WRONG],
  [10_167, 'too many requests', again('tooManyRequests')],
  [10_169, 'message counter increment is missing', again('streamDemandsMore')],
];

/** What else 2.15.2 answers to a publish, and why never to ours: the header that it is about is never sent. */
const NEVER: Readonly<Record<string, readonly number[]>> = {
  'Nats-Expected-Last-Msg-Id': [10_070],
  'Nats-Expected-Last-Subject-Sequence-Subject': [10_193],
  'Nats-TTL': [10_165, 10_166],
  'Nats-Incr': [10_168, 10_170, 10_171, 10_172],
  'Nats-Rollup': [10_111],
  'Nats-Batch-Id': [
    10_174, 10_175, 10_176, 10_177, 10_179, 10_199, 10_200, 10_201, 10_205, 10_206, 10_207, 10_208,
  ],
  'Nats-Schedule': [10_188, 10_189, 10_190, 10_191, 10_192, 10_203, 10_212, 10_223],
  'Nats-Stream-Source': [10_227],
};

for (const [code, words, wanted] of BY_CODE)
  test(`${code} (${words}) has one action`, () => {
    assert.deepEqual(readAnswer(0, error(code, words)), wanted);
  });

test('every row of the table is tested, and no row is about a header that is never sent', () => {
  assert.deepEqual(
    [...ERRORS.keys()].sort((a, b) => a - b),
    BY_CODE.map(([code]) => code),
  );
  assert.deepEqual(
    Object.values(NEVER)
      .flat()
      .filter((code) => ERRORS.has(code)),
    [],
  );
});

for (const [what, status, body, wanted] of [
  ['an acknowledgement', 0, '{"stream":"S","seq":7}', { kind: 'stored', sequence: 7 }],
  ['a duplicate', 0, '{"stream":"S","seq":7,"duplicate":true}', { kind: 'duplicate', sequence: 7 }],
  ['a stream at its bytes', 0, error(10_077, 'maximum bytes exceeded'), again('streamFull')],
  ['a stream at its messages', 0, error(10_077, 'maximum messages exceeded'), again('streamFull')],
  [
    'a subject at its messages',
    0,
    error(10_077, 'maximum messages per subject exceeded'),
    again('streamFull'),
  ],
  ['a record that no file takes', 0, error(10_077, 'message too large'), drop('tooLarge')],
  ['too many requests under a status', 429, error(10_167), again('tooManyRequests')],
  ['no responders', 503, '', again('noResponders')],
  ['an error of a later server', 0, error(19_999), again('serverError', true)],
  ['an error without a code', 0, '{"error":{}}', again('serverError', true)],
  ['no JSON', 0, 'what?', again('unreadable', true)],
  ['JSON that is no object', 0, 'null', again('unreadable', true)],
  ['JSON without a sequence', 0, '{}', again('unreadable', true)],
  ['a sequence of nothing', 0, '{"stream":"S","seq":0}', again('unreadable', true)],
] as const satisfies readonly (readonly [string, number, string, unknown])[]) {
  test(`${what} has one action`, () => {
    const answer: Answer = readAnswer(status, body);
    assert.deepEqual(answer, wanted);
  });
}
