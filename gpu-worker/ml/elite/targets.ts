import { cuda, UNVERIFIED_ON_CUDA } from '../graph/op-sets/cuda.ts';
import type { OpSet } from '../graph/op-sets/op-set.ts';
import type { Provider } from '../runtime/session.ts';
import type { Checkpoints } from '../weights/bind-weights.ts';
import type { Target } from '../weights/model-json.ts';
import { PRECISIONS, type Precision } from '../weights/precision.ts';
import { storedOps } from './stored-ops.ts';

type TargetFacts = {
  /** What its graphs are made of, by how the model's weights are stored. */
  readonly ops: (precision: Precision, checkpoints: Checkpoints) => OpSet;
  /** How a model built for it can be stored. */
  readonly precisions: readonly Precision[];
  /** Which execution providers have the kernels, the one to take where nobody chooses first. */
  readonly providers: readonly Provider[];
  /** Fused operators in its graphs that no provider has run yet, which whoever asks for the target is told. */
  readonly unverifiedOperators: readonly string[];
};

/** The machines that a model can be built for. */
export const targets: Readonly<Record<Target, TargetFacts>> = {
  portable: {
    ops: (_, checkpoints) => storedOps(checkpoints),
    precisions: PRECISIONS,
    providers: ['cpu', 'cuda'],
    unverifiedOperators: [],
  },
  cuda: {
    ops: (precision) => ({ ...cuda, precision: precision === 'fp16' ? 'float16' : 'float32' }),
    precisions: ['fp32', 'fp16'],
    providers: ['cuda'],
    unverifiedOperators: UNVERIFIED_ON_CUDA,
  },
};

/** @throws RangeError where a provider is asked for that the target's graphs do not run on. */
export function chooseProvider(target: Target, asked: Provider | undefined): Provider {
  const { providers } = targets[target];
  if (asked === undefined) return providers[0];
  if (!providers.includes(asked))
    throw new RangeError(
      `a model built for ${target} runs on the ${providers.join(' or ')} provider, and ${asked} was asked for`,
    );
  return asked;
}

/** A sentence for whoever asks for a target whose operators nobody has seen at work, or null. */
export function unverifiedNote(target: Target): string | null {
  const { unverifiedOperators } = targets[target];
  if (unverifiedOperators.length === 0) return null;
  return `No provider has run these fused operators of the ${target} target yet: ${unverifiedOperators.join(', ')}. Their formulas are tested; "npm run bench -- gpu" compares them on a GPU.`;
}
