import { secureHeaders } from 'hono/secure-headers';

const SELF = "'self'";
const NONE = "'none'";

const POLICY = {
  defaultSrc: [NONE],
  scriptSrc: [SELF],
  styleSrc: [SELF],
  imgSrc: [SELF, 'blob:', 'data:'],
  connectSrc: [SELF],
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
