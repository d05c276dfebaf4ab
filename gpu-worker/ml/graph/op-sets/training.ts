import { portable } from './portable.ts';
import { primitive } from './primitive.ts';

/** For graphs that are differentiated: standard operators, and those fused ones that have a gradient rule. */
export const training = { ...primitive, name: 'training', gatedSigmoid: portable.gatedSigmoid };
