import type {
  AssignmentAck,
  CollectorReport,
  HandoverReply,
  HandoverRequest,
  SettleReply,
  SettleRequest,
} from './control.ts';
import { parseLedger } from './ledger.ts';

/**
 * Whatever comes from the network, judged by shape before anybody reads a field of it; undefined: it is something else.
 * Fields that are only shown are taken as they are.
 */
type Fields = Readonly<Record<string, unknown>>;

export function parseReport(text: string): CollectorReport | undefined {
  const report = parseFields(text);
  if (report === undefined) return undefined;
  const { symbols, flow, publish, ledger, orphans, problems } = report;
  const whole =
    report['v'] === 1 &&
    areText(report, ['feedUid', 'pod', 'writer', 'replica']) &&
    areNumbers(report, [
      'shard',
      'epoch',
      'sentMs',
      'startedMs',
      'perSecond',
      'lastMessageMs',
      'gaps',
      'resyncs',
    ]) &&
    isFields(symbols) &&
    areNumbers(symbols, ['assigned', 'inSync', 'resyncing']) &&
    ['undefined', 'number'].includes(typeof symbols['named']) &&
    ['undefined', 'number'].includes(typeof report['load']) &&
    areLists(symbols, ['unknown', 'duplicates', 'worst']) &&
    isFields(flow) &&
    isFields(publish) &&
    areNumbers(publish, ['lastConfirmedMs', 'queued', 'spilledBytes', 'dropped']) &&
    (ledger === null || parseLedger(ledger) !== undefined) &&
    Array.isArray(orphans) &&
    orphans.every((orphan) => parseLedger(orphan) !== undefined) &&
    Array.isArray(problems) &&
    problems.every((problem) => isFields(problem) && areText(problem, ['reason', 'message']));
  return whole ? (report as unknown as CollectorReport) : undefined;
}

export function parseAck(text: string): AssignmentAck | undefined {
  const ack = parseFields(text);
  if (ack === undefined || !areText(ack, ['pod']) || !areNumbers(ack, ['epoch'])) return undefined;
  return typeof ack['terminating'] === 'boolean' ? (ack as unknown as AssignmentAck) : undefined;
}

export function parseHandover(text: string): HandoverRequest | undefined {
  const request = parseFields(text);
  return request !== undefined && areText(request, ['pod']) && areLists(request, ['inSync'])
    ? (request as unknown as HandoverRequest)
    : undefined;
}

export function parseHandoverReply(text: string): HandoverReply | undefined {
  const reply = parseFields(text);
  if (reply === undefined || !areText(reply, ['pod']) || !areNumbers(reply, ['missing'])) return undefined;
  return typeof reply['terminating'] === 'boolean' ? (reply as unknown as HandoverReply) : undefined;
}

export function parseSettle(text: string): SettleRequest | undefined {
  const request = parseFields(text);
  return request !== undefined && areText(request, ['writer'])
    ? (request as unknown as SettleRequest)
    : undefined;
}

export function parseSettleReply(text: string): SettleReply | undefined {
  const reply = parseFields(text);
  return reply?.['kind'] === 'settled' || reply?.['kind'] === 'refused'
    ? (reply as unknown as SettleReply)
    : undefined;
}

function parseFields(text: string): Fields | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isFields = (value: unknown): value is Fields =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const areText = (fields: Fields, names: readonly string[]): boolean =>
  names.every((name) => typeof fields[name] === 'string');
const areNumbers = (fields: Fields, names: readonly string[]): boolean =>
  names.every((name) => typeof fields[name] === 'number');
const areLists = (fields: Fields, names: readonly string[]): boolean =>
  names.every((name) => Array.isArray(fields[name]));
