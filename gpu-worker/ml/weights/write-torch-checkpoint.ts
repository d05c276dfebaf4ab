import { crc32 } from 'node:zlib';
import { stateDictPickle, TORCH_STORAGES } from './state-dict-pickle.ts';
import { checkedTensorData, type DeferredTensor, deferTensor, type TensorToWrite } from './tensor-to-write.ts';
import { WeightsError } from './weights-error.ts';
import { type Write, withNewFile } from './write-file.ts';

/** Where torch puts the parts of an archive; the reader of any torch since 1.6 looks for them under one folder of any name. */
const ROOT = 'archive';

/** torch aligns storages to this many bytes, so that they can be mapped. */
const ALIGNMENT_BYTES = 64;
const MAX_ARCHIVE_BYTES = 2 ** 32 - 1;

/** Writes a state dict as `torch.save` does. @throws WeightsError as `streamTorchCheckpoint` does. */
export function writeTorchCheckpoint(file: string, tensors: ReadonlyMap<string, TensorToWrite>): void {
  streamTorchCheckpoint(
    file,
    [...tensors].map(([name, tensor]) => deferTensor(name, tensor)),
  );
}

/**
 * Writes a state dict one tensor at a time: a zip archive of uncompressed, aligned storages and a pickle that names them.
 *
 * @throws WeightsError if torch has no such dtype, a tensor turns out other than it said, or the archive passes zip's own limit of 4 GiB.
 */
export function streamTorchCheckpoint(file: string, tensors: readonly DeferredTensor[]): void {
  for (const { name, dtype } of tensors) {
    if (!TORCH_STORAGES[dtype]) throw new WeightsError(file, `tensor "${name}": torch has no storage for ${dtype}`);
  }
  withNewFile(file, (write) => {
    const archive = openArchive(file, write);
    archive.add('data.pkl', stateDictPickle(tensors));
    archive.add('byteorder', Buffer.from('little'));
    for (const [index, tensor] of tensors.entries()) archive.add(`data/${index}`, checkedTensorData(file, tensor));
    archive.add('version', Buffer.from('3\n'));
    archive.close();
  });
}

type Archive = { add(name: string, bytes: Uint8Array): void; close(): void };

/** A zip archive of stored entries (APPNOTE.TXT 4.3): each entry behind its local header, the directory of all of them last. */
function openArchive(file: string, write: Write): Archive {
  const directory: Buffer[] = [];
  let position = 0;
  const append = (bytes: Uint8Array) => {
    position += bytes.length;
    if (position > MAX_ARCHIVE_BYTES) throw new WeightsError(file, `expected at most ${MAX_ARCHIVE_BYTES} bytes`);
    write(bytes);
  };
  return {
    add: (name, bytes) => {
      const path = Buffer.from(`${ROOT}/${name}`);
      const facts = entryFacts(bytes);
      const padding = alignmentField(position + LOCAL_HEADER_BYTES + path.length);
      directory.push(directoryEntry(path, facts, position));
      append(localHeader(path, facts, padding));
      append(bytes);
    },
    close: () => {
      const start = position;
      for (const entry of directory) append(entry);
      append(endOfDirectory(directory.length, position - start, start));
    },
  };
}

const LOCAL_HEADER_BYTES = 30;
const VERSION_NEEDED = 20;
/** 1 January 1980, the earliest date a zip can state: the same weights make the same file. */
const DOS_DATE = 0x21;

/** What both headers of an entry repeat: version, flags, method (0: stored), time, date, checksum and the two equal sizes. */
function entryFacts(bytes: Uint8Array): Buffer {
  const facts = Buffer.alloc(22);
  facts.writeUInt16LE(VERSION_NEEDED, 0);
  facts.writeUInt16LE(DOS_DATE, 8);
  facts.writeUInt32LE(crc32(bytes), 10);
  facts.writeUInt32LE(bytes.length, 14);
  facts.writeUInt32LE(bytes.length, 18);
  return facts;
}

function localHeader(path: Buffer, facts: Buffer, extra: Buffer): Buffer {
  const lengths = Buffer.alloc(4);
  lengths.writeUInt16LE(path.length, 0);
  lengths.writeUInt16LE(extra.length, 2);
  return Buffer.concat([Buffer.from('PK\x03\x04', 'latin1'), facts, lengths, path, extra]);
}

/** An extra field of the kind torch uses ("FB"), long enough that what follows `position` and it is aligned. */
function alignmentField(position: number): Buffer {
  const fieldHead = 4;
  const padding = (ALIGNMENT_BYTES - ((position + fieldHead) % ALIGNMENT_BYTES)) % ALIGNMENT_BYTES;
  const field = Buffer.alloc(fieldHead + padding, 'Z');
  field.write('FB', 0);
  field.writeUInt16LE(padding, 2);
  return field;
}

function directoryEntry(path: Buffer, facts: Buffer, position: number): Buffer {
  const rest = Buffer.alloc(18);
  rest.writeUInt16LE(path.length, 0);
  rest.writeUInt32LE(position, 14);
  const madeBy = Buffer.alloc(2);
  madeBy.writeUInt16LE(VERSION_NEEDED);
  return Buffer.concat([Buffer.from('PK\x01\x02', 'latin1'), madeBy, facts, rest, path]);
}

function endOfDirectory(entries: number, sizeBytes: number, position: number): Buffer {
  const end = Buffer.alloc(22);
  end.write('PK\x05\x06', 'latin1');
  end.writeUInt16LE(entries, 8);
  end.writeUInt16LE(entries, 10);
  end.writeUInt32LE(sizeBytes, 12);
  end.writeUInt32LE(position, 16);
  return end;
}
