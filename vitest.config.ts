import { cloudflareTest } from '@cloudflare/vitest-plugin';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'node',
          include: ['test/**/*.test.ts'],
          exclude: ['test/edge/**'],
          testTimeout: 30_000, // two cores, several files at a time
        },
      },
      {
        test: {
          name: 'edge',
          include: ['test/edge/**/*.test.ts'],
          globalSetup: ['test/edge-queue/start.ts', 'test/edge-receiver/start.ts'],
          testTimeout: 30_000,
          hookTimeout: 60_000,
        },
        plugins: [
          cloudflareTest(({ inject }) => ({
            wrangler: { configPath: './wrangler.toml' },
            remoteBindings: false,
            miniflare: {
              cf: false,
              bindings: {
                ENVIRONMENT: 'local',
                PUBLIC_ORIGIN: 'https://edge.test',
                ...inject<{ SQS_ENDPOINT: string; SQS_QUEUE_URL: string }>('edgeQueue'),
                ...inject<{ RECEIVER_ORIGIN: string; DNS_OVER_HTTPS_URL: string }>('edgeReceiver'),
                R2_S3_ENDPOINT: 'https://r2.test',
                R2_BUCKET_NAME: 'elite',
                R2_ACCESS_KEY_ID: 'test',
                R2_SECRET_ACCESS_KEY: 'test',
                AWS_REGION: 'us-east-1',
                AWS_ACCESS_KEY_ID: 'test',
                AWS_SECRET_ACCESS_KEY: 'test',
                WORKER_SIGNING_SECRET: 'worker-signing-secret-of-the-tests',
                TOKEN_SIGNING_SECRET: 'token-signing-secret-of-the-tests',
                LOG_REQUESTS: 'false',
                RATE_LIMIT_PER_KEY: '100000',
                RATE_LIMIT_PER_END_USER: '5',
                RATE_LIMIT_PER_ADDRESS: '100000',
                HELD_LIMIT_PER_KEY: '100000',
                ADMIN_TOKEN: 'admin-token-of-the-tests-0123456789',
                BOOTSTRAP_API_KEY: 'eyed-bootstrap-api-key-of-the-tests-0123456789', // it may begin as a client token does
              },
            },
          })),
        ],
      },
    ],
  },
});
