import type { RequestIdVariables } from 'hono/request-id';
import type { EdgeEnv, Settings } from './env.ts';
import type { Principal } from './middleware/principal.ts';

/** What every handler finds in its Hono context. `principal` is there wherever `operation` demanded one. */
export type EdgeContext = {
  Bindings: EdgeEnv;
  Variables: RequestIdVariables & { settings: Settings; principal: Principal };
};
