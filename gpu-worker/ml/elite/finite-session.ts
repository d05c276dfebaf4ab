import type { Graph } from '../graph/graph.ts';
import type { FloatTensor, Session } from '../runtime/session.ts';
import type { Checkpoints } from '../weights/bind-weights.ts';
import { checkFiniteWeights } from '../weights/check-finite-weights.ts';

/** A network gave infinities or no numbers although all of its weights are numbers: its inputs were out of all measure. */
export class NonFiniteError extends Error {
  override readonly name = 'NonFiniteError';
}

/**
 * A session that never returns what is not a number. Looking through gigabytes of weights at every start would take seconds, so they
 * are searched for the culprit only when an output shows that there is one.
 *
 * `run` throws WeightsError naming file and tensor, else NonFiniteError.
 */
export function finiteSession(session: Session, graph: Graph, checkpoints: Checkpoints): Session {
  return {
    ...session,
    run: async (...request) => {
      const outputs = await session.run(...request);
      for (const [name, output] of Object.entries(outputs)) {
        if (allFinite(output)) continue;
        for (const used of new Set([...graph.parameters.values()].map(({ checkpoint }) => checkpoint)))
          for (const _ of checkFiniteWeights(checkpoints.get(used) ?? new Map()));
        throw new NonFiniteError(
          `${graph.name}: ${name} came out infinite or not a number, although every weight is one`,
        );
      }
      return outputs;
    },
  };
}

function allFinite({ data }: FloatTensor): boolean {
  for (let i = 0; i < data.length; i++) if (!Number.isFinite(data[i])) return false;
  return true;
}
