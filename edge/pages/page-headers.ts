import type { Context } from 'hono';
import { secureHeaders } from 'hono/secure-headers';
import type { EdgeContext } from '../context.ts';

const SELF = "'self'";
const NONE = "'none'";

/** Where the API says that its objects are: the same as the page, unless that was opened by another of our names. */
const apiOrigin = (c: Context<EdgeContext>) => c.get('settings').PUBLIC_ORIGIN;

const POLICY = {
  defaultSrc: [NONE],
  scriptSrc: [SELF],
  styleSrc: [SELF],
  imgSrc: [SELF, apiOrigin, 'blob:', 'data:'],
  connectSrc: [SELF, apiOrigin],
  formAction: [SELF],
  baseUri: [NONE],
  frameAncestors: [NONE],
};

/** For our own pages: scripts and styles are files of ours, nothing is inline, nothing is framed, nothing is leaked. */
export const pageHeaders = secureHeaders({
  contentSecurityPolicy: { ...POLICY, requireTrustedTypesFor: ["'script'"] },
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
});

/** For the API reference: its script is ours to serve but not to write, and puts its styles into the page. */
export const referenceHeaders = secureHeaders({
  contentSecurityPolicy: { ...POLICY, styleSrc: [SELF, "'unsafe-inline'"], fontSrc: [SELF, 'data:'] },
  referrerPolicy: 'no-referrer',
  xFrameOptions: 'DENY',
});
