/**
 * A dimension is a number known when the graph is built, or a symbol known when it runs, possibly times a number: `batch`, `batch*77`.
 * One symbol a shape is enough for everything here, and keeps reshapes decidable.
 */
export type Dim = number | string;
export type Shape = readonly Dim[];

/** The number of elements of a shape, as a dimension: a number, or a symbol times a number. */
export function elementCount(shape: Shape): Dim {
  let factor = 1;
  let symbol: string | undefined;
  for (const dim of shape) {
    if (typeof dim === 'number') {
      factor *= dim;
      continue;
    }
    const [name, times = '1'] = dim.split('*');
    if (symbol !== undefined) throw new Error(`expected at most one symbolic dimension, got ${formatShape(shape)}`);
    symbol = name;
    factor *= Number(times);
  }
  return symbol === undefined ? factor : timesSymbol(symbol, factor);
}

function timesSymbol(symbol: string, factor: number): Dim {
  return factor === 1 ? symbol : `${symbol}*${factor}`;
}

/** The element count of a shape that has no symbol. Throws where it has one. */
export function staticElementCount(shape: Shape): number {
  const count = elementCount(shape);
  if (typeof count !== 'number') throw new Error(`expected a static shape, got ${formatShape(shape)}`);
  return count;
}

/** A dimension that must be a number; `what` names it in the error. */
export function staticDim(dim: Dim | undefined, what: string): number {
  if (typeof dim !== 'number') throw new Error(`expected ${what} to be a static dimension, got ${dim}`);
  return dim;
}

/** The shape of an element-wise result under NumPy's broadcasting rules. */
export function broadcastShapes(a: Shape, b: Shape): Dim[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const left = a[a.length - rank + axis] ?? 1;
    const right = b[b.length - rank + axis] ?? 1;
    if (left === right || right === 1) return left;
    if (left === 1) return right;
    throw new Error(`expected shapes that broadcast, got ${formatShape(a)} and ${formatShape(b)}`);
  });
}

export function sameShape(a: Shape, b: Shape): boolean {
  return a.length === b.length && a.every((dim, axis) => dim === b[axis]);
}

export function formatShape(shape: Shape): string {
  return `[${shape.join(', ')}]`;
}
