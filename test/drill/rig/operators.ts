// A namespace of the real cluster, operators on it, a user who edits.
import type { KubeConfig } from '@kubernetes/client-node';
import { clusterConfig, freshNamespace } from '../../kube/engine/cluster-client.ts';
import { ApiProxy } from './api-proxy.ts';
import { FeedEdits } from './feed-edits.ts';
import { OperatorProcess } from './operator-process.ts';
import { until } from './result.ts';

export class Operators {
  readonly edits: FeedEdits;
  readonly list: readonly OperatorProcess[];
  readonly #removeNamespace: () => Promise<void>;

  private constructor(edits: FeedEdits, list: readonly OperatorProcess[], remove: () => Promise<void>) {
    this.edits = edits;
    this.list = list;
    this.#removeNamespace = remove;
  }

  /** The first one leads when this resolves, and every feed has its status; the others stand by. */
  static async start(pods: readonly string[], feeds: number): Promise<Operators> {
    const config: KubeConfig = clusterConfig();
    const namespace = await freshNamespace('drill-operators');
    const edits = new FeedEdits(config, namespace.name);
    const list: OperatorProcess[] = [];
    const rig = new Operators(edits, list, () => namespace.remove());
    try {
      await edits.begin(feeds);
      for (const pod of pods) {
        const operator = await OperatorProcess.make(pod, await ApiProxy.start(config), namespace.name);
        list.push(operator);
        operator.start();
        await operator.ready();
        await until(`${pods[0]} to lead`, async () => (await edits.leader()) === pods[0]);
      }
      await until('every feed to have its status', () => edits.pending === 0);
      return rig;
    } catch (error) {
      await rig.stop();
      throw error;
    }
  }

  get crashes(): number {
    return this.list.reduce((sum, { crashes }) => sum + crashes, 0);
  }

  async stop(): Promise<void> {
    for (const operator of this.list) {
      await operator.remove();
      operator.api.close();
    }
    await this.edits.end();
    await this.#removeNamespace();
  }
}
