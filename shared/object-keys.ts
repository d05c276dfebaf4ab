/**
 * Where bytes live in R2. Everything of a concept or a generation is under one prefix, so that deleting it is
 * deleting a prefix; what a worker writes is under its attempt, so that two attempts never write the same key.
 * `result.json` says which attempt counts.
 */

export const CURRENT_MODEL_KEY = 'models/current.json';

const UPLOADS_PREFIX = 'uploads/';

export function accountPrefix(accountId: string): string {
  return `accounts/${accountId}/`;
}

/** The prefix of everything an account's clients have sent and no worker has read yet. */
export function accountUploadsPrefix(accountId: string): string {
  return `${UPLOADS_PREFIX}${accountId}/`;
}

/** The prefix of everything that belongs to a job: `con_…` or `gen_…`. */
export function jobPrefix(accountId: string, jobId: string): string {
  return `${accountPrefix(accountId)}${jobId.startsWith('con_') ? 'concepts' : 'generations'}/${jobId}/`;
}

/**
 * The prefix of what was uploaded for a concept, metadata and all. The worker deletes it before the concept is ready;
 * the bucket deletes what was left after UPLOAD_RETAIN_SECONDS.
 */
export function uploadPrefix(accountId: string, id: string): string {
  return `${accountUploadsPrefix(accountId)}${id}/`;
}

export function uploadedPhotoKey(accountId: string, conceptId: string): string {
  return `${uploadPrefix(accountId, conceptId)}photo`;
}

export function uploadedMaskKey(accountId: string, conceptId: string): string {
  return `${uploadPrefix(accountId, conceptId)}mask`;
}

/** Where a client PUTs a file before it says what the file is for. */
export function clientUploadKey(accountId: string, uploadId: string): string {
  return `${uploadPrefix(accountId, uploadId)}file`;
}

function attemptKey(accountId: string, jobId: string, attemptId: string): string {
  return `${jobPrefix(accountId, jobId)}${attemptId}/`;
}

/** Upright and free of metadata. */
export function photoKey(accountId: string, conceptId: string, attemptId: string): string {
  return `${attemptKey(accountId, conceptId, attemptId)}photo.webp`;
}

export function maskKey(accountId: string, conceptId: string, attemptId: string): string {
  return `${attemptKey(accountId, conceptId, attemptId)}mask.png`;
}

export function embeddingKey(accountId: string, conceptId: string, attemptId: string): string {
  return `${attemptKey(accountId, conceptId, attemptId)}embedding.safetensors`;
}

export function imageKey(
  accountId: string,
  generationId: string,
  attemptId: string,
  file: { index: number; format: string },
): string {
  return `${attemptKey(accountId, generationId, attemptId)}${file.index}.${file.format}`;
}

/** Written last and once (`If-None-Match: *`). */
export function resultKey(accountId: string, jobId: string): string {
  return `${jobPrefix(accountId, jobId)}result.json`;
}
