/** Element types of the weights we read; the names are numpy's. */
export type WeightDtype =
  | 'float64'
  | 'float32'
  | 'float16'
  | 'bfloat16'
  | 'int64'
  | 'int32'
  | 'int16'
  | 'int8'
  | 'uint64'
  | 'uint32'
  | 'uint16'
  | 'uint8'
  | 'bool';

/** Where a tensor's bytes lie, row-major and little-endian, so that a graph can use them in place. */
export type TensorLocation = {
  name: string;
  dtype: WeightDtype;
  shape: readonly number[];
  /** Absolute, links resolved: ONNX Runtime refuses external data behind a link. */
  file: string;
  /** Bytes from the start of the file. */
  offset: number;
  /** Bytes. */
  length: number;
};

/** A checkpoint: every tensor by its name. */
export type WeightIndex = ReadonlyMap<string, TensorLocation>;
