// A real nats-server with JetStream in a temporary folder on a free port. It may be killed and started again on the
// same port with the same store. Found by NATS_SERVER, else on PATH, else where `test/cluster/tools.sh --bin` says.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { connect as connectSocket, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { connect, type NatsConnection, type NodeConnectionOptions } from '@nats-io/transport-node';

const run = promisify(execFile);
const START_TIMEOUT_MS = 15_000;
const POLL_MS = 20;

export interface NatsServer {
  readonly url: string;
  readonly port: number;
  readonly pid: number | undefined;
  /** A connection that reconnects for ever, quickly; closed by `stop`. */
  connect(options?: NodeConnectionOptions): Promise<NatsConnection>;
  /** Ends the process and keeps the store. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts the process again on the same port and store. */
  start(): Promise<void>;
  /** Other lines in place of `config`, taken by the running server. */
  reconfigure(config: string): Promise<void>;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
}

export interface NatsServerOptions {
  /** Lines added to the server's configuration file. */
  readonly config?: string;
  /** Lines added to its block of JetStream. */
  readonly jetstream?: string;
  /** A folder for its store that exists and stays; else one of its own, which goes with it. */
  readonly store?: string;
  /** An address of this machine, where others than this machine reach it too. */
  readonly host?: string;
  /** A fixed port, for a server that appears only after its clients. */
  readonly port?: number;
  /** False: the server is not running until `start`. */
  readonly started?: boolean;
}

export async function startNats(options: NatsServerOptions = {}): Promise<NatsServer> {
  const binary = await natsBinary();
  const host = options.host ?? '127.0.0.1';
  const port = options.port ?? (await freePort());
  const folder = await mkdtemp(join(tmpdir(), 'marketprism-nats-'));
  const configPath = join(folder, 'server.conf');
  const writeConfig = (config: string): Promise<void> =>
    writeFile(
      configPath,
      `listen: "${host}:${port}"\njetstream { store_dir: "${options.store ?? join(folder, 'store')}"\n${options.jetstream ?? ''} }\n${config}\n`,
    );
  await writeConfig(options.config ?? '');
  const connections: NatsConnection[] = [];
  let child: ChildProcess | undefined;
  // A test that is cut off must not leave its server behind.
  const endChild = (): void => void child?.kill('SIGKILL');
  process.once('exit', endChild);
  const server: NatsServer = {
    url: `nats://${host}:${port}`,
    port,
    get pid() {
      return child?.pid;
    },
    async connect(extra = {}) {
      const connection = await connect({
        servers: [server.url],
        maxReconnectAttempts: -1,
        reconnectTimeWait: 50,
        reconnectJitter: 0,
        ...extra,
      });
      connections.push(connection);
      return connection;
    },
    async kill(signal = 'SIGKILL') {
      const dying = child;
      child = undefined;
      if (dying === undefined || dying.exitCode !== null || dying.signalCode !== null) return;
      const exited = once(dying, 'exit');
      dying.kill(signal);
      await exited;
    },
    async start() {
      if (child !== undefined) return;
      child = spawn(binary, ['-c', configPath], { stdio: ['ignore', 'ignore', 'pipe'] });
      await listening(child, { host, port });
    },
    async reconfigure(config) {
      await writeConfig(config);
      child?.kill('SIGHUP');
    },
    async stop() {
      await Promise.all(connections.map((connection) => connection.close()));
      await server.kill();
      process.removeListener('exit', endChild);
      await rm(folder, { recursive: true, force: true });
    },
  };
  if (options.started !== false) await server.start();
  return server;
}

export async function natsBinary(): Promise<string> {
  const named = process.env['NATS_SERVER'];
  if (named !== undefined && named !== '') return named;
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    if (folder !== '' && existsSync(join(folder, 'nats-server'))) return join(folder, 'nats-server');
  }
  const tools = new URL('../cluster/tools.sh', import.meta.url).pathname;
  if (existsSync(tools)) {
    const { stdout } = await run(tools, ['--bin']);
    const cached = join(stdout.trim(), 'nats-server');
    if (existsSync(cached)) return cached;
  }
  throw new Error('no nats-server: set NATS_SERVER, put it on PATH, or run test/cluster/tools.sh');
}

export async function freePort(): Promise<number> {
  const probe = createServer();
  probe.listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const address = probe.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  probe.close();
  await once(probe, 'close');
  return port;
}

interface Address {
  readonly host: string;
  readonly port: number;
}

async function listening(child: ChildProcess, at: Address): Promise<void> {
  let log = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    log = (log + chunk.toString()).slice(-4_000);
  });
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (!(await greets(at))) {
    if (child.exitCode !== null) throw new Error(`nats-server ended with ${child.exitCode}: ${log}`);
    if (Date.now() > deadline) throw new Error(`nats-server not up within ${START_TIMEOUT_MS} ms: ${log}`);
    await delay(POLL_MS);
  }
}

/** True when something at the port says `INFO`. */
function greets(at: Address): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connectSocket({ ...at });
    const done = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1_000, () => done(false));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
    socket.once('data', (chunk) => done(chunk.toString().startsWith('INFO')));
  });
}
