import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { it, describe } from 'node:test';
import { parse, parseOptions } from '../../cli/args.ts';
import { localAssignment } from '../../cli/local-assignment.ts';
import { progressLine } from '../../cli/progress.ts';
import { assignment, DELIVERY_STATUS, SESSION_STATUS } from '../collector/control/fakes.ts';

const ROOT = new URL('../..', import.meta.url).pathname;

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Through the wrapper, as users start it. */
function marketprism(...args: readonly string[]): Promise<Ran> {
  return new Promise((resolve) => {
    execFile(process.execPath, ['bin/marketprism.js', ...args], { cwd: ROOT }, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('the command line', () => {
  it('answers an unknown command with the list and exit code 2', async () => {
    for (const name of ['frobnicate', 'constructor', '--frob']) {
      const { code, stderr } = await marketprism(name);
      assert.equal(code, 2);
      assert.match(stderr, new RegExp(`unknown command "${name}"`));
      for (const known of ['operator', 'collect', 'simulate', 'replay', 'verify', 'version', 'help'])
        assert.match(stderr, new RegExp(`^ {2}${known} `, 'm'));
    }
  });

  it('prints help on stdout and without a command on stderr', async () => {
    assert.match((await marketprism('--help')).stdout, /^Usage: marketprism/);
    const bare = await marketprism();
    assert.deepEqual([bare.code, bare.stdout], [2, '']);
  });

  for (const name of ['operator', 'collect', 'simulate', 'replay', 'verify']) {
    it(`${name} --help and help ${name} say the same, with exit code 0`, async () => {
      const [option, command] = await Promise.all([marketprism(name, '--help'), marketprism('help', name)]);
      assert.deepEqual(option, command);
      assert.equal(option.code, 0);
      assert.match(option.stdout, new RegExp(`marketprism ${name}`));
    });
  }

  it('prints the version of the package', async () => {
    assert.match((await marketprism('version')).stdout, /^\d+\.\d+\.\d+\n$/);
  });

  it('names an unknown option and an option without its value', async () => {
    assert.match((await marketprism('collect', '--flie', 'x')).stderr, /collect: Unknown option '--flie'\n/);
    assert.match((await marketprism('collect', '-f')).stderr, /'-f, --file <value>' argument missing/);
    assert.equal((await marketprism('collect', '-f', 'a', '--assignment', 'b')).code, 2);
    assert.match((await marketprism('collect', '-f', 'none.yaml')).stderr, /none\.yaml cannot be read/);
    const port = await marketprism('collect', '-f', 'examples/feed.yaml', '--port', '99999');
    assert.match(port.stderr, /DATA_COLLECTOR_PORT is "99999": it has to be an integer from 0 to 65535/);
  });
});

describe('replay', () => {
  it('names what cannot be read and what holds nothing, with exit code 2', async () => {
    for (const [file, message] of [
      ['none.jsonl', /^marketprism replay: none\.jsonl cannot be read: ENOENT\n$/],
      ['docs', /^marketprism replay: docs cannot be read: EISDIR\n$/],
      ['/dev/null', /^marketprism replay: \/dev\/null is empty; /],
    ] as const) {
      const { code, stdout, stderr } = await marketprism('replay', file);
      assert.deepEqual([code, stdout], [2, '']);
      assert.match(stderr, message);
    }
  });
});

describe('arguments', () => {
  it('are values when they are wrong', () => {
    const parsed = parse({ args: ['extra'], options: {} });
    assert.equal(parsed.kind, 'fault');
    assert.match(parsed.kind === 'fault' ? parsed.message : '', /extra/);
  });

  it('bring --help along', () => {
    assert.deepEqual(parseOptions(['-h'], {}), { kind: 'help' });
    const parsed = parseOptions(['a', '--all'], { all: { type: 'boolean' } }, { allowPositionals: true });
    assert.deepEqual(parsed.kind === 'parsed' && [parsed.values['all'], parsed.positionals], [true, ['a']]);
  });
});

describe('collect without an operator', () => {
  const metadata = { namespace: 'default', name: 'majors' };
  const spec = { exchange: 'binance', market: 'spot', streams: ['trade'], symbols: ['A'] } as const;

  it('has the same identity in every run of one file, and another for another feed', () => {
    const of = (name: string) => localAssignment({ metadata: { ...metadata, name }, spec }, 5).feed.uid;
    assert.equal(of('majors'), of('majors'));
    assert.notEqual(of('majors'), of('minors'));
    assert.match(of('majors'), /^local-[0-9a-f]{16}$/);
  });

  it('is one shard of one, whatever the file asks for, and collects nothing while paused', () => {
    const spread = { ...spec, sharding: { collectors: 4 }, redundancy: 2, paused: true } as const;
    const { shard, shards, symbols, effective, budget } = localAssignment({ metadata, spec: spread }, 5);
    assert.deepEqual([shard, shards, symbols, effective.symbols], [0, 1, [], []]);
    assert.deepEqual([effective.collectors, effective.redundancy], [1, 1]);
    // 80 % of what Binance grants an address.
    assert.deepEqual(budget, { weightPerMinute: 4_800, connections: 240 });
  });

  it('shows one line with what matters, troubles only when there are some', () => {
    const state = {
      identity: { pod: 'p', replica: 'a', startedMs: 0 },
      nowMs: Date.UTC(2026, 0, 1, 12, 30, 5),
      terminating: false,
      load: 0,
      assignment: assignment(),
      writer: 'p.1',
      session: SESSION_STATUS,
      delivery: { ...DELIVERY_STATUS, perSecond: 99.6 },
      problems: [],
    } as const;
    assert.equal(progressLine(state), '12:30:05  0/2 in sync  0 messages  100 msg/s  0 gaps');
    const publish = { ...DELIVERY_STATUS.publish, queued: 3, dropped: 2 };
    const problems = [{ reason: 'NatsUnreachable', message: 'start NATS', sinceMs: 0 }] as const;
    assert.match(
      progressLine({ ...state, delivery: { ...DELIVERY_STATUS, publish }, problems }),
      /3 queued {2}2 dropped {2}start NATS$/,
    );
  });
});
