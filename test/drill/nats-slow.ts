// NATS frozen beyond the acknowledgements' timeout, then slow: told, nothing lost (TROUBLE_S=20)
import { main, setting } from './rig/result.ts';
import { natsSlow } from './scenarios/broker-trouble.ts';

const troubleMs = setting('TROUBLE_S', 20) * 1_000;
await main('nats-slow', { 'one writer': () => natsSlow({ troubleMs }) });
