import { createApp } from './app.ts';

export { Account } from './durable-objects/account.ts';
export { Job } from './durable-objects/job.ts';

const app = createApp();

export default { fetch: app.fetch };
