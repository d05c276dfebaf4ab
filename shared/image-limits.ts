/** Width × height of a photo or a mask: what phones take, and what a worker decodes without running out of memory. */
export const MAX_IMAGE_PIXELS = 40_000_000;

/** A photo or a mask as a file. */
export const MAX_IMAGE_BYTES = 10 * 1024 * 1024;
