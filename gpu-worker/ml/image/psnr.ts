/** Peak signal-to-noise ratio of two pictures of 8-bit levels, in decibels; infinite for equal ones. */
export function psnr(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) throw new Error(`expected pictures of one size, got ${a.length} and ${b.length} levels`);
  const squares = a.reduce((sum, level, i) => sum + (level - b[i]) ** 2, 0);
  return 10 * Math.log10(255 ** 2 / (squares / a.length));
}
