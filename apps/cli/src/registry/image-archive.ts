// An image as a file that nodes import (OCI image layout in an archive), for a cluster that has no registry yet.
import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import { tarOf } from '@berth/runtime/tar';
import { type ImageEntry, layerOf, type ProgramImage } from '../build/image-of-programs.ts';
import type { ImageConfig } from '../build/registry.ts';

const types = {
  manifest: 'application/vnd.oci.image.manifest.v1+json',
  config: 'application/vnd.oci.image.config.v1+json',
  layer: 'application/vnd.oci.image.layer.v1.tar',
};

/** @param name as pods call it, with a tag */
export async function writeImageArchive(file: string, name: string, image: ProgramImage, config: ImageConfig): Promise<void> {
  const layer = await bytesOf(image.entries);
  const layerBlob = blob(layer, types.layer);
  const configBlob = blob(
    json({ architecture: 'amd64', os: 'linux', config, rootfs: { type: 'layers', diff_ids: [layerBlob.descriptor.digest] } }),
    types.config,
  );
  const { descriptor: ofConfig } = configBlob;
  const manifest = { schemaVersion: 2, mediaType: types.manifest, config: ofConfig, layers: [layerBlob.descriptor] };
  const manifestBlob = blob(json(manifest), types.manifest);
  const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': name };
  const index = json({ schemaVersion: 2, manifests: [{ ...manifestBlob.descriptor, annotations }] });
  const folder = (path: string) => ({ ...common, path, type: 'directory' as const, mode: 0o755 });
  const entry = (path: string, data: Buffer) => ({ ...common, path, type: 'file' as const, mode: 0o644, data });
  const archive = tarOf([
    ...[folder('blobs'), folder('blobs/sha256')],
    ...[layerBlob, configBlob, manifestBlob].map(({ data, descriptor }) => entry(`blobs/sha256/${descriptor.digest.slice(7)}`, data)),
    entry('index.json', index),
    entry('oci-layout', json({ imageLayoutVersion: '1.0.0' })),
  ]);
  await written(file, archive);
}

const common = { uid: 0, gid: 0, mtimeSeconds: 0 };

function blob(data: Buffer, mediaType: string) {
  return { data, descriptor: { mediaType, digest: `sha256:${createHash('sha256').update(data).digest('hex')}`, size: data.length } };
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}

/** Some twenty megabytes. */
async function bytesOf(entries: readonly ImageEntry[]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of layerOf(entries)) pieces.push(piece);
  return Buffer.concat(pieces);
}

/** As a whole, or not at all. */
async function written(file: string, data: Buffer): Promise<void> {
  const half = `${file}.part`;
  const handle = await open(half, 'w', 0o644);
  try {
    await handle.writeFile(data);
    await handle.sync();
  } catch (error) {
    await rm(half, { force: true });
    throw error;
  } finally {
    await handle.close();
  }
  await rename(half, file);
}
