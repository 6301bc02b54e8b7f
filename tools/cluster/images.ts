// Builds an image from a folder with a Dockerfile, with buildah and no base image from elsewhere, and pushes it to the
// cluster's registry. The same folder again is a no-op.
import { createHash } from 'node:crypto';
import { copyFile, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ClusterLayout } from './layout.ts';
import { runCommand } from './run-command.ts';

const buildTimeoutMs = 120_000;
const manifestTypes = 'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json';

export interface ImageSource {
  /** e.g. `berth/hello`. */
  repository: string;
  tag: string;
  /** Holds the Dockerfile; busybox is put beside it as `busybox`. */
  folder: string;
}

/** @returns the image's name, as a pod's `image` states it */
export async function provideImage(layout: ClusterLayout, source: ImageSource): Promise<string> {
  const registry = `localhost:${layout.registryPort}`;
  const name = `${registry}/${source.repository}:${source.tag}`;
  const work = join(layout.directory, 'images', source.repository.replaceAll('/', '_'));
  const stamp = `${work}-${source.tag}.sha256`;
  const digest = await folderDigest(source.folder);
  if ((await textOf(stamp)) === digest && (await isPushed(registry, source))) return name;
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  await cp(source.folder, work, { recursive: true });
  await copyFile('/bin/busybox', join(work, 'busybox'));
  const storage = [
    '--root',
    join(layout.directory, 'buildah'),
    '--runroot',
    join(layout.directory, 'buildah-run'),
    '--storage-driver',
    'vfs',
  ];
  const options = { timeoutMs: buildTimeoutMs };
  await runCommand(['buildah', ...storage, 'bud', '--isolation', 'chroot', '--quiet', '--tag', name, work], options);
  await runCommand(['buildah', ...storage, 'push', '--quiet', '--tls-verify=false', name], options);
  await writeFile(stamp, digest);
  return name;
}

async function isPushed(registry: string, { repository, tag }: ImageSource): Promise<boolean> {
  const response = await fetch(`http://${registry}/v2/${repository}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { accept: manifestTypes },
  });
  return response.ok;
}

async function folderDigest(folder: string): Promise<string> {
  const hash = createHash('sha256');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
  for (const file of [...files.sort(), '/bin/busybox']) hash.update(file.replace(folder, '')).update(await readFile(file));
  return hash.digest('hex');
}

async function textOf(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  });
}
