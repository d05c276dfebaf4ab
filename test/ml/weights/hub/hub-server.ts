import { createHash } from 'node:crypto';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Files by repository and path, at the revision `main`. */
export type HubContent = Readonly<Record<string, Readonly<Record<string, Uint8Array>>>>;

export type HubServer = {
  readonly url: string;
  /** Method, path and range of every request so far. */
  readonly requests: string[];
  /** Cuts the connection of the next answer that would carry more than this many bytes of a file, after this many; a probe of one passes. */
  cutAfterBytes: number | null;
  /** Put into the listing in place of every SHA-256. */
  listedSha256: string | null;
  /** Sent behind every file. */
  trailingBytes: number;
  /** Requests without it are refused. */
  requiredToken: string | null;
  close(): Promise<void>;
};

/** The hub keeps larger files apart, by their SHA-256, and redirects to them. */
const LARGE_FILE_BYTES = 1000;

/** The part of the Hugging Face hub's HTTP interface that listing and reading a model's files needs, on a port of its own. */
export async function startHubServer(content: HubContent): Promise<HubServer> {
  const server = createServer((request, response) => answer(hub, content, request, response));
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  const hub: HubServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: [],
    cutAfterBytes: null,
    listedSha256: null,
    trailingBytes: 0,
    requiredToken: null,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
  return hub;
}

function answer(hub: HubServer, content: HubContent, request: IncomingMessage, response: ServerResponse): void {
  const path = decodeURIComponent(new URL(request.url!, hub.url).pathname);
  hub.requests.push(`${request.method} ${path} ${request.headers.range ?? ''}`.trim());
  if (hub.requiredToken && request.headers.authorization !== `Bearer ${hub.requiredToken}`) {
    response.writeHead(401, { 'content-type': 'application/json' }).end('{"error":"Invalid credentials"}');
    return;
  }
  const [, listed] = /^\/api\/models\/([^/]+\/[^/]+)\/tree\/main$/.exec(path) ?? [];
  if (listed && content[listed]) {
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(tree(hub, content[listed])));
    return;
  }
  const [, repository, file] = /^\/([^/]+\/[^/]+)\/resolve\/main\/(.+)$/.exec(path) ?? [];
  const [, sha256] = /^\/large-files\/([0-9a-f]{64})$/.exec(path) ?? [];
  const bytes = sha256 ? findBySha256(content, sha256) : content[repository]?.[file];
  if (!bytes) {
    response.writeHead(404, { 'x-error-code': 'EntryNotFound' }).end();
  } else if (!sha256 && bytes.length >= LARGE_FILE_BYTES) {
    response.writeHead(302, { location: `/large-files/${hash('sha256', bytes)}` }).end();
  } else {
    sendBytes(hub, bytes, request, response);
  }
}

function sendBytes(hub: HubServer, bytes: Uint8Array, request: IncomingMessage, response: ServerResponse): void {
  const [, first, last] = /^bytes=(\d+)-(\d*)$/.exec(request.headers.range ?? '') ?? [];
  const start = Number(first ?? 0);
  const end = last ? Number(last) + 1 : bytes.length;
  const part = bytes.subarray(start, end);
  const headers = {
    etag: `"${hash('sha256', bytes)}"`,
    'content-length': part.length + (part.length > 1 ? hub.trailingBytes : 0),
  };
  response.writeHead(
    first ? 206 : 200,
    first ? { ...headers, 'content-range': `bytes ${start}-${end - 1}/${bytes.length}` } : headers,
  );
  if (hub.cutAfterBytes === null || part.length <= Math.max(1, hub.cutAfterBytes)) {
    response.end(Buffer.concat([part, Buffer.alloc(part.length > 1 ? hub.trailingBytes : 0)]));
    return;
  }
  response.write(part.subarray(0, hub.cutAfterBytes), () => response.destroy());
  hub.cutAfterBytes = null;
}

function tree({ listedSha256 }: HubServer, files: HubContent[string]) {
  return Object.entries(files).map(([path, bytes]) => ({
    type: 'file',
    path,
    size: bytes.length,
    oid: hash('sha1', Buffer.concat([Buffer.from(`blob ${bytes.length}\0`), bytes])),
    ...(bytes.length >= LARGE_FILE_BYTES && {
      lfs: { oid: listedSha256 ?? hash('sha256', bytes), size: bytes.length, pointerSize: 130 },
    }),
  }));
}

function findBySha256(content: HubContent, sha256: string): Uint8Array | undefined {
  return Object.values(content)
    .flatMap((files) => Object.values(files))
    .find((bytes) => hash('sha256', bytes) === sha256);
}

function hash(algorithm: string, bytes: Uint8Array): string {
  return createHash(algorithm).update(bytes).digest('hex');
}
