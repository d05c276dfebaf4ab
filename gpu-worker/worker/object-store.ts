import {
  DeleteObjectCommand,
  GetObjectCommand,
  NoSuchKey,
  PutObjectCommand,
  S3Client,
  S3ServiceException,
} from '@aws-sdk/client-s3';

/** R2 answers 412 when the key is taken, 409 when two first writes meet. */
const TAKEN_STATUSES: readonly (number | undefined)[] = [409, 412];

export type ObjectStore = {
  /** Null when there is no such object. */
  get(key: string): Promise<Uint8Array | null>;
  put(key: string, bytes: Uint8Array, contentType: string): Promise<void>;
  /** First writer wins. `taken` may be our own write, when its answer was lost and the client tried again. */
  putOnce(key: string, bytes: Uint8Array, contentType: string): Promise<'written' | 'taken'>;
  /** Deleting what is not there is no error. */
  delete(key: string): Promise<void>;
};

type BucketOptions = {
  readonly endpoint: string;
  readonly bucket: string;
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
};

/** An R2 bucket by its S3 API. */
export function createR2ObjectStore({ endpoint, bucket, credentials }: BucketOptions): ObjectStore {
  const client = new S3Client({
    endpoint,
    credentials,
    region: 'auto',
    forcePathStyle: true,
    // R2 knows no checksum trailers.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    // workerd answers it late: 6 s for bodies of 2 MB and more.
    expectContinueHeader: false,
  });
  const object = (key: string, bytes: Uint8Array, contentType: string) => ({
    Bucket: bucket,
    Key: key,
    Body: bytes,
    ContentType: contentType,
  });
  return {
    async get(key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return Body ? await Body.transformToByteArray() : null;
      } catch (error) {
        if (error instanceof NoSuchKey) {
          return null;
        }
        throw error;
      }
    },

    async put(key, bytes, contentType) {
      await client.send(new PutObjectCommand(object(key, bytes, contentType)));
    },

    async putOnce(key, bytes, contentType) {
      try {
        await client.send(new PutObjectCommand({ ...object(key, bytes, contentType), IfNoneMatch: '*' }));
        return 'written';
      } catch (error) {
        if (error instanceof S3ServiceException && TAKEN_STATUSES.includes(error.$metadata.httpStatusCode)) {
          return 'taken';
        }
        throw error;
      }
    },

    async delete(key) {
      await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
    },
  };
}
