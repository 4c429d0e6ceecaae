import type { Exchange } from '../../contract/feed.ts';
import { ok, skipped, warning, wrong, type Finding } from './finding.ts';

/** One venue's pair of addresses, of its defaults or of a feed. */
export interface VenueAddress {
  readonly exchange: Exchange;
  readonly rest: string;
  readonly websocket: string;
}

export type Probe<T> =
  ({ readonly kind: 'answered' } & T) | { readonly kind: 'failed'; readonly reason: string };

export type RestProbe = Probe<{
  readonly status: number;
  /** Milliseconds since 1970 by the server's clock, from its `Date` header, whole seconds; null without one. */
  readonly serverTimeMs: number | null;
  readonly sentMs: number;
  readonly receivedMs: number;
}>;

export interface VenueProbes {
  rest(url: string): Promise<RestProbe>;
  /** Until the handshake is through. */
  websocket(url: string): Promise<Probe<object>>;
}

/** The cheapest question that each venue answers without a key. */
const TIME_PATHS: Readonly<Record<Exchange, string>> = {
  binance: '/api/v3/time',
  okx: '/api/v5/public/time',
  deribit: '/api/v2/public/get_time',
};

/** Records carry the machine's time: latencies, and the order of what has no sequence, are wrong by as much. */
const MAX_SKEW_MS = 1_000;
const WAY = 'open the way out, or name a proxy in HTTPS_PROXY; another address goes into spec.endpoints';
/** RFC 9110 has 403, RFC 7725 451; Binance uses both for regions. */
const REFUSED = new Set([403, 451]);
const LIMITED = new Set([418, 429]);

/** A finding for REST and WebSocket of each venue, and one for the clock. */
export async function checkVenues(
  addresses: readonly VenueAddress[],
  probes: VenueProbes,
): Promise<readonly Finding[]> {
  const asked = await Promise.all(
    addresses.map(async ({ exchange, rest, websocket }) => {
      const url = `${rest.replace(/\/$/, '')}${TIME_PATHS[exchange]}`;
      const [overRest, overWebSocket] = await Promise.all([probes.rest(url), probes.websocket(websocket)]);
      const findings = [
        restFinding(exchange, rest, overRest),
        webSocketFinding(exchange, websocket, overWebSocket),
      ];
      return { findings, skew: skewOf(overRest) };
    }),
  );
  const skews = asked.flatMap(({ skew }) => (skew === null ? [] : [skew]));
  return [...asked.flatMap(({ findings }) => findings), clockFinding(skews)];
}

function restFinding(exchange: Exchange, base: string, probe: RestProbe): Finding {
  const check = `${exchange} REST`;
  if (probe.kind === 'failed') return wrong(check, `${base} cannot be reached: ${probe.reason}`, WAY);
  const { status, sentMs, receivedMs } = probe;
  const said = `${base} answers HTTP ${status}`;
  if (REFUSED.has(status)) return wrong(check, `${said}: it refuses this address or region`, WAY);
  if (LIMITED.has(status))
    return warning(
      check,
      `${said}: this address asked too often`,
      'wait; share the address among fewer feeds',
    );
  // A futures host does not know the path of spot: it is there all the same.
  if (status < 500) return ok(check, `${base} in ${Math.round(receivedMs - sentMs)} ms`);
  return warning(check, said, 'the venue has trouble: try again, or read its status page');
}

function webSocketFinding(exchange: Exchange, url: string, probe: Probe<object>): Finding {
  const check = `${exchange} WebSocket`;
  if (probe.kind === 'answered') return ok(check, url);
  return wrong(check, `${url} cannot be reached: ${probe.reason}`, WAY);
}

/** How far this clock is ahead at least, given the whole second of the header and the time under way; negative: behind. */
function skewOf(probe: RestProbe): number | null {
  if (probe.kind === 'failed' || probe.serverTimeMs === null) return null;
  const { serverTimeMs, sentMs, receivedMs } = probe;
  // The server wrote at some moment in [serverTimeMs, serverTimeMs + 1000), and in [sentMs, receivedMs] by this clock.
  if (sentMs - (serverTimeMs + 1_000) > 0) return sentMs - (serverTimeMs + 1_000);
  return receivedMs < serverTimeMs ? receivedMs - serverTimeMs : 0;
}

function clockFinding(skews: readonly number[]): Finding {
  const [first, ...others] = skews;
  if (first === undefined) return skipped('clock', 'no venue answered with its time');
  // One server with a wrong clock is not ours being wrong.
  const skew = others.reduce((least, one) => (Math.abs(one) < Math.abs(least) ? one : least), first);
  if (Math.abs(skew) <= MAX_SKEW_MS) return ok('clock', 'as the venues have it, to the second');
  const said = `${(Math.abs(skew) / 1_000).toFixed(1)} s ${skew > 0 ? 'ahead of' : 'behind'} the venues' clocks`;
  return wrong('clock', said, 'run an NTP client, for example "timedatectl set-ntp true"');
}
