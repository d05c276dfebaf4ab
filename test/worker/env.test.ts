import { describe, expect, it } from 'vitest';
import { readEnv } from '../../gpu-worker/env.ts';

const required = {
  QUEUE_URL: 'http://127.0.0.1/queue',
  AWS_REGION: 'local',
  S3_ENDPOINT: 'http://127.0.0.1/s3',
  S3_BUCKET: 'bucket',
  S3_ACCESS_KEY_ID: 'id',
  S3_SECRET_ACCESS_KEY: 'key',
  EDGE_ORIGIN: 'http://127.0.0.1',
  WORKER_SIGNING_SECRET: 'x'.repeat(32),
  MODEL_DIR: 'model',
};

describe('the settings of a worker', () => {
  it('leave the provider to the model, and its safety checker on', () => {
    const { PROVIDER, SAFETY_CHECKER } = readEnv(required);
    expect({ PROVIDER, SAFETY_CHECKER }).toEqual({ PROVIDER: undefined, SAFETY_CHECKER: 'on' });
  });

  it('may be set to nothing, which is to leave them out', () => {
    const { PROVIDER, THREADS, CONCURRENCY } = readEnv({ ...required, PROVIDER: '', THREADS: '', CONCURRENCY: '' });
    expect({ PROVIDER, THREADS, CONCURRENCY }).toEqual({ PROVIDER: undefined, THREADS: undefined, CONCURRENCY: 4 });
  });

  it.each([
    [{ PROVIDER: 'gpu' }, /expected cpu or cuda, got gpu\s+→ at PROVIDER/],
    [{ SAFETY_CHECKER: 'false' }, /expected on or off, got false\s+→ at SAFETY_CHECKER/],
    [{ THREADS: 'many' }, /expected number.*\s+→ at THREADS/],
    [{ S3_BUCKET: '' }, /expected string, received undefined\s+→ at S3_BUCKET/],
  ])('%o are refused by name', (wrong, message) => {
    expect(() => readEnv({ ...required, ...wrong })).toThrow(message);
  });

  it('that are secret are not repeated in a complaint about them', () => {
    const refused = () => readEnv({ ...required, WORKER_SIGNING_SECRET: 'tooshort' });
    expect(refused).toThrow(/WORKER_SIGNING_SECRET/);
    expect(refused).not.toThrow(/tooshort/);
  });
});
