import { once } from 'node:events';
import { connect } from 'node:net';

export type RawAnswer = {
  readonly status: number;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
};

const HEAD_END = '\r\n\r\n';
const STUCK_AFTER_MS = 30_000;

/**
 * Sends bytes as they are and returns every answer that comes back until the other side closes; none when it closes
 * without one. `cut` resets the connection after the bytes instead of waiting for answers. Text is Latin-1.
 */
export async function rawExchange(
  port: number,
  request: string | Uint8Array,
  { cut = false }: { cut?: boolean } = {},
): Promise<RawAnswer[]> {
  const socket = connect({ port, host: '127.0.0.1' });
  const chunks: Buffer[] = [];
  socket.on('data', (chunk) => chunks.push(chunk));
  socket.setTimeout(STUCK_AFTER_MS, () =>
    socket.destroy(new Error(`no answer to ${JSON.stringify(request.slice(0, 300))}`)),
  );
  const closed = once(socket, 'close').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ECONNRESET' && error.code !== 'EPIPE') {
      throw error; // a server that closes early is an answer too
    }
  });
  const bytes = typeof request === 'string' ? Buffer.from(request, 'latin1') : request;
  if (cut) {
    socket.write(bytes, () => socket.resetAndDestroy());
  } else {
    socket.end(bytes);
  }
  await closed;
  return parseAnswers(Buffer.concat(chunks).toString('latin1'));
}

function parseAnswers(text: string): RawAnswer[] {
  const end = text.indexOf(HEAD_END);
  if (end < 0) {
    return [];
  }
  const [statusLine = '', ...lines] = text.slice(0, end).split('\r\n');
  const status = Number(/^HTTP\/1\.[01] (\d{3})/.exec(statusLine)?.[1]);
  const headers = new Map(
    lines.map((line) => {
      const [, name = '', value = ''] = /^([^:]+): ?(.*)$/.exec(line) ?? [];
      return [name.toLowerCase(), value] as const;
    }),
  );
  const rest = text.slice(end + HEAD_END.length);
  if (headers.get('transfer-encoding') === 'chunked') {
    const { body, after } = unchunked(rest);
    return [{ status, headers, body }, ...parseAnswers(after)];
  }
  const length = Number(headers.get('content-length') ?? 0);
  return [{ status, headers, body: rest.slice(0, length) }, ...parseAnswers(rest.slice(length))];
}

function unchunked(text: string): { body: string; after: string } {
  const lineEnd = text.indexOf('\r\n');
  const size = Number.parseInt(text.slice(0, lineEnd), 16);
  const start = lineEnd + 2;
  if (!size) {
    return { body: '', after: text.slice(start + 2) };
  }
  const { body, after } = unchunked(text.slice(start + size + 2));
  return { body: text.slice(start, start + size) + body, after };
}
