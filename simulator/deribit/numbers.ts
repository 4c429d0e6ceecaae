/**
 * How Deribit writes JSON numbers. Order-book changes and tickers take the shorter of the plain and the exponent
 * form (`1.0e3`, `8.55e4`, but `40.0`); snapshots and trades are always plain (`1000200.0`).
 */

/** Prices and amounts count in units of 10^-8. */
const DECIMALS = 8;

/** `1000200`, `0.0005`: no exponent, no needless zero. */
export function plainNumber(units: number): string {
  const digits = String(Math.abs(units)).padStart(DECIMALS + 1, '0');
  const whole = digits.slice(0, -DECIMALS);
  const fraction = digits.slice(-DECIMALS).replace(/0+$/, '');
  return `${units < 0 ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

/** Any JSON number, digit for digit, without exponent and needless zeros: `8.55e4` is `85500`. */
export function plainText(source: string): string {
  const [, sign = '', whole = '', fraction = '', exponent = '0'] =
    /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/.exec(source) ?? [];
  const point = whole.length + Number(exponent);
  const digits = `${whole}${fraction}`
    .padEnd(point, '0')
    .padStart(`${whole}${fraction}`.length + Math.max(0, 1 - point), '0');
  const at = Math.max(point, 1);
  const before = digits.slice(0, at).replace(/^0+(?=\d)/, '');
  const behind = digits.slice(at).replace(/0+$/, '');
  return `${sign}${before}${behind === '' ? '' : `.${behind}`}`;
}

/** `1000200.0` */
export function floatText(plain: string): string {
  return plain.includes('.') ? plain : `${plain}.0`;
}

/** `1.0002e6`, where that is shorter than the plain form. */
export function shortText(plain: string): string {
  const asFloat = floatText(plain);
  const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(plain) ?? [];
  const digits = `${whole}${fraction}`;
  const first = digits.search(/[1-9]/);
  if (first < 0) return asFloat;
  const mantissa = digits.slice(first).replace(/0+$/, '');
  const exponent = whole.length - 1 - first;
  const scientific = `${sign}${mantissa[0]}.${mantissa.slice(1) || '0'}e${exponent}`;
  return scientific.length < asFloat.length ? scientific : asFloat;
}
