import { type FileBytes, withFileBytes } from './file-bytes.ts';
import { describeValue, isKind, type PickleDoors, type PickleValue, readPickle } from './pickle.ts';
import { PickleError } from './pickle-input.ts';
import type { WeightIndex } from './tensor-location.ts';
import { locateTorchTensor, STORAGE_TYPES, type TorchStorage, type TorchTensor } from './torch-tensor.ts';
import { WeightsError } from './weights-error.ts';
import { readZipEntries, type ZipEntry } from './zip-entries.ts';

/** A UNet of 686 tensors takes 100 KB. */
const MAX_PICKLE_BYTES = 16 * 1024 * 1024;

/**
 * Reads where the tensors of a state dict lie in a file written by `torch.save` (a zip archive since torch 1.6). The pickle
 * inside is read for tensors and nothing else: it runs no code, and a global beyond those of plain tensors is refused by name.
 *
 * @throws WeightsError for anything but a flat dict of row-major tensors in a stored archive.
 */
export function readTorchIndex(file: string): WeightIndex {
  return withFileBytes(file, (bytes) => {
    const entries = readZipEntries(bytes);
    const pickle = findPickle(bytes.file, entries);
    const root = pickle.name.slice(0, -'data.pkl'.length);
    requireLittleEndian(bytes, entries.get(`${root}byteorder`));
    const doors = torchDoors((key) => entries.get(`${root}data/${key}`));
    const stateDict = readStateDict(bytes.file, bytes.read(pickle.offset, pickle.length), doors);
    return new Map(
      [...stateDict].map(([name, tensor]) => [name, locateTorchTensor(bytes.file, name, tensor)] as const),
    );
  });
}

function findPickle(file: string, entries: ReadonlyMap<string, ZipEntry>): ZipEntry {
  const pickles = [...entries.values()].filter(({ name }) => /^([^/]*\/)?data\.pkl$/.test(name));
  const [pickle] = pickles;
  if (!pickle || pickles.length > 1)
    throw new WeightsError(file, `expected one data.pkl in the archive, found ${pickles.length}`);
  if (pickle.length > MAX_PICKLE_BYTES)
    throw new WeightsError(file, `data.pkl has ${pickle.length} bytes, at most ${MAX_PICKLE_BYTES} allowed`);
  return pickle;
}

function requireLittleEndian(bytes: FileBytes, entry: ZipEntry | undefined): void {
  if (!entry) return;
  const order = bytes.read(entry.offset, Math.min(entry.length, 16)).toString('latin1');
  if (order !== 'little') throw new WeightsError(bytes.file, `byte order "${order}", expected "little"`);
}

function readStateDict(file: string, pickle: Buffer, doors: PickleDoors): Map<string, TorchTensor> {
  const stateDict = readPickleOf(file, pickle, doors);
  if (!isKind(stateDict, 'dict'))
    throw new WeightsError(file, `expected a dict of tensors, got ${describeValue(stateDict)}`);
  return new Map([...stateDict.entries].map(([name, value]) => requireTensor(file, name, value)));
}

function readPickleOf(file: string, pickle: Buffer, doors: PickleDoors): PickleValue {
  try {
    return readPickle(pickle, doors);
  } catch (cause) {
    if (cause instanceof PickleError) throw new WeightsError(file, `data.pkl: ${cause.message}`, { cause });
    throw cause;
  }
}

function requireTensor(file: string, name: PickleValue, value: PickleValue): [string, TorchTensor] {
  if (typeof name !== 'string') throw new WeightsError(file, `expected tensor names, got ${describeValue(name)}`);
  if (!isKind(value, 'tensor')) throw new WeightsError(file, `"${name}" is ${describeValue(value)}, expected a tensor`);
  return [name, value.tensor];
}

function torchDoors(findStorage: (key: string) => ZipEntry | undefined): PickleDoors {
  return {
    persistentLoad: (id) => ({ kind: 'storage', storage: readStorage(id, findStorage) }),
    call: (name, args) => {
      const rebuild = REBUILDERS.get(name);
      if (!rebuild) throw new PickleError(`the global ${name} is refused: only plain tensors are read`);
      return rebuild(args);
    },
  };
}

/** The globals a state dict of plain tensors calls. */
const REBUILDERS = new Map<string, (args: readonly PickleValue[]) => PickleValue>([
  ['collections.OrderedDict', buildOrderedDict],
  ['torch._utils._rebuild_tensor_v2', rebuildTensor],
  ['torch._utils._rebuild_parameter', rebuildParameter],
]);

/** Its items follow by SETITEMS: torch writes no arguments. */
function buildOrderedDict(args: readonly PickleValue[]): PickleValue {
  if (args.length > 0) throw new PickleError(`collections.OrderedDict: expected no arguments, got ${args.length}`);
  return { kind: 'dict', entries: new Map() };
}

/** (storage, element offset, shape, strides, requires_grad, hooks …) */
function rebuildTensor([storage, offset, shape, strides]: readonly PickleValue[]): PickleValue {
  if (!isKind(storage, 'storage')) throw new PickleError(`expected a storage, got ${describeValue(storage)}`);
  const tensor = {
    storage: storage.storage,
    elementOffset: readSize(offset),
    shape: readSizes(shape),
    strides: readSizes(strides),
  };
  if (tensor.shape.length !== tensor.strides.length)
    throw new PickleError('a tensor has fewer strides than dimensions');
  return { kind: 'tensor', tensor };
}

/** (tensor, requires_grad, hooks) */
function rebuildParameter([tensor]: readonly PickleValue[]): PickleValue {
  if (!isKind(tensor, 'tensor')) throw new PickleError(`expected a tensor, got ${describeValue(tensor)}`);
  return tensor;
}

function readSizes(value: PickleValue | undefined): readonly number[] {
  if (!isKind(value, 'tuple')) throw new PickleError(`expected a tuple of sizes, got ${describeValue(value)}`);
  return value.items.map(readSize);
}

function readSize(value: PickleValue | undefined): number {
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
    throw new PickleError(`expected a size, got ${describeValue(value)}`);
  return value;
}

/** ('storage', class, key, device, elements), see torch.serialization.persistent_id */
function readStorage(id: PickleValue, findStorage: (key: string) => ZipEntry | undefined): TorchStorage {
  const [tag, type, key, , elements] = isKind(id, 'tuple') ? id.items : [];
  if (tag !== 'storage' || typeof key !== 'string' || !isKind(type, 'global'))
    throw new PickleError(`expected the id of a storage, got ${describeValue(id)}`);
  const element = STORAGE_TYPES.get(type.name);
  if (!element) throw new PickleError(`the storage type ${type.name} is refused`);
  const entry = findStorage(key);
  if (!entry) throw new PickleError(`storage "${key}" is not in the archive`);
  const length = readSize(elements) * element.bytes;
  if (length !== entry.length)
    throw new PickleError(`storage "${key}" takes ${length} bytes, "${entry.name}" has ${entry.length}`);
  return { element, entry };
}
