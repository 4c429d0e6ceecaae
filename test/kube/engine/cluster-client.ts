// The operator's own client on the cluster of KUBECONFIG, and a namespace of one test file.
import { once } from 'node:events';
import { connect, createServer, isIP, type AddressInfo, type Socket } from 'node:net';
import { KubeConfig } from '@kubernetes/client-node';
import { createKubeClient, type KubeClient } from '../../../operator/kube/client.ts';
import { connectTo, loadKubeConfig } from '../../../operator/kube/connection.ts';
import type { KubeResult } from '../../../operator/kube/fault.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { kubectl, requireCluster, tryRun } from '../../support/cluster.ts';

export interface ClusterClient {
  readonly config: KubeConfig;
  readonly client: KubeClient;
  close(): Promise<void>;
}

export function clusterConfig(): KubeConfig {
  requireCluster();
  const loaded = loadKubeConfig();
  if ('message' in loaded) throw new Error(loaded.message);
  return loaded.config;
}

export function clusterClient(config = clusterConfig()): ClusterClient {
  const clock = systemClock();
  const connection = connectTo(config, clock);
  return { config, client: createKubeClient({ connection, clock }), close: () => connection.close() };
}

export async function freshNamespace(
  name: string,
): Promise<{ readonly name: string; remove(): Promise<void> }> {
  const namespace = `${name}-${Date.now().toString(36)}`;
  await kubectl(['apply', '--server-side', '--force-conflicts', '-f', 'crds']);
  await kubectl(['create', 'namespace', namespace]);
  return {
    name: namespace,
    async remove() {
      await tryRun('kubectl', ['delete', 'namespace', namespace, '--wait=false']);
    },
  };
}

export function valueOf<T>(result: KubeResult<T>): T {
  if (!result.ok) throw new Error(`${result.fault.reason}: ${result.fault.message}`);
  return result.value;
}

export const reasonOf = (result: KubeResult<unknown>): string => (result.ok ? 'ok' : result.fault.reason);

/** A way to the API server that can be cut: every connection through it dies, new ones are taken or refused. */
export async function cuttableWay(config: KubeConfig): Promise<{
  readonly config: KubeConfig;
  readonly connections: () => number;
  cut(): void;
  close(): void;
}> {
  const cluster = config.getCurrentCluster();
  if (cluster === null) throw new Error('no cluster');
  const target = new URL(cluster.server);
  const sockets = new Set<Socket>();
  let connections = 0;
  const server = createServer((near) => {
    connections += 1;
    const far = connect({ host: target.hostname, port: Number(target.port || 443) });
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => [near.destroy(), far.destroy(), sockets.delete(socket)]);
    }
    near.pipe(far).pipe(near);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const through = new KubeConfig();
  through.loadFromString(config.exportConfig());
  const name = isIP(target.hostname) === 0 ? { tlsServerName: target.hostname } : {};
  through.clusters = through.clusters.map((one) => ({
    ...one,
    server: `https://127.0.0.1:${port}`,
    ...name,
  }));
  const cut = (): void => sockets.forEach((socket) => socket.destroy());
  return {
    config: through,
    connections: () => connections,
    cut,
    close() {
      cut();
      server.close();
    },
  };
}
