/**
 * Classifier-free guidance (Ho & Salimans 2022): away from the unconditional prediction, `scale` times as far as the conditional one. 1 is no guidance.
 */
export function combineGuidance(unconditional: Float32Array, conditional: Float32Array, scale: number): Float32Array {
  return unconditional.map((value, i) => value + scale * (conditional[i] - value));
}
