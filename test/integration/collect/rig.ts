// Real processes: the simulated venue and collectors, started as a user starts them.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as delay } from 'node:timers/promises';

const ROOT = new URL('../../..', import.meta.url).pathname;
const POLL_MS = 50;
const DEADLINE_MS = 90_000;

export interface Command {
  readonly child: ChildProcess;
  /** Both outputs so far. */
  output(): string;
  /** Waits for the output to match. */
  says(pattern: RegExp): Promise<RegExpExecArray>;
  /** Sends the signal, if one is given, and waits for the exit code. */
  ended(signal?: NodeJS.Signals): Promise<number | null>;
}

/** `marketprism <args>` on this Node, without the wrapper, so that signals reach the process itself. */
export function marketprism(args: readonly string[], env: Readonly<Record<string, string>> = {}): Command {
  const child = spawn(process.execPath, ['cli/main.ts', ...args], {
    cwd: ROOT,
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  const exited = once(child, 'exit').then(([code]) => code as number | null);
  return {
    child,
    output: () => output,
    async says(pattern) {
      return until(`output to match ${pattern.source}, got: ${output}`, () => pattern.exec(output));
    },
    async ended(signal) {
      if (signal !== undefined && child.exitCode === null) child.kill(signal);
      return exited;
    },
  };
}

/** Waits for a value that is neither null, undefined nor false. */
type Nothing = false | null | undefined;
export async function until<T>(what: string, look: () => T | Nothing | Promise<T | Nothing>): Promise<T> {
  const deadlineMs = Date.now() + DEADLINE_MS;
  for (;;) {
    const seen = await look();
    if (seen !== null && seen !== undefined && seen !== false) return seen;
    if (Date.now() > deadlineMs) throw new Error(`waited ${DEADLINE_MS} ms for ${what}`);
    await delay(POLL_MS);
  }
}

export interface Venue {
  readonly port: number;
  readonly command: Command;
}

export async function startVenue(...args: readonly string[]): Promise<Venue> {
  const command = marketprism(['simulate', '--port', '0', '--seed', '7', ...args]);
  const [, port] = await command.says(/ws:\/\/127\.0\.0\.1:(\d+)\//);
  return { port: Number(port), command };
}

export async function portOf(collector: Command): Promise<number> {
  const [, port] = await collector.says(/"port":(\d+),.*collector started/);
  return Number(port);
}

interface StatusPage {
  readonly status: string;
  readonly data: {
    readonly status: string;
    readonly ready: boolean;
    readonly epoch: number;
    readonly writer: string;
    readonly feed: { readonly uid: string } | null;
    readonly collection_stats: {
      readonly total_collections: number;
      readonly shard_total: number;
      readonly gaps: number;
      readonly symbols: { readonly assigned: number; readonly inSync: number } | null;
      readonly publish: {
        readonly queued: number;
        readonly connected: boolean;
        readonly counters: Readonly<Record<string, number>>;
      };
      readonly problems: readonly { readonly reason: string; readonly message: string }[];
    };
  };
}

export async function statusOf(port: number): Promise<StatusPage> {
  return (await (await fetch(`http://127.0.0.1:${port}/api/v1/status`)).json()) as StatusPage;
}

export async function codeOf(port: number, path: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`);
  await response.arrayBuffer();
  return response.status;
}
