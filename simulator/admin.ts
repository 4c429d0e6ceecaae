import type { VenueConnection } from './connection.ts';
import type { Counters } from './counters.ts';
import { parseFault } from './faults/fault.ts';
import type { Faults } from './faults/faults.ts';
import type { FaultTally } from './faults/tally.ts';
import type { Hub } from './hub.ts';
import type { MarketClock } from './market-clock.ts';
import { changeListing, LISTING_VERBS, type ListingContext } from './listings.ts';
import type { Protocol, RestAnswer } from './ports.ts';
import type { Scenario } from './scenario.ts';
import type { HttpRequest } from './server.ts';
import type { Snapshots } from './snapshots.ts';

export interface AdminContext extends ListingContext {
  readonly protocol: Protocol;
  readonly marketClock: MarketClock;
  readonly snapshots: Snapshots;
  readonly hub: Hub;
  readonly counters: Counters;
  readonly faults: Faults;
  readonly tally: FaultTally;
  readonly scenario: Scenario;
  readonly connections: () => Iterable<VenueConnection>;
}

/** What no venue has: the true book, the state of things, and the switches. */
export async function answerAdmin(request: HttpRequest, context: AdminContext): Promise<RestAnswer> {
  const { market, marketClock, protocol } = context;
  switch (`${request.method} ${request.url.pathname}`) {
    case 'GET /admin/book': {
      const symbol = request.url.searchParams.get('symbol') ?? '';
      const book = protocol.publishedBook?.(symbol) ?? market.book(symbol);
      return book === undefined ? answer(404, { error: 'unknown symbol' }) : answer(200, book);
    }
    case 'GET /admin/state':
      return answer(200, stateOf(context));
    case 'POST /admin/play':
      marketClock.play();
      return answer(200, { state: marketClock.state });
    case 'POST /admin/pause':
      marketClock.pause();
      return answer(200, { state: marketClock.state });
    case 'POST /admin/fault':
      return applyFault(await request.body(), context);
    default:
      return (await changedListing(request, context)) ?? answer(404, { error: 'no such endpoint' });
  }
}

async function changedListing(request: HttpRequest, context: AdminContext): Promise<RestAnswer | undefined> {
  const verb = LISTING_VERBS.find((one) => request.url.pathname === `/admin/${one}`);
  return verb === undefined || request.method !== 'POST'
    ? undefined
    : changeListing(verb, await request.body(), context);
}

function applyFault(body: string, { market, protocol, faults }: AdminContext): RestAnswer {
  let given: unknown;
  try {
    given = JSON.parse(body);
  } catch {
    return answer(400, { error: 'the body is not JSON' });
  }
  const symbols = market.symbols.map(({ symbol }) => symbol);
  const fault = parseFault(given, { symbols, venueFaults: protocol.venueFaults });
  if (typeof fault === 'string') return answer(400, { error: fault });
  faults.apply(fault);
  return answer(200, { fault });
}

function stateOf(context: AdminContext): unknown {
  const { market, protocol, marketClock, snapshots, hub, counters, tally, scenario } = context;
  return {
    state: marketClock.state,
    venue: protocol.title,
    market: market.kind,
    marketMs: marketClock.marketMs,
    snapshotLagMs: snapshots.lagMs,
    symbols: market.symbols.map(({ symbol }) => symbol),
    streamsSubscribed: hub.streamCount,
    connections: [...context.connections()].map(({ id, streams, halfOpen }) => ({ id, streams, halfOpen })),
    counters: counters.all(),
    faults: tally.all(),
    scenarioStepsLeft: scenario.left,
    details: market.state(),
  };
}

function answer(status: number, body: unknown): RestAnswer {
  return { status, headers: {}, body };
}
