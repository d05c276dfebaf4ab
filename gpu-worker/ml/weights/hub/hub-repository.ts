import { HubApiError, listFiles, downloadFile as openHubFile } from '@huggingface/hub';
import { z } from 'zod';
import { DownloadError } from './download-error.ts';
import type { Digest, SourceFile } from './source-file.ts';

/** A repository of the Hugging Face hub, at a branch, a tag or a commit. */
export type HubRepository = { readonly name: string; readonly revision: string };

export type HubAccess = {
  /** For a mirror; the hub itself when left out. */
  readonly hubUrl?: string;
  /** `hf_…`: what gated and private repositories ask for. */
  readonly token?: string;
};

const sizeSchema = z.int().min(0);

/** A listed file. Its digest becomes part of a file's name here, so a mirror must not make it up. */
const fileSchema = z
  .object({
    path: z.string(),
    size: sizeSchema,
    oid: z
      .string()
      .regex(/^[0-9a-f]{40}$/)
      .optional(),
    lfs: z.object({ oid: z.string().regex(/^[0-9a-f]{64}$/), size: sizeSchema }).optional(),
  })
  .transform(({ path, size, oid, lfs }): HubFile => {
    if (lfs) return { path, sizeBytes: lfs.size, digest: { algorithm: 'sha256', hex: lfs.oid } };
    return { path, sizeBytes: size, digest: oid === undefined ? null : { algorithm: 'git', hex: oid } };
  });

type HubFile = { readonly path: string; readonly sizeBytes: number; readonly digest: Digest | null };

/** `owner/name`, or `owner/name@revision`. */
export function parseHubRepository(text: string): HubRepository {
  const match = /^([\w.-]+\/[\w.-]+)(?:@([\w./-]+))?$/.exec(text);
  if (!match) throw new DownloadError(text, 'expected a repository as owner/name or owner/name@revision');
  return { name: match[1], revision: match[2] ?? 'main' };
}

/** Every file of a repository. @throws DownloadError */
export async function listHubFiles(repository: HubRepository, access: HubAccess): Promise<HubFile[]> {
  const files: HubFile[] = [];
  try {
    for await (const entry of listFiles({ ...hubParameters(repository, access), recursive: true }))
      if (entry.type === 'file') files.push(fileSchema.parse(entry));
  } catch (cause) {
    throw hubError(repository, cause);
  }
  return files;
}

/** A file of a repository, read over plain HTTP ranges, which can start at any byte. */
export function hubSource(repository: HubRepository, file: HubFile, access: HubAccess): SourceFile {
  return {
    name: `${repository.name}/${file.path}`,
    sizeBytes: file.sizeBytes,
    digest: file.digest,
    read: async (start) => {
      const blob = await openHubFile({ ...hubParameters(repository, access), path: file.path, xet: false }).catch(
        (cause) => {
          throw hubError(repository, cause);
        },
      );
      if (!blob) throw new DownloadError(`${repository.name}/${file.path}`, 'is listed, but not there');
      return blob.slice(start).stream();
    },
  };
}

function hubParameters({ name, revision }: HubRepository, { hubUrl, token }: HubAccess) {
  return { repo: name, revision, hubUrl, accessToken: token };
}

function hubError({ name, revision }: HubRepository, cause: unknown): DownloadError {
  if (cause instanceof HubApiError && (cause.statusCode === 401 || cause.statusCode === 403))
    return new DownloadError(
      name,
      'access denied: accept its licence on the hub, then set HF_TOKEN to a token of yours',
      { cause },
    );
  if (cause instanceof HubApiError && cause.statusCode === 404)
    return new DownloadError(name, `no such repository, or no revision ${revision}`, { cause });
  return new DownloadError(name, `the hub cannot be read: ${cause instanceof Error ? cause.message : cause}`, {
    cause,
  });
}
