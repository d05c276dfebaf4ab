import scalar from '@scalar/fastify-api-reference';
import fastify from 'fastify';

/**
 * Scalar's whole API reference as one script. Its npm package for Fastify is the one that carries the script without a
 * few hundred megabytes of what it was built from, and gives it away only by serving it.
 */
export async function readScalarScript(): Promise<string> {
  const server = fastify();
  await server.register(scalar, { routePrefix: '/reference', configuration: { content: {} } });
  const { statusCode, body } = await server.inject('/reference/js/scalar.js');
  await server.close();
  if (statusCode !== 200) {
    throw new Error(`expected the API reference's script, got status ${statusCode}`);
  }
  return body;
}
