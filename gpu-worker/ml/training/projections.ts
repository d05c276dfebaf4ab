import { mapperKey } from '../layers/dual-cross-attention.ts';
import type { WeightIndex } from '../weights/tensor-location.ts';

/** The UNet's own cross-attention projections, which the global mapper's start from, under the names that the mapper files give them. */
export function unetProjections(unet: WeightIndex): WeightIndex {
  const projections = [...unet].filter(([key]) => /attn2\.to_[kv]\.weight$/.test(key));
  return new Map(projections.map(([key, location]) => [mapperKey(key), location]));
}

/** A mapper's projections without its mapping networks: what the local mapper's start from, as the queries fit them already. */
export function mapperProjections(mapper: WeightIndex): WeightIndex {
  return new Map([...mapper].filter(([key]) => !key.startsWith('mapping')));
}
