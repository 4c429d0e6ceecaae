import type { NatsConnection } from '@nats-io/nats-core';
import { reasonOf } from '../../runtime/reason.ts';

/** What the server says of itself, and what its monitor adds. */
export interface NatsCheck {
  readonly server: string;
  readonly version: string;
  readonly jetstream: boolean;
  readonly monitor:
    | {
        readonly kind: 'read';
        readonly url: string;
        readonly inMessages: number;
        readonly outMessages: number;
      }
    | { readonly kind: 'unreachable'; readonly url: string; readonly reason: string };
}

export const DEFAULT_MONITOR_URL = 'http://127.0.0.1:8222';
const TIMEOUT_MS = 5_000;

/** `/varz` of the monitor: counters since the server started. */
export async function checkNats(connection: NatsConnection, monitorUrl: string): Promise<NatsCheck> {
  const url = monitorUrl.replace(/\/+$/, '');
  const { info } = connection;
  const server = connection.getServer();
  const version = info?.version ?? 'unknown';
  try {
    const response = await fetch(`${url}/varz`, { signal: AbortSignal.timeout(TIMEOUT_MS) });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const varz = (await response.json()) as Readonly<Record<string, unknown>>;
    const { in_msgs: inMessages, out_msgs: outMessages } = varz;
    if (typeof inMessages !== 'number' || typeof outMessages !== 'number')
      throw new Error('no in_msgs and out_msgs in /varz: not a NATS monitor');
    const monitor = { kind: 'read', url, inMessages, outMessages } as const;
    return { server, version, jetstream: hasJetStream(varz), monitor };
  } catch (error) {
    const reason = reasonOf(error);
    return {
      server,
      version,
      jetstream: info?.jetstream === true,
      monitor: { kind: 'unreachable', url, reason },
    };
  }
}

const hasJetStream = ({ jetstream }: Readonly<Record<string, unknown>>): boolean =>
  typeof jetstream === 'object' && jetstream !== null && 'config' in jetstream;
