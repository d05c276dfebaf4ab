import { staticDim, staticElementCount } from '../../graph/dims.ts';
import type { Value } from '../../graph/graph.ts';
import { add, multiply, negate, reduceMean, reduceSum, reshape, scalar, subtract } from '../../graph/ops.ts';
import { expandTo, standardise } from '../gradient-ops.ts';
import { inputOf, numberOf } from '../node-reading.ts';
import type { Rule } from '../rules.ts';

export const normalization: Readonly<Record<string, Rule>> = {
  // x̂ = (x − μ)/σ over the last axis; dx = (g − mean g − x̂·mean(g·x̂))/σ with g = dy·weight
  LayerNormalization: ({ node, outputGradients: [dy] }) => {
    const [x, weight] = [inputOf(node, 0), inputOf(node, 1)];
    const axis = x.shape.length - 1;
    const { normalised, inverseDeviation } = standardise(x, numberOf(node, 'epsilon'));
    return [
      () => {
        const g = multiply(dy!, weight);
        const stretch = multiply(normalised, reduceMean(multiply(g, normalised), [axis]));
        return multiply(subtract(subtract(g, reduceMean(g, [axis])), stretch), inverseDeviation);
      },
      () => multiply(dy!, normalised),
      () => dy!,
    ];
  },

  // The same within each group of channels. As all means follow from sums per sample and channel, dx is linear in dy and x̂ with
  // factors per sample and channel: dx = dy·weight/σ − x̂·mean(g·x̂)/σ − mean(g)/σ
  GroupNormalization: ({ node, outputGradients: [dy] }) => {
    const [x, weight] = [inputOf(node, 0), inputOf(node, 1)];
    const groups = numberOf(node, 'num_groups');
    const [batch, channels] = x.shape.map((dim) => staticDim(dim, 'every axis in training'));
    const pixels = staticElementCount(x.shape) / batch / channels;
    const groupSize = channels / groups;
    const grouped = reshape(x, [batch, groups, groupSize * pixels]);
    const { normalised, inverseDeviation } = standardise(grouped, numberOf(node, 'epsilon'));
    const xHat = reshape(normalised, [batch, channels, pixels]);
    const dyFlat = reshape(dy!, [batch, channels, pixels]);
    const dySum = reduceSum(dyFlat, [2]); // [batch, channels, 1]
    const dyHatSum = reduceSum(multiply(dyFlat, xHat), [2]); // [batch, channels, 1]
    const scale = reshape(weight, [1, channels, 1]);
    /** A value per group [batch, groups, 1] for each of its channels [batch, channels, 1]. */
    const perChannel = (value: Value) => reshape(expandTo(value, [batch, groups, groupSize]), [batch, channels, 1]);
    /** −mean/σ over each group, for each channel, of what was summed per channel. */
    const negativeMean = (sums: Value) => {
      const total = reduceSum(reshape(multiply(sums, scale), [batch, groups, groupSize]), [2]);
      const mean = multiply(total, scalar(x, 1 / (groupSize * pixels)));
      return perChannel(negate(multiply(mean, inverseDeviation)));
    };
    return [
      () => {
        const direct = multiply(dyFlat, multiply(perChannel(inverseDeviation), scale));
        const correction = add(multiply(xHat, negativeMean(dyHatSum)), negativeMean(dySum));
        return reshape(add(direct, correction), x.shape);
      },
      () => reshape(reduceSum(dyHatSum, [0]), [channels]),
      () => reshape(reduceSum(dySum, [0]), [channels]),
    ];
  },
};
