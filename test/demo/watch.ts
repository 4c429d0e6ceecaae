// `kubectl get collectorfeeds`, redrawn once a second until Ctrl-C.
import { execFileSync } from 'node:child_process';
import { setInterval } from 'node:timers/promises';

const namespace = process.argv[2] ?? 'market-data';
const columns = process.stdout.isTTY ? '\u001b[2J\u001b[H' : '';
process.on('SIGINT', () => process.exit(130));
process.on('SIGTERM', () => process.exit(143));

for await (const _ of setInterval(1_000)) {
  const table = execFileSync('kubectl', ['--namespace', namespace, 'get', 'collectorfeeds'], {
    encoding: 'utf8',
  });
  process.stdout.write(
    `${columns}${table}${columns === '' ? '' : '\nCtrl-C ends the demo and cleans up.\n'}`,
  );
}
