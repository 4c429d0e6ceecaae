/** Compares two plain unsigned decimals exactly, whatever their padding: negative when `a` is less, 0 when equal in value. */
export function compareDecimals(a: string, b: string): number {
  if (a === b) return 0;
  const difference = Number(a) - Number(b);
  // Doubles never turn an order round, they only lose the difference of close ones.
  if (difference !== 0) return difference;
  const [wholeA, fractionA] = parts(a);
  const [wholeB, fractionB] = parts(b);
  if (wholeA.length !== wholeB.length) return wholeA.length - wholeB.length;
  if (wholeA !== wholeB) return wholeA < wholeB ? -1 : 1;
  if (fractionA === fractionB) return 0;
  return fractionA < fractionB ? -1 : 1;
}

/** Without leading zeros of the whole and trailing ones of the fraction: text order is the order of value. */
function parts(text: string): readonly [whole: string, fraction: string] {
  const [whole = '', fraction = ''] = text.split('.', 2);
  return [whole.replace(/^0+/, ''), fraction.replace(/0+$/, '')];
}
