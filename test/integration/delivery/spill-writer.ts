// A writer to be killed: it pushes records while no NATS is there, and says so once all of them are on disk.
import { Market, startRig } from './rig.ts';

const [folder = '', count = '0'] = process.argv.slice(2);
const delivery = await startRig({ connection: new Promise(() => undefined), spill: folder });
const market = new Market('A');
delivery.push(market.snapshot());
for (let index = 0; index < Number(count); index += 1) {
  delivery.push(market.delta());
  delivery.push(market.trade());
}
setInterval(() => {
  const { counters, gauges } = delivery.status();
  const onDisk = (counters['spill.kept'] ?? 0) + (counters['spill.written'] ?? 0);
  if (onDisk === 1 + 2 * Number(count) && gauges.spillUnwrittenBytes === 0) process.stdout.write('on disk\n');
}, 20);
