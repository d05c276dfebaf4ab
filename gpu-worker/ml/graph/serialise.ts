import type { Attribute, Constant, Graph, Node, Parameter, Value } from './graph.ts';
import { ONNX_DTYPES } from './ops.ts';
import { ProtobufWriter } from './protobuf.ts';

/** Where the bytes of a weight lie: `location` is a path relative to the folder the session is told about. */
export type ExternalData = {
  readonly location: string;
  readonly offset: number;
  readonly length: number;
  readonly dtype: 'float32' | 'float16' | 'bfloat16' | 'int8';
};

const OPSET_VERSION = 21;
const IR_VERSION = 10;
const ATTRIBUTE_TYPES = { float: 1, int: 2, string: 3, ints: 7 };
const EXTERNAL_DATA_LOCATION = 1;

/**
 * The graph as an ONNX model. Weights stay where they are: `locate` says where each parameter's bytes lie, so models beyond protobuf's
 * 2 GB serialise to a few hundred kilobytes. Weights stored in half precision are cast to float32 as they enter.
 */
export function serialise(graph: Graph, locate: (parameter: Parameter) => ExternalData): Uint8Array {
  const message = new ProtobufWriter().string(2, graph.name);
  const casts: ProtobufWriter[] = [];
  for (const parameter of graph.parameters.values()) {
    if (!parameter.value) continue;
    const { name, dtype } = parameter.value;
    const data = locate(parameter);
    const stored = data.dtype === dtype ? name : `${name}:${data.dtype}`;
    message.message(5, externalTensor(stored, parameter.shape, data));
    if (stored !== name) casts.push(nodeMessage('Cast', '', [stored], [name], { to: ONNX_DTYPES.float32 }));
  }
  for (const constant of graph.constants.values()) message.message(5, constantTensor(constant));
  for (const cast of casts) message.message(1, cast);
  for (const node of graph.usedNodes()) message.message(1, graphNode(node));
  for (const { name, value } of graph.outputs)
    message.message(1, nodeMessage('Identity', '', [value.name], [name], {}));
  for (const input of graph.inputs) message.message(11, valueInfo(input.name, input));
  for (const { name, value } of graph.outputs) message.message(12, valueInfo(name, value));

  const model = new ProtobufWriter().int(1, IR_VERSION).string(2, 'elite-edge').message(7, message);
  model.message(8, opsetImport('', OPSET_VERSION));
  for (const domain of new Set(graph.nodes.map((node) => node.domain))) {
    if (domain !== '') model.message(8, opsetImport(domain, 1));
  }
  return model.finish();
}

function opsetImport(domain: string, version: number): ProtobufWriter {
  return new ProtobufWriter().string(1, domain).int(2, version);
}

function graphNode({ op, domain, inputs, outputs, attributes }: Node): ProtobufWriter {
  const names = (values: readonly (Value | null)[]) => values.map((value) => value?.name ?? '');
  return nodeMessage(op, domain, names(inputs), names(outputs), attributes);
}

function nodeMessage(
  op: string,
  domain: string,
  inputs: readonly string[],
  outputs: readonly string[],
  attributes: Node['attributes'],
): ProtobufWriter {
  const node = new ProtobufWriter();
  for (const input of inputs) node.string(1, input);
  for (const output of outputs) node.string(2, output);
  node.string(3, outputs[0]).string(4, op);
  for (const [name, value] of Object.entries(attributes)) node.message(5, attributeMessage(name, value));
  return domain === '' ? node : node.string(7, domain);
}

function attributeMessage(name: string, value: Attribute): ProtobufWriter {
  const attribute = new ProtobufWriter().string(1, name);
  if (typeof value === 'number') return attribute.int(3, value).int(20, ATTRIBUTE_TYPES.int);
  if (typeof value === 'string')
    return attribute.bytes(4, new TextEncoder().encode(value)).int(20, ATTRIBUTE_TYPES.string);
  if ('float' in value) return attribute.float(2, value.float).int(20, ATTRIBUTE_TYPES.float);
  for (const item of value) attribute.int(8, item);
  return attribute.int(20, ATTRIBUTE_TYPES.ints);
}

function tensorHeader(name: string, shape: readonly number[], dtype: keyof typeof ONNX_DTYPES): ProtobufWriter {
  const tensor = new ProtobufWriter();
  for (const dim of shape) tensor.int(1, dim);
  return tensor.int(2, ONNX_DTYPES[dtype]).string(8, name);
}

function constantTensor({ value, data }: Constant): ProtobufWriter {
  const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  return tensorHeader(value.name, value.shape as readonly number[], value.dtype).bytes(9, bytes);
}

function externalTensor(
  name: string,
  shape: readonly number[],
  { location, offset, length, dtype }: ExternalData,
): ProtobufWriter {
  const tensor = tensorHeader(name, shape, dtype);
  for (const [key, entry] of Object.entries({ location, offset: String(offset), length: String(length) })) {
    tensor.message(13, new ProtobufWriter().string(1, key).string(2, entry));
  }
  return tensor.int(14, EXTERNAL_DATA_LOCATION);
}

function valueInfo(name: string, { shape, dtype }: Value): ProtobufWriter {
  const dims = new ProtobufWriter();
  for (const dim of shape) {
    dims.message(1, typeof dim === 'number' ? new ProtobufWriter().int(1, dim) : new ProtobufWriter().string(2, dim));
  }
  const tensorType = new ProtobufWriter().int(1, ONNX_DTYPES[dtype]).message(2, dims);
  return new ProtobufWriter().string(1, name).message(2, new ProtobufWriter().message(1, tensorType));
}
