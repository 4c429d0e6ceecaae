/** What one check found. `mend` is what to do, a command where there is one. */
export type Finding =
  | { readonly kind: 'ok'; readonly check: string; readonly said: string }
  | { readonly kind: 'skipped'; readonly check: string; readonly said: string }
  /** Works without it, or not as one would wish. */
  | { readonly kind: 'warning'; readonly check: string; readonly said: string; readonly mend: string }
  | { readonly kind: 'wrong'; readonly check: string; readonly said: string; readonly mend: string };

export const ok = (check: string, said: string): Finding => ({ kind: 'ok', check, said });
export const skipped = (check: string, said: string): Finding => ({ kind: 'skipped', check, said });
export const warning = (check: string, said: string, mend: string): Finding => ({
  kind: 'warning',
  check,
  said,
  mend,
});
export const wrong = (check: string, said: string, mend: string): Finding => ({
  kind: 'wrong',
  check,
  said,
  mend,
});

const KIND_WIDTH = 8;
const CHECK_WIDTH = 20;

/** A line for the finding, and one for its mend. */
export function findingText(finding: Finding): string {
  const line = `${finding.kind.padEnd(KIND_WIDTH)} ${finding.check.padEnd(CHECK_WIDTH)} ${finding.said}\n`;
  return 'mend' in finding
    ? `${line}${' '.repeat(KIND_WIDTH + CHECK_WIDTH + 2)}mend: ${finding.mend}\n`
    : line;
}

/** The closing line. */
export function summaryText(findings: readonly Finding[]): string {
  const count = (kind: Finding['kind']): number => findings.filter((one) => one.kind === kind).length;
  const parts = [`${count('ok')} ok`, `${count('warning')} warnings`, `${count('wrong')} wrong`];
  return `${parts.join(', ')}, ${count('skipped')} skipped\n`;
}
