import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { MALLOC_OPTIONS, YOUNG_OPTION } from '../../../contract/process.ts';
import type { FeedSpec } from '../../../contract/feed.ts';
import type { CollectorSample } from './collectors.ts';

const ANSWER_MS = 30_000;
const MODULE = new URL('./collectors.ts', import.meta.url).pathname;

/** The child process with all collectors of a drill. */
export class CollectorProcess {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(
    servers: readonly string[],
    feeds: readonly { readonly name: string; readonly spec: FeedSpec }[],
  ): Promise<CollectorProcess> {
    // As every collector is started.
    const env = { ...process.env, ...MALLOC_OPTIONS };
    const child = new CollectorProcess(fork(MODULE, { execArgv: [YOUNG_OPTION, '--expose-gc'], env }));
    await child.#ask({ kind: 'start', servers, feeds });
    return child;
  }

  async sample(): Promise<CollectorSample> {
    return (await this.#ask({ kind: 'sample' })) as CollectorSample;
  }

  /** In good order; after the wait by force. */
  async stop(): Promise<void> {
    if (this.#child.exitCode !== null) return;
    const ended = once(this.#child, 'exit');
    this.#child.send({ kind: 'stop' });
    const timer = setTimeout(() => this.#child.kill('SIGKILL'), ANSWER_MS);
    await ended;
    clearTimeout(timer);
  }

  async #ask(request: unknown): Promise<unknown> {
    const answered = once(this.#child, 'message', { signal: AbortSignal.timeout(ANSWER_MS) });
    this.#child.send(request as object);
    const [answer] = (await answered) as [unknown];
    return answer;
  }
}
