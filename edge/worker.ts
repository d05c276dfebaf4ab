import { createApp } from './app.ts';

export { Account } from './durable-objects/account.ts';
export { Job } from './durable-objects/job.ts';
export { Reports } from './durable-objects/reports.ts';
export { Share } from './durable-objects/share.ts';

const app = createApp();

export default { fetch: app.fetch };
