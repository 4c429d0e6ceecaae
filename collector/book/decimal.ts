/** Compares two unsigned plain decimals exactly, by their digits: negative when `a` is less, 0 when equal in value. */
export function compareDecimals(a: string, b: string): number {
  if (a === b) return 0;
  // As a venue pads its prices: the text order is the order of value.
  if (a.length === b.length && a.indexOf('.') === b.indexOf('.')) return a < b ? -1 : 1;
  const [wholeA, fractionA] = split(a);
  const [wholeB, fractionB] = split(b);
  if (wholeA.length !== wholeB.length) return wholeA.length - wholeB.length;
  if (wholeA !== wholeB) return wholeA < wholeB ? -1 : 1;
  if (fractionA === fractionB) return 0;
  return fractionA < fractionB ? -1 : 1;
}

/** Without leading zeros of the whole and trailing ones of the fraction, so that text order is the order of value. */
function split(text: string): readonly [whole: string, fraction: string] {
  const point = text.indexOf('.');
  const whole = point === -1 ? text : text.slice(0, point);
  const fraction = point === -1 ? '' : text.slice(point + 1);
  return [whole.replace(/^0+/, ''), fraction.replace(/0+$/, '')];
}
