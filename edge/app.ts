import { OpenAPIHono } from '@hono/zod-openapi';
import { cors } from 'hono/cors';
import { requestId } from 'hono/request-id';
import type { EdgeContext } from './context.ts';
import { settingsOf } from './env.ts';
import { problemResponse } from './errors.ts';
import { requestLog } from './middleware/request-log.ts';
import { secretUrl } from './middleware/secret-url.ts';
import { createAccount } from './routes/accounts/create-account.ts';
import { createClientToken } from './routes/accounts/create-client-token.ts';
import { createKey } from './routes/accounts/create-key.ts';
import { deleteAccount } from './routes/accounts/delete-account.ts';
import { deleteKey } from './routes/accounts/delete-key.ts';
import { exportAccount } from './routes/accounts/export-account.ts';
import { getUsage } from './routes/accounts/get-usage.ts';
import { listKeys } from './routes/accounts/list-keys.ts';
import { cancelConcept } from './routes/concepts/cancel-concept.ts';
import { createConcept } from './routes/concepts/create-concept.ts';
import { deleteConcept } from './routes/concepts/delete-concept.ts';
import { getConcept } from './routes/concepts/get-concept.ts';
import { getConceptEvents } from './routes/concepts/get-concept-events.ts';
import { getConceptFiles } from './routes/concepts/get-concept-file.ts';
import { importConcept } from './routes/concepts/import-concept.ts';
import { listConcepts } from './routes/concepts/list-concepts.ts';
import { updateConcept } from './routes/concepts/update-concept.ts';
import { cancelGeneration } from './routes/generations/cancel-generation.ts';
import { createGeneration } from './routes/generations/create-generation.ts';
import { deleteGeneration } from './routes/generations/delete-generation.ts';
import { getGeneration } from './routes/generations/get-generation.ts';
import { getGenerationEvents } from './routes/generations/get-generation-events.ts';
import { getGenerationImage } from './routes/generations/get-generation-image.ts';
import { listGenerations } from './routes/generations/list-generations.ts';
import { postJobEvent } from './routes/internal/post-job-event.ts';
import { getDocs } from './routes/pages/get-docs.ts';
import { getPlayground } from './routes/pages/get-playground.ts';
import { dismissReport } from './routes/reports/dismiss-report.ts';
import { listReports } from './routes/reports/list-reports.ts';
import { takeDownShare } from './routes/reports/take-down-share.ts';
import { getHealth } from './routes/service/get-health.ts';
import { getOpenApi } from './routes/service/get-openapi.ts';
import { listModels } from './routes/service/list-models.ts';
import { createShare } from './routes/shares/create-share.ts';
import { deleteShare } from './routes/shares/delete-share.ts';
import { getShare } from './routes/shares/get-share.ts';
import { getSharedFiles } from './routes/shares/get-shared-files.ts';
import { listShares } from './routes/shares/list-shares.ts';
import { reportShare } from './routes/shares/report-share.ts';
import { showShare } from './routes/shares/show-share.ts';
import { createUpload } from './routes/uploads/create-upload.ts';
import { nothingAt, refuseInvalid } from './routes/validation/refuse-invalid.ts';
import { documentWebhooks } from './routes/webhooks/document-webhooks.ts';
import { listDeliveries } from './routes/webhooks/list-deliveries.ts';
import { redeliver } from './routes/webhooks/redeliver.ts';
import { webhookSecret } from './routes/webhooks/webhook-secret.ts';

/** The table of contents of the API. */
export function createApp(): OpenAPIHono<EdgeContext> {
  const app = new OpenAPIHono<EdgeContext>({ defaultHook: refuseInvalid });
  app.onError(problemResponse);
  app.notFound((c) => problemResponse(nothingAt(c), c));

  app.use(requestId());
  app.use(cors({ origin: '*', exposeHeaders: ['*'] }));
  app.use('/s/*', secretUrl);
  app.use(async (c, next) => {
    c.set('settings', settingsOf(c.env));
    await next();
  });
  app.use(requestLog());

  createUpload(app);
  createConcept(app);
  importConcept(app);
  listConcepts(app);
  getConcept(app);
  getConceptFiles(app);
  getConceptEvents(app);
  updateConcept(app);
  deleteConcept(app);
  cancelConcept(app);

  createShare(app);
  listShares(app);
  getShare(app);
  deleteShare(app);

  showShare(app);
  getSharedFiles(app);
  reportShare(app);

  listReports(app);
  dismissReport(app);
  takeDownShare(app);

  createGeneration(app);
  listGenerations(app);
  getGeneration(app);
  getGenerationImage(app);
  getGenerationEvents(app);
  deleteGeneration(app);
  cancelGeneration(app);

  listDeliveries(app);
  redeliver(app);
  webhookSecret(app);
  documentWebhooks(app);

  createAccount(app);
  createKey(app);
  listKeys(app);
  deleteKey(app);
  createClientToken(app);
  getUsage(app);
  exportAccount(app);
  deleteAccount(app);

  listModels(app);
  getHealth(app);
  getOpenApi(app);

  getPlayground(app);
  getDocs(app);

  postJobEvent(app);
  return app;
}
