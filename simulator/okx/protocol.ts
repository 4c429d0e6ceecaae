import { OkxPlayback } from '../playback/okx.ts';
import type { Protocol } from '../ports.ts';
import type { ProtocolRun } from '../protocol-run.ts';
import { OkxFrames } from './frames.ts';
import { okxInstrument } from './instruments.ts';
import { OKX_LIMITS } from './limits.ts';
import { OkxRest, okxFailure } from './rest.ts';
import { OKX_PATHS, OkxSession } from './session.ts';

export function okx(run: ProtocolRun): Protocol {
  const frames = new OkxFrames(run);
  const rest = new OkxRest(frames);
  return {
    title: 'OKX',
    webSocketPaths: OKX_PATHS,
    restPath: '/api/v5',
    limits: OKX_LIMITS,
    symbolForm: 'BASE-QUOTE, BASE-QUOTE-PERP, BASE-QUOTE-YYYYMMDD or BTC-USD-YYYYMMDD-STRIKE-C',
    defaultSymbols: ['BTC-USDT', 'BTC-USDT-PERP'],
    depthSlotsMs: [100],
    idsJump: true,
    venueFaults: [
      'tooManyRequests',
      'noSnapshot',
      'secondSnapshot',
      'sequenceReset',
      'wrongChecksum',
      'checksumZero',
    ],
    instrument: okxInstrument,
    playback: new OkxPlayback(),
    frames: (symbol, event) => frames.frames(symbol, event),
    endpoint({ pathname }, context) {
      if (!OKX_PATHS.includes(pathname)) return 404;
      return (connection) => new OkxSession(pathname, connection, context, { run, frames });
    },
    rest: (url, address, context) => rest.answer(url, address, context),
    failure: okxFailure,
    publishedBook: (symbol) => frames.publishedBook(symbol),
    wireId: (symbol, id) => frames.wireId(symbol, id),
  };
}
