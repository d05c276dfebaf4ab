import type { Graph } from '../graph/graph.ts';
import type { PictureSize } from '../image/picture.ts';
import { type OpenOptions, openWarmSession } from '../runtime/open-warm-session.ts';
import type { Session } from '../runtime/session.ts';
import type { Checkpoints } from '../weights/bind-weights.ts';
import { finiteSession } from './finite-session.ts';

/** Sessions that are opened one by one and released together. */
export type NetworkSessions = {
  /** `batchSizes`: those it will be run at. */
  open(graph: Graph, batchSizes: readonly number[]): Promise<Session>;
  /** Opens a graph for each picture size when that is first asked for. */
  openBySize(
    graphOf: (size: PictureSize) => Graph,
    batchSizes: readonly number[],
  ): (size: PictureSize) => Promise<Session>;
  release(): Promise<void>;
};

export function networkSessions(checkpoints: Checkpoints, options: OpenOptions): NetworkSessions {
  const opened = new AsyncDisposableStack();
  const open: NetworkSessions['open'] = async (graph, batchSizes) => {
    const session = await openWarmSession(graph, checkpoints, batchSizes, options);
    return finiteSession(
      opened.adopt(session, ({ release }) => release()),
      graph,
      checkpoints,
    );
  };
  return {
    open,
    openBySize: (graphOf, batchSizes) => {
      const bySize = new Map<string, Promise<Session>>();
      return (size) => {
        const key = `${size.width}×${size.height}`;
        const session = bySize.get(key) ?? open(graphOf(size), batchSizes);
        bySize.set(key, session);
        session.catch(() => bySize.delete(key)); // who asks next tries again
        return session;
      };
    },
    release: () => opened.disposeAsync(),
  };
}
