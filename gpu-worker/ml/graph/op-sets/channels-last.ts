import type { Shape } from '../dims.ts';
import type { Value } from '../graph.ts';
import { add, reshape, transpose } from '../ops.ts';

/**
 * Feature maps laid out as [batch, h, w, channels] behind values that models see as [batch, channels, h, w]. Such a value stands for no node: what
 * it stands for is kept here, and a sum is not computed before something needs it, so that a norm may take it over.
 */
type FeatureMap = { nhwc: Value } | { sum: readonly [x: Value, addend: Value] };

const featureMaps = new WeakMap<Value, FeatureMap>();

/** The value that models see for a feature map `nhwc` [batch, h, w, channels]. */
export function fromChannelsLast(nhwc: Value): Value {
  const [batch, height, width, channels] = nhwc.shape;
  return standIn(nhwc, [batch, channels, height, width], { nhwc });
}

/** The sum of `x` and `addend`, a feature map of the same shape or [batch, channels] for every pixel, yet to be computed. */
export function pendingSum(x: Value, addend: Value): Value {
  return standIn(x, x.shape, { sum: [x, addend] });
}

function standIn({ graph, name, dtype }: Value, shape: Shape, map: FeatureMap): Value {
  const value: Value = { graph, name: `${name} as feature map`, shape, dtype };
  featureMaps.set(value, map);
  return value;
}

/** The numbers of a feature map as [batch, h, w, channels]; of a plain value, its transpose. */
export function channelsLast(x: Value): Value {
  const map = featureMaps.get(x) ?? { nhwc: transpose(x, [0, 2, 3, 1]) };
  const nhwc = 'nhwc' in map ? map.nhwc : add(channelsLast(map.sum[0]), broadcastable(map.sum[1]));
  featureMaps.set(x, { nhwc });
  return nhwc;
}

/** The parts of a sum that nothing has needed yet, ready to be added, or null. */
export function takePendingSum(x: Value): { x: Value; addend: Value } | null {
  const map = featureMaps.get(x);
  if (!map || 'nhwc' in map) return null;
  const [left, addend] = map.sum;
  return { x: channelsLast(left), addend: addend.shape.length === 2 ? addend : channelsLast(addend) };
}

/** Says what a sum came to, so that it is not computed again. */
export function settleSum(x: Value, nhwc: Value): void {
  featureMaps.set(x, { nhwc });
}

function broadcastable(addend: Value): Value {
  if (addend.shape.length !== 2) return channelsLast(addend);
  const [batch, channels] = addend.shape;
  return reshape(addend, [batch, 1, 1, channels]);
}
