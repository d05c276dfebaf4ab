/** Height and width of a picture in pixels. */
export type PictureSize = { readonly width: number; readonly height: number };

/** An upright picture in sRGB. */
export type Picture = PictureSize & {
  /** [height, width, 3], 0…255 */
  readonly rgb: Uint8Array;
};

/** Which pixels of a picture show the object. */
export type Mask = PictureSize & {
  /** [height, width], 1 on the object and 0 elsewhere */
  readonly object: Uint8Array;
};
