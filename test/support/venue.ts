// The simulator as a process on this machine, where the pods of the local cluster reach it.
import { spawn } from 'node:child_process';
import { waitFor } from './cluster.ts';

/** The first node's bridge: an address of this machine that pods reach. */
export const HOST = process.env['MP_CLUSTER_HOST'] ?? '198.18.0.1';
const STARTED_MS = 20_000;

export interface SimulatedVenue {
  readonly url: string;
  readonly socket: string;
  get(path: string): Promise<unknown>;
  /** Throws when the simulator refuses. */
  post(path: string, body?: unknown): Promise<void>;
  stop(): void;
}

export async function startVenue(options: readonly string[]): Promise<SimulatedVenue> {
  const child = spawn(
    process.execPath,
    ['bin/marketprism.js', 'simulate', '--host', HOST, '--port', '0', ...options],
    { cwd: new URL('../..', import.meta.url).pathname, stdio: ['ignore', 'pipe', 'pipe'] },
  );
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  const port = await waitFor(
    'the simulator listening',
    STARTED_MS,
    async () => /:(\d{4,5})\b/.exec(printed)?.[1],
    async () => printed,
  );
  const url = `http://${HOST}:${port}`;
  return {
    url,
    socket: `ws://${HOST}:${port}`,
    get: async (path) => (await fetch(`${url}${path}`)).json(),
    async post(path, body) {
      const given = body === undefined ? {} : { body: JSON.stringify(body) };
      const answer = await fetch(`${url}${path}`, { method: 'POST', ...given });
      if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    },
    stop: () => void child.kill('SIGTERM'),
  };
}
