import { cpSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { readTensor } from '../weights/read-tensor.ts';
import { readSafetensorsIndex, writeSafetensors } from '../weights/safetensors.ts';

/** Copies a folder, with every float of its safetensors files in half precision: half the size, and read as float32 again. */
export function copyHalved(from: string, to: string): void {
  cpSync(from, to, { recursive: true });
  for (const entry of readdirSync(to, { recursive: true, withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith('.safetensors')) halveFile(join(entry.parentPath, entry.name));
  }
}

/** Rewrites a safetensors file in half precision. @throws Error for a weight that half precision cannot hold. */
export function halveFile(file: string): void {
  const tensors = [...readSafetensorsIndex(file)].map(([name, location]) => {
    const values = readTensor(location);
    const data = new Float16Array(values);
    const beyond = data.findIndex((value, i) => !Number.isFinite(value) && Number.isFinite(values[i]));
    if (beyond !== -1)
      throw new Error(`${file}: expected weights within half precision, got ${values[beyond]} in ${name}`);
    return [name, { shape: location.shape, data }] as const;
  });
  writeSafetensors(file, new Map(tensors), { format: 'pt' });
}
