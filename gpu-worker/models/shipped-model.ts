import { fileURLToPath } from 'node:url';

/** The trained model that comes along, in Stable Diffusion's layout. */
export const shippedModel = fileURLToPath(new URL('toyland', import.meta.url));

/** The attribute reader and the CLIP model that it is measured by. */
export const shippedJudges = `${shippedModel}-judges`;
