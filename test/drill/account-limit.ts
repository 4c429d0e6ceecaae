// the account's JetStream storage used up until it is enlarged: told, nothing lost (TROUBLE_S=20)
import { main, setting } from './rig/result.ts';
import { accountLimit } from './scenarios/broker-trouble.ts';

const troubleMs = setting('TROUBLE_S', 20) * 1_000;
await main('account-limit', { 'one writer': () => accountLimit({ troubleMs }) });
