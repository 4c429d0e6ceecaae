// the stream full with discard: new until it is enlarged: told, nothing lost (TROUBLE_S=20)
import { main, setting } from './rig/result.ts';
import { streamFull } from './scenarios/broker-trouble.ts';

const troubleMs = setting('TROUBLE_S', 20) * 1_000;
await main('stream-full', { 'one writer': () => streamFull({ troubleMs }) });
