import { AwsV4Signer } from 'aws4fetch';
import type { Settings } from '../env.ts';

export const UPLOAD_URL_LIFETIME_SECONDS = 3600;

export type PresignedUpload = { readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** A URL that takes one PUT of exactly this type and length into the bucket: both are signed. */
export async function presignUpload(
  key: string,
  file: { readonly contentType: string; readonly sizeBytes: number },
  settings: Settings,
): Promise<PresignedUpload> {
  const url = new URL(`${settings.R2_S3_ENDPOINT}/${settings.R2_BUCKET_NAME}/${key}`);
  url.searchParams.set('X-Amz-Expires', String(UPLOAD_URL_LIFETIME_SECONDS));
  const headers = { 'content-type': file.contentType, 'content-length': String(file.sizeBytes) };
  const signer = new AwsV4Signer({
    method: 'PUT',
    url: url.href,
    headers,
    service: 's3',
    region: 'auto',
    accessKeyId: settings.R2_ACCESS_KEY_ID,
    secretAccessKey: settings.R2_SECRET_ACCESS_KEY,
    signQuery: true,
    allHeaders: true,
  });
  return { url: (await signer.sign()).url.href, headers };
}
