/** The learning rate at a step counted from 0. */
export type LearningRate = (step: number) => number;

export const constantRate =
  (rate: number): LearningRate =>
  () =>
    rate;

/** Rises linearly over `warmupSteps`, then falls along half a cosine to a hundredth of the peak at `steps`. */
export function cosineRate(peak: number, { steps, warmupSteps }: { steps: number; warmupSteps: number }): LearningRate {
  return (step) => {
    if (step < warmupSteps) return (peak * (step + 1)) / warmupSteps;
    const progress = Math.min(1, (step - warmupSteps) / Math.max(1, steps - warmupSteps));
    return peak * (0.01 + (0.99 * (1 + Math.cos(Math.PI * progress))) / 2);
  };
}

/** One schedule after another (a warm restart, Loshchilov & Hutter 2017): `second` counts its steps from `atStep`. */
export function restartedRate(first: LearningRate, second: LearningRate, atStep: number): LearningRate {
  return (step) => (step < atStep ? first(step) : second(step - atStep));
}
