import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { formatBytes, formatTable } from '../../gpu-worker/cli/format.ts';
import type { EliteModel } from '../../gpu-worker/ml/elite/elite-model.ts';
import { loadModel } from '../../gpu-worker/ml/elite/load-model.ts';
import { networkGraphs } from '../../gpu-worker/ml/elite/network-graphs.ts';
import type { UNetRow } from '../../gpu-worker/ml/elite/unet-rows.ts';
import { primitive } from '../../gpu-worker/ml/graph/op-sets/primitive.ts';
import { decodeImage } from '../../gpu-worker/ml/image/decode-image.ts';
import { decodeMask } from '../../gpu-worker/ml/image/decode-mask.ts';
import { encodeConcept } from '../../gpu-worker/ml/pipelines/encode-concept.ts';
import { follow } from '../../gpu-worker/ml/pipelines/follow.ts';
import { shippedModel } from '../../gpu-worker/models/shipped-model.ts';
import { referenceDir } from '../parity/reference.ts';
import { benchEdge } from './bench-edge.ts';
import { benchGpu } from './bench-gpu.ts';
import { benchInt8 } from './bench-int8.ts';
import { benchOptions } from './bench-options.ts';
import { benchTraining } from './bench-training.ts';
import { countFlops } from './count-flops.ts';
import { findGpu } from './find-gpu.ts';
import { type MatrixRate, openMatrixRate } from './matrix-rate.ts';
import { median, processMemory, type Timing, time } from './measure.ts';
import { writeFullSizeModel } from './write-full-size-model.ts';

/**
 * Measures every stage of a model folder on this machine against the machine's own rate of matrix products, taken before each repetition.
 * Without a folder: Stable Diffusion v1-4's sizes with random weights, written once (5.7 GB) into the user's cache. `gpu` ahead of it measures the
 * machine's GPU instead, `training` a step of each of ELITE's stages, `options` what each way to a quicker picture costs and how far from the whole run
 * it leads (without a folder: of the server's own small model), `int8` what computing layers in integers saves and how far from float32 it leads;
 * `edge` alone measures the API.
 */
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    runs: { type: 'string', default: '3' },
    threads: { type: 'string' },
    precision: { type: 'string', default: 'float32' },
    only: { type: 'string' },
    photo: { type: 'string' },
    mask: { type: 'string' },
    prompt: { type: 'string', default: 'a photo of a S*' },
    seeds: { type: 'string', default: '8' },
  },
});

const count = z.coerce.number().int().positive();
const counts = z.object({ runs: count, seeds: count, threads: count.optional() }).safeParse(options);
if (!counts.success) {
  console.error(z.prettifyError(counts.error));
  process.exit(2);
}
const { runs, seeds, threads } = counts.data;

if (positionals[0] === 'edge') {
  await benchEdge();
  process.exit();
}

type Stage = { readonly name: string; readonly flops: number; readonly run: () => Promise<unknown> };

const subject = ['gpu', 'int8', 'options', 'training'].find((name) => name === positionals[0]);
const modelFolder = () => positionals[subject ? 1 : 0] ?? cachedFullSizeModel(options.precision);
if (subject === 'gpu') await reportGpu();
else if (subject === 'options') await reportOptions(positionals[1] ?? shippedModel);
else if (subject === 'training') await benchTraining(modelFolder(), threads);
else if (subject === 'int8') console.log(await benchInt8(modelFolder(), runs, { threads }));
else await benchProcessor(modelFolder());

async function reportOptions(folder: string): Promise<void> {
  const model = await loadModel(folder, { threads, segmenter: false, safetyChecker: false });
  const picture = (name: string) => join(referenceDir, 'pictures', name);
  const { photo = picture('creature.png'), mask = options.photo ? undefined : picture('creature_bg.png') } = options;
  const subject = {
    photo: readFileSync(photo),
    mask: mask === undefined ? null : readFileSync(mask),
    prompt: options.prompt,
    seeds: seeds,
  };
  console.log(await benchOptions(model, subject));
  await model.release();
}

/** A machine without a GPU hears of it before gigabytes are written for it. */
async function reportGpu(): Promise<void> {
  try {
    const provider = await findGpu();
    console.log(await benchGpu(modelFolder(), { provider, runs }));
  } catch (error) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
}

async function benchProcessor(folder: string): Promise<void> {
  const sessionOptions = { threads };
  const matrixRate = await openMatrixRate(sessionOptions);
  const before = processMemory();
  const loading: { model?: EliteModel } = {};
  const load = await time(async () => {
    loading.model = await loadModel(folder, sessionOptions);
  });
  const model = loading.model!;
  const loaded = processMemory();

  const rows: string[][] = [];
  for (const stage of stages(model)) {
    if (options.only !== undefined && !stage.name.includes(options.only)) continue;
    await stage.run(); // the first run allocates, and reads the weights from the disk
    const repetitions: { timing: Timing; rate: MatrixRate }[] = [];
    for (let run = 0; run < runs; run++) {
      const rate = await matrixRate.measure();
      repetitions.push({ rate, timing: await time(stage.run) });
    }
    rows.push(tableRow(stage, repetitions));
  }
  const busiest = processMemory();
  await model.networks.release();
  await matrixRate.release();

  console.log(`${folder}\n`);
  console.log(
    formatTable(
      [
        ['stage', 'median', 'min–max', 'cpu', 'GFLOP', 'GFLOP/s', 'of sgemm', 'per cpu s', 'of sgemm', 'others'],
        ...rows,
      ],
      [1, 2, 3, 4, 5, 6, 7, 8, 9],
    ),
  );
  console.log(`\nloading ${load.seconds.toFixed(2)} s (${load.cpuSeconds.toFixed(2)} s of processor time)`);
  console.log(
    `private memory ${formatBytes(before.privateBytes)} → ${formatBytes(loaded.privateBytes)} loaded → ${formatBytes(busiest.privateBytes)} after the runs; ` +
      `mapped ${formatBytes(busiest.mappedBytes)}; peak ${formatBytes(busiest.peakBytes)} resident`,
  );
}

/** What a stage took, as time, as a rate and as a share of the rate of plain matrix products, of wall and of processor time. */
function tableRow({ name, flops }: Stage, repetitions: readonly { timing: Timing; rate: MatrixRate }[]): string[] {
  const seconds = repetitions.map(({ timing }) => timing.seconds);
  const percent = (share: number) => `${(100 * share).toFixed(0)} %`;
  const giga = (value: number) => (value / 1e9).toFixed(value < 1e10 ? 1 : 0);
  return [
    name,
    `${median(seconds).toFixed(2)} s`,
    `${Math.min(...seconds).toFixed(2)}–${Math.max(...seconds).toFixed(2)}`,
    `${median(repetitions.map(({ timing }) => timing.cpuSeconds)).toFixed(2)} s`,
    giga(flops),
    giga(flops / median(seconds)),
    percent(median(repetitions.map(({ timing, rate }) => flops / timing.seconds / rate.perSecond))),
    giga(median(repetitions.map(({ timing }) => flops / timing.cpuSeconds))),
    percent(median(repetitions.map(({ timing, rate }) => flops / timing.cpuSeconds / rate.perCpuSecond))),
    median(repetitions.map(({ timing }) => timing.othersBusy)).toFixed(1),
  ];
}

function stages(model: EliteModel): Stage[] {
  const { networks, config, description } = model;
  const { text, mapping } = config;
  const size = description.defaults;
  const graphs = networkGraphs(config, primitive); // what the mathematics asks for, whatever way it is computed
  const mappers = countFlops(graphs.global, 1) + countFlops(graphs.local, 1);
  const [photoFile, maskFile] = ['creature.png', 'creature_bg.png'].map((name) =>
    readFileSync(join(referenceDir, 'pictures', name)),
  );
  const words = new Float32Array(mapping.words * mapping.wordSize).fill(0.1);
  const prompt = {
    tokenIds: new Int32Array(text.positions).fill(1),
    wordPositions: new Int32Array(mapping.words).fill(-1),
    words,
  };
  const row: UNetRow = {
    latents: wave(model.latentCount(size)),
    timestep: 500,
    context: wave(text.positions * config.unet.contextSize),
    local: wave(mapping.patches * config.unet.contextSize),
    placeholderIndex: 5,
    strength: 0.8,
  };
  return [
    {
      name: 'encode',
      flops: countFlops(graphs.vision, 1) + mappers,
      run: async () => follow(encodeConcept(model, { photo: await decodeImage(photoFile), mask: null })),
    },
    {
      name: 'encode, masked',
      flops: countFlops(graphs.vision, 2) + mappers,
      run: async () =>
        follow(encodeConcept(model, { photo: await decodeImage(photoFile), mask: await decodeMask(maskFile) })),
    },
    {
      name: 'text, two prompts',
      flops: countFlops(graphs.text, 2),
      run: () => networks.encodeText([prompt, prompt]),
    },
    {
      name: 'unet, one row',
      flops: countFlops(graphs.unet(size), 1),
      run: () => networks.predictNoise(size, [row]),
    },
    {
      name: 'unet, guided step',
      flops: countFlops(graphs.unet(size), 2),
      run: () => networks.predictNoise(size, [row, { ...row, strength: 0 }]),
    },
    {
      name: 'vae decode',
      flops: countFlops(graphs.vaeDecoder(size), 1),
      run: () => networks.decodeLatents(size, row.latents),
    },
  ];
}

/** Numbers of unit variance without a pattern that a convolution could cancel. */
function wave(length: number): Float32Array {
  return Float32Array.from({ length }, (_, i) => Math.SQRT2 * Math.sin(i * i * 0.37));
}

function cachedFullSizeModel(precision: string): string {
  if (precision !== 'float32' && precision !== 'float16')
    throw new Error(`--precision: expected float32 or float16, got ${precision}`);
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'elite-edge', `full-size-${precision}`);
  if (!existsSync(folder)) {
    console.log(`writing ${folder} …`);
    writeFullSizeModel(folder, { precision, format: 'safetensors', seed: 1 });
  }
  return folder;
}
