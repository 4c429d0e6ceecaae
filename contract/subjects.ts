import type { Exchange, Market, StreamName } from './feed.ts';

/** Default templates; a feed overrides them with `nats.subjects`. */
export const DEFAULT_SUBJECTS: Readonly<Record<StreamName | 'gap', string>> = {
  orderbook: 'orderbook.{exchange}.{symbol}',
  trade: 'trade.{exchange}.{symbol}',
  'volatility-index': 'volatility-index.{exchange}.{symbol}',
  ticker: 'ticker.{exchange}.{symbol}',
  'mark-price': 'mark-price.{exchange}.{symbol}',
  'funding-rate': 'funding-rate.{exchange}.{symbol}',
  'open-interest': 'open-interest.{exchange}.{symbol}',
  liquidation: 'liquidation.{exchange}.{symbol}',
  'option-summary': 'option-summary.{exchange}.{symbol}',
  'long-short-ratio': 'long-short-ratio.{exchange}.{symbol}',
  gap: 'gap.{exchange}.{symbol}',
};

export interface SubjectValues {
  readonly exchange: Exchange;
  readonly market: Market;
  readonly symbol: string;
  readonly instrument: string;
  readonly stream: StreamName;
}

const PLACEHOLDER = /\{([a-zA-Z]+)\}/g;
const NAMES = ['exchange', 'market', 'symbol', 'instrument', 'stream'] as const;

/** Bytes outside `[A-Za-z0-9_-]` become `=XX`, so that a symbol is always one token of a subject and a legal key. */
export function escapeToken(text: string): string {
  if (/^[A-Za-z0-9_-]+$/.test(text)) return text;
  let out = '';
  for (const byte of new TextEncoder().encode(text)) {
    const char = String.fromCharCode(byte);
    out += /[A-Za-z0-9_-]/.test(char) ? char : `=${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  }
  return out;
}

/** The subject of a record: every placeholder replaced by its escaped value. */
export function expandSubject(template: string, values: SubjectValues): string {
  return template.replaceAll(PLACEHOLDER, (whole, name: string) =>
    (NAMES as readonly string[]).includes(name) ? escapeToken(values[name as keyof SubjectValues]) : whole,
  );
}

/** The NATS wildcard that covers every subject of a template: a token with a placeholder becomes `*`. */
export function subjectFilter(
  template: string,
  fixed: Readonly<Partial<Record<'exchange' | 'market' | 'stream', string>>> = {},
): string {
  return template
    .replaceAll(PLACEHOLDER, (whole, name: string) => fixed[name as 'exchange'] ?? whole)
    .split('.')
    .map((token) => (token.includes('{') ? '*' : token))
    .join('.');
}

export type TemplateFault = 'unknownPlaceholder' | 'noSymbol' | 'wildcard' | 'emptyToken' | 'space';

/** What is wrong with a template, or undefined. */
export function templateFault(template: string): TemplateFault | undefined {
  if (/\s/.test(template)) return 'space';
  if (/[*>]/.test(template)) return 'wildcard';
  if (template.split('.').some((token) => token === '')) return 'emptyToken';
  const used = [...template.matchAll(PLACEHOLDER)].map((match) => match[1] ?? '');
  if (used.some((name) => !(NAMES as readonly string[]).includes(name))) return 'unknownPlaceholder';
  return used.includes('symbol') || used.includes('instrument') ? undefined : 'noSymbol';
}
