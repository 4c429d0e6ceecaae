/** One line of a recording: `{"t", "dir", "url", "kind", "msg"}`. */
export interface RecordedLine {
  readonly timeMs: number;
  readonly direction: 'recv' | 'send';
  readonly kind: 'ws' | 'http';
  readonly url: string;
  /** The payload as it was on the wire. */
  readonly message: string;
}

export type LineFault = 'notJson' | 'missingField';

export function parseLine(text: string): RecordedLine | LineFault {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return 'notJson';
  }
  if (typeof value !== 'object' || value === null) return 'missingField';
  const { t, dir, url, kind, msg } = value as Readonly<Record<string, unknown>>;
  if (typeof t !== 'number' || !Number.isFinite(t) || typeof msg !== 'string') return 'missingField';
  if (typeof url !== 'string' || !URL.canParse(url)) return 'missingField';
  if (dir !== 'recv' && dir !== 'send') return 'missingField';
  if (kind !== 'ws' && kind !== 'http') return 'missingField';
  return { timeMs: t, direction: dir, kind, url, message: msg };
}
