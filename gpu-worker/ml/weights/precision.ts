export const PRECISIONS = ['fp32', 'fp16', 'int8'] as const;

/** How the weights of a model are stored; int8 means those of the layers that compute with them, and fp32 the others. */
export type Precision = (typeof PRECISIONS)[number];
