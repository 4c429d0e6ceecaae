import assert from 'node:assert/strict';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { Kvm } from '@nats-io/kv';
import type { NatsConnection } from '@nats-io/transport-node';
import { ASSIGNMENT_KEY, type Assignment } from '../../../contract/assignment.ts';
import { CATALOGUE_BUCKET, catalogueMarket, indexKey, parseIndex } from '../../../contract/catalogue.ts';
import { parseReport } from '../../../contract/control-messages.ts';
import { assignSubject, reportSubject, type CollectorReport } from '../../../contract/control.ts';
import { effectiveFeed } from '../../../contract/effective.ts';
import type { CollectorFeed } from '../../../contract/feed.ts';
import { CatalogueBook, catalogueBucket } from '../../../operator/catalogues.ts';
import { plan } from '../../../operator/plan/plan.ts';
import { systemClock } from '../../../runtime/clock.ts';
import { createLogger } from '../../../runtime/log.ts';
import { observedOf, settingsOf } from '../../operator/plan/observed.ts';
import { startNats, type NatsServer } from '../../support/nats.ts';
import { marketprism, portOf, startVenue, until, type Command, type Venue } from './rig.ts';

const UID = '7d9f6d7e-0000-4000-8000-000000000009';

/** The test applies what the operator's own plan says, for a feed with a NATS of its own beside the operator's. */
describe('a pod of a feed with a selector', () => {
  let venue: Venue;
  let control: NatsServer;
  let data: NatsServer;
  let operator: NatsConnection;
  let folder: string;
  let pod: Command;
  let report: CollectorReport | undefined;
  let book: CatalogueBook;
  let feed: CollectorFeed;

  before(async () => {
    [venue, control, data] = await Promise.all([startVenue(), startNats(), startNats()]);
    operator = await control.connect();
    folder = await mkdtemp(join(tmpdir(), 'selector-pod-'));
    operator.subscribe(reportSubject(UID, 0), {
      callback: (_error, message) => {
        report = parseReport(message.string());
      },
    });
    feed = {
      apiVersion: 'marketprism.io/v1alpha1',
      kind: 'CollectorFeed',
      metadata: { name: 'usdt', namespace: 'market-data', uid: UID, generation: 1 },
      spec: {
        exchange: 'binance',
        market: 'spot',
        symbolSelector: { quote: 'USDT' },
        streams: ['trade'],
        nats: { servers: [data.url] },
        endpoints: { websocket: `ws://127.0.0.1:${venue.port}`, rest: `http://127.0.0.1:${venue.port}` },
      },
    };
    book = new CatalogueBook({
      source: catalogueBucket(() => operator),
      clock: systemClock(),
      log: createLogger('test', 'silent'),
      onChange: () => undefined,
    });
  });
  after(async () => {
    book.stop();
    for (const command of [pod, venue.command]) await command?.ended('SIGKILL');
    for (const server of [control, data]) await server.stop();
    await rm(folder, { recursive: true });
  });

  function planned(): Assignment {
    const catalogue = book.observe(UID, effectiveFeed(feed, {}));
    const { assignments } = plan(observedOf({ feed, catalogue, nowMs: Date.now() }), settingsOf());
    const [first] = assignments;
    assert.ok(first !== undefined);
    return first.assignment;
  }
  const push = async (assignment: Assignment): Promise<void> => {
    await operator.request(assignSubject(UID, 0), JSON.stringify(assignment));
  };
  async function indexAt(server: NatsServer): Promise<number | undefined> {
    const bucket = await new Kvm(await server.connect()).open(CATALOGUE_BUCKET);
    const entry = await bucket.get(indexKey(catalogueMarket(planned().effective)));
    return entry === null ? undefined : parseIndex(entry.string())?.instruments;
  }

  it('begins without symbols, writes the catalogue to both NATS, and gets what the plan makes of it', async () => {
    const first = planned();
    assert.deepEqual(first.symbols, []);
    await writeFile(join(folder, ASSIGNMENT_KEY), JSON.stringify(first));
    pod = marketprism(['collect', '--assignment', folder], {
      POD_NAME: 'pod-1',
      MP_REPLICA: 'a',
      MP_CONTROL_NATS: control.url,
      MP_CATALOGUE_SECONDS: '1',
      DATA_COLLECTOR_PORT: '0',
    });
    await portOf(pod);
    await until('a report with nothing assigned', () => report?.symbols.assigned === 0);
    const next = await until('the plan to have symbols', () => {
      const assignment = planned();
      return assignment.symbols.length > 0 && assignment;
    });
    assert.deepEqual(next.symbols, ['BTC-USDT', 'ETH-USDT']);
    for (const server of [control, data])
      await until('both instruments at each NATS', async () => (await indexAt(server)) === 2);
    await push(next);
    await until('all in sync', () => report?.symbols.inSync === 2 && report.symbols.assigned === 2);
  });

  it('follows a listing by the catalogue alone', async () => {
    const answer = await fetch(`http://127.0.0.1:${venue.port}/admin/list`, {
      method: 'POST',
      body: JSON.stringify({ symbol: 'SOL-USDT' }),
    });
    assert.equal(answer.status, 200);
    const next = await until('the plan to have three', () => {
      const assignment = planned();
      return assignment.symbols.length === 3 && assignment;
    });
    await push(next);
    await until('three in sync', () => report?.symbols.inSync === 3);
  });
});
