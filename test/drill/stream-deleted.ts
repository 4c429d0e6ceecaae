// the stream deleted by hand and made again: told, nothing lost behind it (TROUBLE_S=20)
import { main, setting } from './rig/result.ts';
import { streamDeleted } from './scenarios/broker-trouble.ts';

const troubleMs = setting('TROUBLE_S', 20) * 1_000;
await main('stream-deleted', { 'one writer': () => streamDeleted({ troubleMs }) });
