export type AdamWOptions = {
  learningRate: number;
  beta1?: number;
  beta2?: number;
  epsilon?: number;
  weightDecay?: number;
};

/** First and second moments of the gradient, of the parameters' length. */
export type Moments = { readonly first: Float32Array; readonly second: Float32Array };

/**
 * One AdamW step in place (Loshchilov & Hutter 2019) on elements [from, to), with PyTorch's defaults and order of operations.
 * `step` counts from 1.
 */
export function adamWStep(
  parameters: Float32Array,
  gradient: Float32Array,
  moments: Moments,
  options: AdamWOptions & { step: number; from?: number; to?: number },
): void {
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, weightDecay = 1e-2, step } = options;
  const { from = 0, to = parameters.length } = options;
  const { first, second } = moments;
  const kept = 1 - learningRate * weightDecay;
  const stepSize = learningRate / (1 - beta1 ** step);
  const secondScale = 1 / Math.sqrt(1 - beta2 ** step);
  for (let i = from; i < to; i++) {
    const g = gradient[i];
    const m = beta1 * first[i] + (1 - beta1) * g;
    const v = beta2 * second[i] + (1 - beta2) * g * g;
    first[i] = m;
    second[i] = v;
    parameters[i] = parameters[i] * kept - (stepSize * m) / (Math.sqrt(v) * secondScale + epsilon);
  }
}

/** Scales a gradient in place so that its L2 norm is at most `maxNorm`, as `torch.nn.utils.clip_grad_norm_`; returns the norm it had. */
export function clipGradientNorm(gradient: Float32Array, maxNorm: number): number {
  let sum = 0;
  for (let i = 0; i < gradient.length; i++) sum += gradient[i] * gradient[i]; // for…of takes ten times as long
  const norm = Math.sqrt(sum);
  const scale = maxNorm / (norm + 1e-6);
  if (scale < 1) for (let i = 0; i < gradient.length; i++) gradient[i] *= scale;
  return norm;
}
