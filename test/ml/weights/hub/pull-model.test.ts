import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type HubAccess, parseHubRepository } from '../../../../gpu-worker/ml/weights/hub/hub-repository.ts';
import {
  CLIP_VIT_L_14,
  type ModelSources,
  STABLE_DIFFUSION_V1_4,
} from '../../../../gpu-worker/ml/weights/hub/plan-pull.ts';
import { type PullOptions, type PullProgress, pullModel } from '../../../../gpu-worker/ml/weights/hub/pull-model.ts';
import { openModelFolder } from '../../../../gpu-worker/ml/weights/open-model-folder.ts';
import { modelDir } from '../../../parity/reference.ts';
import { type HubServer, startHubServer } from './hub-server.ts';
import { tinyHub } from './tiny-hub.ts';

const sources: ModelSources = {
  stableDiffusion: parseHubRepository(STABLE_DIFFUSION_V1_4),
  clip: parseHubRepository(CLIP_VIT_L_14),
  globalMapper: join(modelDir, 'global_mapper.pt'),
  localMapper: join(modelDir, 'local_mapper.pt'),
  safetyChecker: false,
};
const UNET = 'unet/diffusion_pytorch_model.safetensors';
const unetBytes = readFileSync(join(modelDir, UNET));

/** Compares files of megabytes at once: a matcher would walk every byte. */
const isCopy = (path: string, original = path) =>
  readFileSync(join(folder, path)).equals(readFileSync(join(modelDir, original)));

let hub: HubServer;
let folder: string;
beforeEach(async () => {
  hub = await startHubServer(tinyHub());
  folder = mkdtempSync(join(tmpdir(), 'pull-'));
});
afterEach(async () => {
  await hub.close();
  rmSync(folder, { recursive: true });
});

type Call = PullOptions & { from?: Partial<ModelSources>; access?: HubAccess; onEvent?: (event: PullProgress) => void };

/** Pulls into the folder without waiting between attempts. */
async function pull({ from, access, onEvent, ...options }: Call = {}) {
  const progress = pullModel(
    folder,
    { ...sources, ...from },
    { hubUrl: hub.url, ...access },
    { sleep: async () => {}, ...options },
  );
  let next = await progress.next();
  while (!next.done) {
    onEvent?.(next.value);
    next = await progress.next();
  }
  return next.value;
}

/** A pull that is aborted once a good part of the UNet is there. */
async function interruptedPull() {
  const controller = new AbortController();
  const onEvent = (event: PullProgress) => {
    if (event.type === 'bytes' && event.path === UNET && event.receivedBytes > 500_000) controller.abort();
  };
  await expect(pull({ signal: controller.signal, onEvent })).rejects.toThrow('aborted');
}

const filesIn = (path: string) =>
  readdirSync(path, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);
const partials = () => filesIn(folder).filter((name) => name.endsWith('.partial'));

describe('a pull', () => {
  it('brings a folder that opens as a model, byte for byte, with one form of each weight', async () => {
    const result = await pull();
    expect(isCopy(UNET)).toBe(true);
    expect(isCopy('global_mapper.pt')).toBe(true);
    expect(openModelFolder(folder, { featureLayers: [6, 1, 2, 3, 4] }).checkpoints.size).toBe(6);
    expect(filesIn(folder)).toHaveLength(result.files);
    expect(filesIn(folder).filter((name) => /\.bin|fp16|h5|partial/.test(name))).toEqual([]);
  });

  it('again fetches nothing', async () => {
    const first = await pull();
    const before = hub.requests.length;
    expect(first.fetchedFiles).toBe(first.files);
    expect(await pull()).toEqual({ files: first.files, fetchedFiles: 0, fetchedBytes: 0 });
    expect(hub.requests.slice(before).filter((request) => !request.includes('/tree/'))).toEqual([]);
  });

  it('replaces files whose content or size is wrong', async () => {
    await pull();
    const changed = Buffer.from(unetBytes);
    changed[changed.length - 1] ^= 1;
    writeFileSync(join(folder, UNET), changed);
    writeFileSync(join(folder, 'local_mapper.pt'), 'short');
    expect(await pull()).toMatchObject({ fetchedFiles: 2 });
    expect(isCopy(UNET)).toBe(true);
  });

  it('continues within the run where a connection broke', async () => {
    hub.cutAfterBytes = 1_000_000;
    await pull();
    expect(isCopy(UNET)).toBe(true);
    expect(hub.requests.some((request) => /large-files.* bytes=[1-9]\d{4,}-/.test(request))).toBe(true);
  });

  it('continues where an aborted run left off, fetching only the rest', async () => {
    await interruptedPull();
    expect(existsSync(join(folder, UNET))).toBe(false);
    const [partial] = partials();
    const soFar = statSync(join(folder, 'unet', partial)).size;
    expect(soFar).toBeGreaterThan(0);
    let planned = 0;
    const result = await pull({
      onEvent: (event) => {
        if (event.type === 'plan') planned = event.missingBytes;
      },
    });
    expect(result.fetchedBytes).toBe(planned);
    expect(isCopy(UNET)).toBe(true);
    expect(hub.requests.some((request) => request.endsWith(` bytes=${soFar}-${unetBytes.length - 1}`))).toBe(true);
    expect(partials()).toEqual([]);
  });

  it('refuses to continue remains that are not the beginning of the file, and forgets them', async () => {
    await interruptedPull();
    writeFileSync(join(folder, 'unet', partials()[0]), Buffer.alloc(100_000));
    await expect(pull()).rejects.toThrow(/stable-diffusion-v1-4\/unet\/diffusion.*: expected sha256 [0-9a-f]{64}, got/);
    expect(partials()).toEqual([]);
    await pull();
    expect(isCopy(UNET)).toBe(true);
  });

  it('fetches nothing when the disk has no room for all of it', async () => {
    await expect(pull({ freeBytes: async () => 260_000_000 })).rejects.toThrow(
      /expected 0\.27 GB of free space, got 0\.26 GB/,
    );
    expect(filesIn(folder)).toEqual([]);
    expect(hub.requests.filter((request) => request.includes('/resolve/'))).toEqual([]);
  });

  it('sends the token, and names the way to one when access is denied', async () => {
    hub.requiredToken = 'hf_secret';
    await expect(pull()).rejects.toThrow(/CompVis\/stable-diffusion-v1-4: access denied.*HF_TOKEN/);
    await expect(pull({ access: { hubUrl: hub.url, token: 'hf_secret' } })).resolves.toBeDefined();
  });

  it('gives up on a server that brings nothing, after a few attempts', async () => {
    const waits: number[] = [];
    const sleep = async (ms: number) => {
      waits.push(ms);
      hub.cutAfterBytes = 0;
    };
    hub.cutAfterBytes = 0;
    await expect(pull({ sleep })).rejects.toThrow(/no answer in 5 attempts, 0 bytes have come/);
    expect(waits).toEqual([2000, 4000, 8000, 16000]);
  });
});

describe('a pull refuses, naming it,', () => {
  it('a repository that is not there', async () => {
    await expect(pull({ from: { clip: parseHubRepository('nobody/nothing') } })).rejects.toThrow(
      'nobody/nothing: no such repository, or no revision main',
    );
  });

  it('a repository without the weights', async () => {
    const clip = parseHubRepository(STABLE_DIFFUSION_V1_4);
    await expect(pull({ from: { clip } })).rejects.toThrow(/expected weights in its root, found none/);
  });

  it('a repository without a safety checker when one is asked for', async () => {
    await expect(pull({ from: { safetyChecker: true } })).rejects.toThrow(/expected weights in safety_checker/);
  });

  it('a mapper file that is not there', async () => {
    const localMapper = join(folder, 'nowhere.pt');
    await expect(pull({ from: { localMapper } })).rejects.toThrow(/nowhere\.pt: no such file/);
  });
});

describe('a mirror that lies', () => {
  it('about a digest is not trusted with a file’s name', async () => {
    hub.listedSha256 = '../../../../evil';
    await expect(pull()).rejects.toThrow(/CompVis\/stable-diffusion-v1-4: the hub cannot be read/);
    expect(filesIn(folder)).toEqual([]);
  });

  it('about a size sends no more than was announced', async () => {
    hub.trailingBytes = 50_000_000;
    await expect(pull()).rejects.toThrow(/expected \d+ bytes, got \d+/);
    const written = filesIn(folder).filter((name) => name.endsWith('.partial'));
    expect(written).toEqual([]);
  });

  it('about what a file holds is found out', async () => {
    hub.listedSha256 = '0'.repeat(64);
    await expect(pull()).rejects.toThrow(/expected sha256 0{64}, got [0-9a-f]{64}/);
  });
});

describe('a mapper file by URL', () => {
  const urlOf = (fragment: string) =>
    `${hub.url}/openai/clip-vit-large-patch14/resolve/main/model.safetensors${fragment}`;

  it('keeps its format and is checked against the SHA-256 behind the URL', async () => {
    await pull({ from: { globalMapper: urlOf('') } });
    expect(isCopy('global_mapper.safetensors', 'vision_encoder/model.safetensors')).toBe(true);
    await expect(pull({ from: { globalMapper: urlOf(`#sha256=${'0'.repeat(64)}`) } })).rejects.toThrow(
      /model\.safetensors: expected sha256 0{64}, got [0-9a-f]{64}/,
    );
  });

  it('must answer', async () => {
    await expect(pull({ from: { globalMapper: `${hub.url}/nowhere` } })).rejects.toThrow(/nowhere: answered 404/);
    await expect(pull({ from: { globalMapper: 'http://127.0.0.1:1/x.pt' } })).rejects.toThrow(/cannot be reached/);
  });
});
