// three servers, R3: the leader steps down again and again and is killed: nothing lost (TROUBLE_S=60)
import { main, setting } from './rig/result.ts';
import { leaderChange } from './scenarios/broker-trouble.ts';

const troubleMs = setting('TROUBLE_S', 60) * 1_000;
await main('leader-change', { 'one writer': () => leaderChange({ troubleMs }) });
