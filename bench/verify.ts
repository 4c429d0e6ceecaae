// The judge of `marketprism verify` on one core: every recording through the collector's pipeline into memory, then judged,
// several rounds. What reading from NATS costs comes on top.
import { globSync, readFileSync } from 'node:fs';
import { parseLine } from '../collector/replay/recording.ts';
import { Replay } from '../collector/replay/replay.ts';
import { Judge } from '../verify/judge.ts';
import type { Message } from '../verify/message.ts';

const RECORDINGS = new URL('../../shared/recordings/', import.meta.url).pathname;
const ROUNDS = 5;

function recorded(path: string): readonly Message[] {
  const messages: Message[] = [];
  const decoder = new TextDecoder();
  const replay = new Replay(({ subject, msgId, payload }) => {
    const text = decoder.decode(payload);
    messages.push({ subject, msgId, text, sequence: messages.length + 1, writer: 'bench/0/pod.1' });
  });
  for (const line of readFileSync(path, 'utf8').split('\n')) {
    const parsed = line === '' ? undefined : parseLine(line);
    if (parsed !== undefined && typeof parsed !== 'string') replay.line(parsed);
  }
  replay.end();
  return messages;
}

const streams = globSync('*/*.jsonl', { cwd: RECORDINGS }).map((path) => recorded(`${RECORDINGS}${path}`));
const records = streams.reduce((sum, { length }) => sum + length, 0);
const bytes = streams.flat().reduce((sum, { text }) => sum + text.length, 0);
console.log(`${streams.length} recordings, ${records} records, ${(bytes / records).toFixed(0)} bytes each`);
for (let round = 1; round <= ROUNDS; round += 1) {
  const before = process.cpuUsage();
  let faults = 0;
  for (const messages of streams) {
    const judge = new Judge({ fromBeginning: true });
    for (const message of messages) judge.take(message);
    faults += judge.end().faultTotal;
  }
  const { user, system } = process.cpuUsage(before);
  const seconds = (user + system) / 1_000_000;
  console.log(
    `round ${round}: ${Math.round(records / seconds)} records/s of one core, ` +
      `${(bytes / seconds / 1_000_000).toFixed(0)} MB/s, ${faults} faults`,
  );
}
