import { readFile } from 'node:fs/promises';
import { Agent, fetch } from 'undici';

export const TOKEN = 'bench';

/** A client of its own, so that what is measured shares nothing with what measures. */
export class Api {
  readonly server: string;
  readonly #dispatcher = new Agent({ connect: { rejectUnauthorized: false }, connections: 50 });

  constructor(server: string) {
    this.server = server;
  }

  /** Of the control plane that another process has started. */
  static async of(kubeconfig: string): Promise<Api> {
    const { clusters } = JSON.parse(await readFile(kubeconfig, 'utf8')) as {
      readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
    };
    return new Api(clusters[0]?.cluster.server ?? '');
  }

  /** The answer's body; throws what is no success. */
  async ask(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.request(method, path, body);
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }

  request(method: string, path: string, body?: unknown, signal?: AbortSignal): ReturnType<typeof fetch> {
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    return fetch(`${this.server}${path}`, {
      method,
      dispatcher: this.#dispatcher,
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': type },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      ...(signal === undefined ? {} : { signal }),
    });
  }

  /** Every object of a list as it is now, then every change, until the signal; each with its type. */
  async watch(
    path: string,
    signal: AbortSignal,
    onObject: (type: 'ADDED' | 'MODIFIED' | 'DELETED', object: unknown) => void,
  ): Promise<void> {
    const list = (await this.ask('GET', path)) as Listed;
    for (const item of list.items) onObject('ADDED', item);
    let from = list.metadata.resourceVersion;
    const joint = path.includes('?') ? '&' : '?';
    while (!signal.aborted) {
      try {
        const query = `watch=true&allowWatchBookmarks=true&resourceVersion=${from}`;
        const answer = await this.request('GET', `${path}${joint}${query}`, undefined, signal);
        for await (const line of linesOf(answer.body as AsyncIterable<Uint8Array>)) {
          const { type, object } = JSON.parse(line) as WatchEvent;
          if (type === 'ERROR') throw new Error(`watch of ${path}: ${line}`);
          from = object.metadata.resourceVersion;
          if (type !== 'BOOKMARK') onObject(type, object);
        }
      } catch (error) {
        if (!signal.aborted) throw error;
      }
    }
  }

  async close(): Promise<void> {
    await this.#dispatcher.destroy();
  }
}

interface Versioned {
  readonly metadata: { readonly resourceVersion: string };
}
interface Listed extends Versioned {
  readonly items: readonly unknown[];
}
interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK' | 'ERROR';
  readonly object: Versioned;
}

async function* linesOf(body: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    const parts = (rest + decoder.decode(chunk, { stream: true })).split('\n');
    rest = parts.pop() ?? '';
    yield* parts.filter(Boolean);
  }
}
