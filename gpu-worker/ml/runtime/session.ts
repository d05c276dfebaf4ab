import { InferenceSession, Tensor } from 'onnxruntime-node';
import type { Graph } from '../graph/graph.ts';
import { serialise } from '../graph/serialise.ts';
import { type Checkpoints, locateWeights } from '../weights/bind-weights.ts';
import { WeightsError } from '../weights/weights-error.ts';
import { hasVnni } from './has-vnni.ts';

export type FloatTensor = { readonly data: Float32Array; readonly shape: readonly number[] };
export type InputTensor = FloatTensor | { readonly data: Int32Array; readonly shape: readonly number[] };

export type Provider = 'cpu' | 'cuda' | 'webgpu';

export type SessionOptions = {
  /** Threads of one operator; the number of cores when left out. */
  readonly threads?: number;
  /** Which execution provider runs the graph. */
  readonly provider?: Provider;
  /**
   * Runs the graph as it is written, with denormals flushed to zero: gradients are built from plain operators, which optimising only
   * makes slower to load, and vanishing gradients are full of denormals, which are slow to multiply.
   */
  readonly training?: boolean;
};

/** A graph ready to run. `run` blocks the thread it is called on until the outputs are there, although it returns a promise. */
export type Session = {
  readonly name: string;
  /** An output named in `into` is written there; any other is newly allocated. `outputs`: those that are wanted, all when left out. */
  run(
    inputs: Readonly<Record<string, InputTensor>>,
    into?: Readonly<Record<string, FloatTensor>>,
    outputs?: readonly string[],
  ): Promise<Readonly<Record<string, FloatTensor>>>;
  release(): Promise<void>;
};

/** How a graph becomes a session. */
export type OpenSession = (graph: Graph, checkpoints: Checkpoints, options?: SessionOptions) => Promise<Session>;

/** An accelerator that is not there, or a graph that it refuses. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
}

const REQUIREMENTS: Readonly<Record<Exclude<Provider, 'cpu'>, string>> = {
  cuda: 'an NVIDIA driver, and ONNX Runtime’s CUDA libraries: ONNXRUNTIME_NODE_INSTALL=cuda12 npm rebuild onnxruntime-node, install scripts allowed',
  webgpu: 'a GPU with a driver for Vulkan, Metal or Direct3D 12',
};

/** Warnings are about what we know. */
const ERRORS_ONLY = 3;

/**
 * Loads a graph with its weights mapped from the checkpoint files where they lie.
 *
 * `extended` is the highest level that leaves weights mapped: the next one repacks convolutions into private memory, and so does prepacking with
 * matrices, which costs gigabytes and seconds of loading for a few percent of speed. A network with int8 weights has few others, and they take a
 * quarter.
 *
 * @throws ProviderError where an accelerator was asked for and cannot run the graph.
 */
export const openSession: OpenSession = (graph, checkpoints, options) =>
  loadGraph(prepareGraph(graph, checkpoints, options));

/** A graph with all that ONNX Runtime needs to run it: plain data, which any thread of the process can load. */
export type PreparedGraph = {
  readonly name: string;
  readonly onnx: Uint8Array;
  readonly settings: InferenceSession.SessionOptions;
  readonly provider: Provider;
};

export function prepareGraph(graph: Graph, checkpoints: Checkpoints, options: SessionOptions = {}): PreparedGraph {
  const { threads = 0, provider = 'cpu', training = false } = options;
  const { folder, locate } = locateWeights(graph, checkpoints);
  return {
    name: graph.name,
    onnx: serialise(graph, locate),
    provider,
    settings: {
      executionProviders: [provider],
      graphOptimizationLevel: training ? 'disabled' : 'extended',
      intraOpNumThreads: threads,
      enableMemPattern: training, // planned memory is held beside what the first run took: twice as much
      extra: {
        session: {
          model_external_initializers_file_folder_path: folder,
          ...(holdsInt8(graph) ? integerSettings() : { disable_prepacking: '1' }),
          ...(training && { set_denormal_as_zero: '1' }),
        },
      },
      logSeverityLevel: ERRORS_ONLY,
    },
  };
}

/** @throws ProviderError as `openSession`. */
export async function loadGraph({ name, onnx, settings, provider }: PreparedGraph): Promise<Session> {
  const session = await InferenceSession.create(onnx, settings).catch((cause: Error) => {
    throw provider === 'cpu' ? cause : new ProviderError(refusal(name, provider, cause), { cause });
  });
  return wrapSession(name, session);
}

function refusal(name: string, provider: keyof typeof REQUIREMENTS, { message }: Error): string {
  const reason = message.trim().replaceAll('\n', ' ');
  return `${name}: expected the ${provider} provider to load it, got: ${reason}. It takes ${REQUIREMENTS[provider]}`;
}

function holdsInt8(graph: Graph): boolean {
  return [...graph.parameters.values()].some(({ value }) => value?.dtype === 'int8');
}

/** With `x64quantprecision` products are never cut short, on any processor, and take twice as long. */
function integerSettings(): Record<string, string> {
  return hasVnni() ? {} : { x64quantprecision: '1' };
}

/** A network that comes as an ONNX file, with the names of what it takes and gives, in their order. */
export type FileSession = Session & {
  readonly inputs: readonly TensorFacts[];
  readonly outputNames: readonly string[];
};

/** `shape` has a name where a dimension is open. */
export type TensorFacts = {
  readonly name: string;
  readonly dtype: string;
  readonly shape: readonly (number | string)[];
};

/** @throws WeightsError where the file is no model that ONNX Runtime can load. */
export async function openOnnxFile(file: string, options: SessionOptions = {}): Promise<FileSession> {
  const settings = {
    executionProviders: [options.provider ?? 'cpu'],
    intraOpNumThreads: options.threads ?? 0,
    logSeverityLevel: ERRORS_ONLY,
  } as const;
  const session = await InferenceSession.create(file, settings).catch((cause: Error) => {
    throw new WeightsError(file, `ONNX Runtime cannot load it: ${cause.message}`, { cause });
  });
  const inputs = session.inputMetadata.map((input) =>
    input.isTensor
      ? { name: input.name, dtype: input.type, shape: input.shape }
      : { name: input.name, dtype: 'none', shape: [] },
  );
  return { ...wrapSession(file, session), inputs, outputNames: session.outputNames };
}

function wrapSession(name: string, session: InferenceSession): Session {
  return {
    name,
    run: async (inputs, into = {}, wanted = session.outputNames) => {
      const fetches = Object.fromEntries(wanted.map((name) => [name, into[name] ? toTensor(into[name]) : null]));
      const outputs = await session.run(
        Object.fromEntries(Object.entries(inputs).map(([name, input]) => [name, toTensor(input)])),
        fetches,
      );
      return Object.fromEntries(Object.entries(outputs).map(([name, output]) => [name, fromTensor(name, output)]));
    },
    release: () => session.release(),
  };
}

function toTensor({ data, shape }: InputTensor): Tensor {
  return data instanceof Float32Array ? new Tensor('float32', data, shape) : new Tensor('int32', data, shape);
}

function fromTensor(name: string, { data, dims }: Tensor): FloatTensor {
  if (!(data instanceof Float32Array)) throw new Error(`output ${name}: expected float32`);
  return { data, shape: dims };
}
