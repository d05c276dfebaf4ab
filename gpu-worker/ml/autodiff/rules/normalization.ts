import { staticDim, staticElementCount } from '../../graph/dims.ts';
import type { Value } from '../../graph/graph.ts';
import { add, divide, multiply, reduceMean, reduceSum, reshape, scalar, sqrt, subtract } from '../../graph/ops.ts';
import { expandTo } from '../gradient-ops.ts';
import { inputOf, numberOf } from '../node-reading.ts';
import type { Rule } from '../rules.ts';

export const normalization: Readonly<Record<string, Rule>> = {
  // x̂ = (x − μ)/σ over the last axis; dx = (g − mean g − x̂·mean(g·x̂))/σ with g = dy·weight
  LayerNormalization: ({ node, outputGradients: [dy] }) => {
    const [x, weight] = [inputOf(node, 0), inputOf(node, 1)];
    const axis = x.shape.length - 1;
    const { normalised, deviation } = standardise(x, axis, numberOf(node, 'epsilon'));
    return [
      () => {
        const g = multiply(dy!, weight);
        const shift = reduceMean(g, [axis]);
        const stretch = multiply(normalised, reduceMean(multiply(g, normalised), [axis]));
        return divide(subtract(subtract(g, shift), stretch), deviation);
      },
      () => multiply(dy!, normalised),
      () => dy!,
    ];
  },

  // The same within each group of channels. Sums per sample and channel are enough for all three gradients.
  GroupNormalization: ({ node, outputGradients: [dy] }) => {
    const [x, weight] = [inputOf(node, 0), inputOf(node, 1)];
    const groups = numberOf(node, 'num_groups');
    const [batch, channels] = x.shape.map((dim) => staticDim(dim, 'every axis in training'));
    const pixels = staticElementCount(x.shape) / batch / channels;
    const grouped = reshape(x, [batch, groups, (channels / groups) * pixels]);
    const { normalised, deviation } = standardise(grouped, 2, numberOf(node, 'epsilon'));
    const xHat = reshape(normalised, [batch, channels, pixels]);
    const dyFlat = reshape(dy!, [batch, channels, pixels]);
    const dySum = reduceSum(dyFlat, [2]); // [batch, channels, 1]
    const dyHatSum = reduceSum(multiply(dyFlat, xHat), [2]); // [batch, channels, 1]
    const scale = reshape(weight, [1, channels, 1]);
    /** A value per group [batch, groups, 1] for each of its channels [batch, channels, 1]. */
    const perChannel = (value: Value) =>
      reshape(expandTo(value, [batch, groups, channels / groups]), [batch, channels, 1]);
    /** The mean over a group of what was summed per channel, for each channel. */
    const groupMean = (sums: Value) => {
      const total = reduceSum(reshape(multiply(sums, scale), [batch, groups, channels / groups]), [2]);
      return perChannel(multiply(total, scalar(x, groups / (channels * pixels))));
    };
    return [
      () => {
        const g = multiply(dyFlat, scale);
        const centred = subtract(subtract(g, groupMean(dySum)), multiply(xHat, groupMean(dyHatSum)));
        return reshape(divide(centred, perChannel(deviation)), x.shape);
      },
      () => reshape(reduceSum(dyHatSum, [0]), [channels]),
      () => reshape(reduceSum(dySum, [0]), [channels]),
    ];
  },
};

/** (x − mean)/√(variance + epsilon) along an axis, and the root. */
function standardise(x: Value, axis: number, epsilon: number): { normalised: Value; deviation: Value } {
  const centred = subtract(x, reduceMean(x, [axis]));
  const deviation = sqrt(add(reduceMean(multiply(centred, centred), [axis]), scalar(x, epsilon)));
  return { normalised: divide(centred, deviation), deviation };
}
