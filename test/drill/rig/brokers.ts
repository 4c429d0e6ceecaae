import { jetstreamManager, type JetStreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from '@nats-io/transport-node';
import { freePort, startNats, type NatsServer } from '../../support/nats.ts';
import type { Broker } from './delivery-drill.ts';
import { until } from './result.ts';

export const single = (nats: NatsServer): Broker => ({
  urls: nats.url,
  connect: () => nats.connect(),
  stop: () => nats.stop(),
});

export interface Cluster extends Broker {
  /** By the server's name. */
  readonly servers: ReadonlyMap<string, NatsServer>;
}

/** Three servers of one JetStream cluster on this machine. */
export async function startCluster(): Promise<Cluster> {
  const names = ['n1', 'n2', 'n3'];
  const routePorts: number[] = [];
  for (const _ of names) routePorts.push(await freePort());
  const routes = routePorts.map((port) => `nats://127.0.0.1:${port}`).join(', ');
  const started = await Promise.all(
    names.map((name, index) =>
      startNats({
        config: `server_name: ${name}\ncluster { name: drill, listen: "127.0.0.1:${routePorts[index]}", routes: [${routes}] }`,
      }),
    ),
  );
  const urls = started.map(({ url }) => url).join(',');
  const [first] = started;
  if (first === undefined) throw new Error('no server');
  const connect = (): Promise<NatsConnection> => first.connect({ servers: urls.split(',') });
  const probe = await connect();
  await until('the cluster to have a leader', async () => {
    const manager = await jetstreamManager(probe, { checkAPI: false });
    return manager.getAccountInfo().then(
      () => true,
      () => false,
    );
  });
  return {
    urls,
    servers: new Map(names.map((name, index) => [name, started[index] ?? first])),
    connect,
    async stop() {
      await probe.close();
      for (const server of started) await server.stop();
    },
  };
}

/** Who leads the stream; undefined while nobody does, or nobody answers. */
export async function leaderOf(manager: JetStreamManager, stream: string): Promise<string | undefined> {
  const info = await manager.streams.info(stream).catch(() => undefined);
  return info?.cluster?.leader;
}
