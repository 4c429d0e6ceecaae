import { execFile } from 'node:child_process';
import { createServer } from 'node:net';
import { isSystemError } from '../args.ts';
import type { Machine } from './machine.ts';

const PROGRAM_TIMEOUT_MS = 10_000;
const STATUS_TIMEOUT_MS = 3_000;

export function thisMachine(): Machine {
  return { nodeVersion: process.versions.node, run, tryPort, readStatus };
}

function run(program: string, args: readonly string[]): Promise<string | null> {
  return new Promise((resolve) => {
    execFile(program, [...args], { timeout: PROGRAM_TIMEOUT_MS }, (error, stdout) => {
      resolve(error === null ? (stdout.split('\n', 1)[0]?.trim() ?? '') : null);
    });
  });
}

function tryPort(port: number): ReturnType<Machine['tryPort']> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error) => {
      const code = isSystemError(error) ? error.code : undefined;
      if (code === 'EADDRINUSE' || code === 'EACCES') resolve(code);
      else reject(error);
    });
    server.listen(port, () => {
      server.close(() => {
        resolve(null);
      });
    });
  });
}

async function readStatus(port: number): Promise<unknown> {
  try {
    const url = `http://127.0.0.1:${port}/api/v1/status`;
    const response = await fetch(url, { signal: AbortSignal.timeout(STATUS_TIMEOUT_MS) });
    return response.ok ? await response.json() : null;
  } catch {
    return null; // Something else listens there: that is what the caller says.
  }
}
