import { ListObjectsV2Command, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetQueueAttributesCommand, SQSClient } from '@aws-sdk/client-sqs';
import { type Front, startFront } from '../../infra/local/front.ts';
import { writeConceptFile } from '../../shared/concept-file.ts';
import { CURRENT_MODEL_KEY } from '../../shared/object-keys.ts';
import { testModel } from '../shared/test-model.ts';

export type TestFront = Front & {
  /** Of every object in the bucket. */
  storedKeys(): Promise<string[]>;
  queuedJobs(): Promise<number>;
};

/** The edge in its real workerd, with a model announced that no worker runs, and nobody counting requests. */
export async function startTestFront(): Promise<TestFront> {
  const unlimited = '10000000';
  const settings = {
    LOG_REQUESTS: 'false',
    RATE_LIMIT_PER_KEY: unlimited,
    RATE_LIMIT_PER_ADDRESS: unlimited,
    HELD_LIMIT_PER_KEY: unlimited,
  };
  const front = await startFront({ write: () => undefined, settings });
  const { S3_ENDPOINT, S3_BUCKET: Bucket, S3_ACCESS_KEY_ID, S3_SECRET_ACCESS_KEY, ...worker } = front.workerSettings;
  const s3 = new S3Client({
    endpoint: S3_ENDPOINT,
    region: 'auto',
    forcePathStyle: true,
    credentials: { accessKeyId: S3_ACCESS_KEY_ID, secretAccessKey: S3_SECRET_ACCESS_KEY },
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const sqs = new SQSClient({
    endpoint: worker.SQS_ENDPOINT,
    region: worker.AWS_REGION,
    credentials: { accessKeyId: worker.AWS_ACCESS_KEY_ID, secretAccessKey: worker.AWS_SECRET_ACCESS_KEY },
  });
  await s3.send(new PutObjectCommand({ Bucket, Key: CURRENT_MODEL_KEY, Body: JSON.stringify(testModel) }));
  return {
    ...front,
    async storedKeys() {
      const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
      return Contents.map(({ Key }) => Key ?? '');
    },
    async queuedJobs() {
      const AttributeNames = ['ApproximateNumberOfMessages' as const];
      const { Attributes } = await sqs.send(
        new GetQueueAttributesCommand({ QueueUrl: worker.QUEUE_URL, AttributeNames }),
      );
      return Number(Attributes?.ApproximateNumberOfMessages);
    },
    async stop() {
      s3.destroy();
      sqs.destroy();
      await front.stop();
    },
  };
}

/** A concept file of the test model, to import. */
export function conceptFile(): Uint8Array {
  const { words: wordCount, embedding, fingerprint: model } = testModel;
  return writeConceptFile({
    ...embedding,
    wordCount,
    model,
    words: new Float32Array(wordCount * embedding.dim),
    local: new Float32Array(embedding.patches * embedding.dim),
  });
}
