// The judges that users have: `verify`, and the example for consumers, which shares nothing with it.
import { execFile } from 'node:child_process';
import type { Outcome } from '../../../verify/outcome.ts';
import { judgeWithPython } from '../../support/python.ts';
import { assertAgree } from '../../support/second-judge.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;

export interface Verified {
  readonly ok: boolean;
  readonly said: string;
  /** Undefined: it could not judge. */
  readonly outcome: Outcome | undefined;
}

/** `servers`: as `NATS_URL` has them. */
export function verifyStream(servers: string, args: readonly string[]): Promise<Verified> {
  const env = { PATH: process.env['PATH'] ?? '', NATS_URL: servers };
  const options = { cwd: ROOT, env, maxBuffer: 64 * 1024 * 1024 };
  const command = ['cli/main.ts', 'verify', '--json', ...args];
  return new Promise((resolve) => {
    execFile(process.execPath, command, options, (error, stdout, stderr) => {
      const outcome = stdout === '' ? undefined : (JSON.parse(stdout) as Outcome);
      const said = [stderr.trim(), ...(outcome?.problems ?? [])].filter(Boolean).join('; ');
      resolve({ ok: error === null, said, outcome });
    });
  });
}

/** What the two say differently. */
export async function disagreements(
  servers: string,
  stream: string,
  { outcome }: Verified,
): Promise<readonly string[]> {
  if (outcome === undefined) return ['verify gave no verdict to compare'];
  const [server = ''] = servers.split(',');
  try {
    assertAgree(outcome.verdict, await judgeWithPython(server, stream));
    return [];
  } catch (error) {
    return [`the Python examples and verify: ${String(error)}`];
  }
}
