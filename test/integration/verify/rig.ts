// A simulated venue, collectors and `verify`, as real processes against a real nats-server.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Outcome } from '../../../verify/outcome.ts';
import { freePort, startNats, type NatsServer } from '../../support/nats.ts';
import { judgeWithPython } from '../../support/python.ts';
import { assertAgree } from '../../support/second-judge.ts';
import { marketprism, portOf, type Command } from '../collect/rig.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;

/** Of a machine that has much else to do. */
const DEADLINE_MS = 120_000;
const POLL_MS = 500;

export interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export class Rig {
  readonly #commands: Command[] = [];
  readonly #folder: string;
  readonly nats: NatsServer;
  readonly monitorUrl: string;
  #venueUrl = '';
  #feedFile = '';

  private constructor(nats: NatsServer, monitorUrl: string, folder: string) {
    this.nats = nats;
    this.monitorUrl = monitorUrl;
    this.#folder = folder;
  }

  static async start(): Promise<Rig> {
    const port = await freePort();
    const nats = await startNats({ config: `http: "127.0.0.1:${port}"` });
    return new Rig(nats, `http://127.0.0.1:${port}`, await mkdtemp(join(tmpdir(), 'verify-')));
  }

  async stop(): Promise<void> {
    for (const command of this.#commands) {
      command.child.kill('SIGCONT');
      await command.ended('SIGKILL');
    }
    await this.nats.stop();
    await rm(this.#folder, { recursive: true });
  }

  /** `spec` without its endpoints. */
  async venue(name: string, symbols: string, spec: string): Promise<void> {
    const command = marketprism([
      'simulate',
      '--venue',
      name,
      '--port',
      '0',
      '--seed',
      '7',
      '--symbols',
      symbols,
    ]);
    this.#commands.push(command);
    const [, port = ''] = await command.says(/ws:\/\/127\.0\.0\.1:(\d+)\//);
    this.#venueUrl = `http://127.0.0.1:${port}`;
    this.#feedFile = join(this.#folder, `${name}.yaml`);
    const endpoints = `{ websocket: "ws://127.0.0.1:${port}", rest: "${this.#venueUrl}" }`;
    await writeFile(
      this.#feedFile,
      `apiVersion: marketprism.io/v1alpha1\nkind: CollectorFeed\nmetadata: { name: verified }\nspec:\n${spec}  endpoints: ${endpoints}\n`,
    );
  }

  async collector(): Promise<Command> {
    const env = { NATS_URL: this.nats.url };
    const command = marketprism(['collect', '-f', this.#feedFile, '--port', '0'], env);
    this.#commands.push(command);
    await portOf(command);
    return command;
  }

  async fault(fault: Readonly<Record<string, unknown>>): Promise<void> {
    const response = await fetch(`${this.#venueUrl}/admin/fault`, {
      method: 'POST',
      body: JSON.stringify(fault),
    });
    assert.ok(response.ok, await response.text());
  }

  verify(...args: readonly string[]): Promise<Ran> {
    const env = {
      PATH: process.env['PATH'] ?? '',
      NATS_URL: this.nats.url,
      NATS_MONITOR_URL: this.monitorUrl,
    };
    const options = { cwd: ROOT, env, maxBuffer: 64 * 1024 * 1024 };
    return new Promise((resolve) => {
      execFile(process.execPath, ['cli/main.ts', 'verify', ...args], options, (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
      });
    });
  }

  async outcome(...args: readonly string[]): Promise<Outcome & { readonly code: number }> {
    const { code, stdout, stderr } = await this.verify('--json', ...args);
    assert.notEqual(stdout, '', stderr);
    return { ...(JSON.parse(stdout) as Outcome), code };
  }

  /** Waits until the whole stream as `verify` sees it is so. */
  async untilStream(what: string, isSo: (outcome: Outcome) => boolean): Promise<Outcome> {
    const deadlineMs = Date.now() + DEADLINE_MS;
    for (;;) {
      const { stdout, stderr } = await this.verify('--json');
      const outcome = stdout === '' ? undefined : (JSON.parse(stdout) as Outcome);
      if (outcome !== undefined && isSo(outcome)) return outcome;
      assert.ok(
        Date.now() < deadlineMs,
        `not within ${DEADLINE_MS} ms: ${what}; ${stderr}${stdout.slice(0, 2_000)}`,
      );
      await delay(POLL_MS);
    }
  }

  /** Both judges read the same stream and say the same. */
  async agreesWithPython(): Promise<void> {
    const { verdict } = await this.outcome();
    assertAgree(verdict, await judgeWithPython(this.nats.url, 'MARKET_DATA'));
  }
}
