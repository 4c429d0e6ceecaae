import { VenueSocket } from '../../collector/link/socket.ts';
import type { Clock } from '../../runtime/clock.ts';
import { HttpClient } from '../../runtime/http-client.ts';
import type { Proxies } from '../../runtime/proxies.ts';
import { reasonOf } from '../../runtime/reason.ts';
import type { Probe, RestProbe, VenueProbes } from './venues.ts';

const SILENCE_MS = 5_000;
const TOTAL_MS = 10_000;

/** Asks once, on the way that a collector takes: same client, same proxies. */
export function venueProbes(clock: Clock, proxies: Proxies): VenueProbes {
  return {
    rest: (url) => askRest(url, clock, proxies),
    websocket: (url) => openWebSocket(url, clock, proxies),
  };
}

async function askRest(url: string, clock: Clock, proxies: Proxies): Promise<RestProbe> {
  const secure = url.startsWith('https:');
  const client = new HttpClient({ secure, proxy: proxies(url), silenceMs: SILENCE_MS, totalMs: TOTAL_MS });
  const sentMs = clock.nowMs();
  try {
    const response = await client.get(url);
    const receivedMs = clock.nowMs();
    response.resume();
    const said = Date.parse(response.headers.date ?? '');
    const serverTimeMs = Number.isNaN(said) ? null : said;
    return { kind: 'answered', status: response.statusCode ?? 0, serverTimeMs, sentMs, receivedMs };
  } catch (error) {
    return { kind: 'failed', reason: reasonOf(error) };
  } finally {
    client.close();
  }
}

function openWebSocket(url: string, clock: Clock, proxies: Proxies): Promise<Probe<object>> {
  return new Promise((resolve) => {
    const socket = new VenueSocket({
      url,
      clock,
      proxies,
      handlers: {
        onOpen: () => {
          socket.end();
          resolve({ kind: 'answered' });
        },
        onMessage: () => undefined,
        onSign: () => undefined,
        onEnd: (reason) => {
          resolve({ kind: 'failed', reason });
        },
      },
    });
  });
}
