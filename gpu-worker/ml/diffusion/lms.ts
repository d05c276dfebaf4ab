import type { Sampler } from './sampler.ts';

const MAX_ORDER = 4;

/**
 * Linear multistep on the probability-flow ODE (k-diffusion, sample_lms, of order 4): the last derivatives are drawn through by a
 * polynomial in σ, which is integrated over the step. The sampler of the ELITE paper.
 */
export const sampleLms: Sampler = async (denoise, x, sigmas, { onStep, signal }) => {
  const steps = sigmas.length - 1;
  let derivatives: Float32Array[] = []; // newest first
  for (let step = 0; step < steps; step++) {
    signal?.throwIfAborted();
    const sigma = sigmas[step];
    const denoised = await denoise(x, sigma, step);
    const derivative = x.map((value, i) => (value - denoised[i]) / sigma);
    derivatives = [derivative, ...derivatives].slice(0, MAX_ORDER);
    const coefficients = lmsCoefficients(sigmas, step);
    x = x.map((value, i) => derivatives.reduce((sum, d, order) => sum + coefficients[order] * d[i], value));
    onStep?.(step + 1, steps, x);
  }
  return x;
};

/** The nodes of two-point Gauss–Legendre quadrature on −1…1, exact for cubics: the polynomials have degree 3 at most. */
const GAUSS_NODES = [-1 / Math.sqrt(3), 1 / Math.sqrt(3)];

/** How much each of the last derivatives, newest first, counts in the step from sigmas[step]: ∫ of its Lagrange polynomial over the step. */
export function lmsCoefficients(sigmas: Float64Array, step: number): number[] {
  const order = Math.min(step + 1, MAX_ORDER);
  const middle = (sigmas[step + 1] + sigmas[step]) / 2;
  const half = (sigmas[step + 1] - sigmas[step]) / 2;
  return Array.from({ length: order }, (_, newest) =>
    GAUSS_NODES.reduce((sum, node) => sum + half * lagrange(middle + half * node, newest), 0),
  );

  function lagrange(sigma: number, newest: number): number {
    let product = 1;
    for (let other = 0; other < order; other++) {
      if (other === newest) continue;
      product *= (sigma - sigmas[step - other]) / (sigmas[step - newest] - sigmas[step - other]);
    }
    return product;
  }
}
