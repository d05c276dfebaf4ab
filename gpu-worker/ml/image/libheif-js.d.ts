/** The part of libheif-js that we call; its own declarations stop at the C functions. */
declare module 'libheif-js/wasm-bundle.js' {
  type HeifImage = {
    is_primary(): boolean;
    get_width(): number;
    get_height(): number;
    display<T extends { data: Uint8ClampedArray; width: number; height: number }>(
      target: T,
      done: (decoded: T | null) => void,
    ): void;
  };
  const libheif: { HeifDecoder: new () => { decode(bytes: Uint8Array): HeifImage[] } };

  // biome-ignore lint/style/noDefaultExport: it is the package's
  export default libheif;
}
