import { z } from 'zod';

const HOUR_SECONDS = 3600;
const DAY_SECONDS = 24 * HOUR_SECONDS;

/** How long an object is kept before it is deleted with its files, counted from its creation. */
export const retainSchema = z
  .int()
  .min(HOUR_SECONDS)
  .max(365 * DAY_SECONDS);

/**
 * A photo as it was sent, metadata and all, where nothing deleted it before: the worker does once it has read it. The
 * bucket sees to it, by infra/r2/lifecycle.json.
 */
export const UPLOAD_RETAIN_SECONDS = DAY_SECONDS;

/**
 * A generation, its images and its log of events, unless the request says otherwise; a concept is kept until it is
 * deleted.
 */
export const GENERATION_RETAIN_SECONDS = 30 * DAY_SECONDS;
