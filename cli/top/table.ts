import type { Row } from './row.ts';

interface Column {
  readonly head: string;
  readonly align: 'left' | 'right';
  readonly text: (row: Row, nowMs: number) => string;
}

const COLUMNS: readonly Column[] = [
  { head: 'FEED', align: 'left', text: ({ feed }) => feed },
  { head: 'MARKET', align: 'left', text: ({ market }) => market },
  { head: 'READY', align: 'left', text: ({ ready }) => ready },
  { head: 'SYMBOLS', align: 'right', text: ({ symbols }) => symbols },
  { head: 'MSG/S', align: 'right', text: ({ perSecond }) => numberText(perSecond) },
  { head: 'MESSAGES', align: 'right', text: ({ total }) => numberText(total) },
  { head: 'GAPS', align: 'right', text: ({ gaps }) => numberText(gaps) },
  {
    head: 'P99 MS',
    align: 'right',
    text: ({ p99Ms }) => numberText(p99Ms === null ? null : Math.round(p99Ms)),
  },
  { head: 'LAST', align: 'right', text: ({ lastTimeMs }, nowMs) => ageText(lastTimeMs, nowMs) },
];
const WORST_SHOWN = 20;

/** One line a feed, below it what is wrong with it; no line is wider than `width`. */
export function tableText(rows: readonly Row[], nowMs: number, width: number): string {
  if (rows.length === 0) return 'no feeds\n';
  const cells = rows.map((row) => COLUMNS.map(({ text }) => text(row, nowMs)));
  const widths = COLUMNS.map(({ head }, at) =>
    Math.max(head.length, ...cells.map((row) => row[at]?.length ?? 0)),
  );
  const line = (texts: readonly string[]): string =>
    COLUMNS.map(({ align }, at) => {
      const text = texts[at] ?? '';
      return align === 'left' ? text.padEnd(widths[at] ?? 0) : text.padStart(widths[at] ?? 0);
    })
      .join('  ')
      .trimEnd();
  const lines = rows.flatMap((row, at) => [line(cells[at] ?? []), ...detailLines(row)]);
  return [line(COLUMNS.map(({ head }) => head)), ...lines].map((text) => `${cut(text, width)}\n`).join('');
}

function detailLines({ says, worst }: Row): readonly string[] {
  const symbols = worst
    .slice(0, WORST_SHOWN)
    .map(({ symbol, state, reason }) => `    ${symbol} ${state}${reason === '' ? '' : `: ${reason}`}`);
  return [...says.map((text) => `    ${text}`), ...symbols];
}

const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

const numberText = (value: number | null): string => (value === null ? '-' : String(value));

/** How long ago; a clock that is behind gives no negative age. */
function ageText(timeMs: number | null, nowMs: number): string {
  if (timeMs === null) return '-';
  const seconds = Math.max(0, Math.round((nowMs - timeMs) / 1_000));
  if (seconds < 120) return `${seconds}s`;
  const minutes = Math.floor(seconds / 60);
  return minutes < 120 ? `${minutes}m` : `${Math.floor(minutes / 60)}h`;
}
