// A one-layer OCI image as a tar archive, made in memory: the pause image needs no registry and no build tool.
import { createHash } from 'node:crypto';
import { tarOf } from '../tar.ts';

export interface ImageFile {
  /** Without a leading slash. */
  path: string;
  mode: number;
  data: Buffer;
}

export interface ImageSpec {
  /** Full reference, e.g. `berth.local/pause:1`. */
  name: string;
  architecture: string;
  entrypoint: string[];
  files: ImageFile[];
}

/** An archive in OCI image layout that `ctr images import` takes. */
export function ociImage(spec: ImageSpec): Buffer {
  const layer = tar(spec.files);
  const config = Buffer.from(
    JSON.stringify({
      architecture: spec.architecture,
      os: 'linux',
      config: { Entrypoint: spec.entrypoint, WorkingDir: '/' },
      rootfs: { type: 'layers', diff_ids: [digest(layer)] },
    }),
  );
  const manifest = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.manifest.v1+json',
      config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digest(config), size: config.length },
      layers: [{ mediaType: 'application/vnd.oci.image.layer.v1.tar', digest: digest(layer), size: layer.length }],
    }),
  );
  const index = Buffer.from(
    JSON.stringify({
      schemaVersion: 2,
      manifests: [
        {
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          digest: digest(manifest),
          size: manifest.length,
          annotations: {
            'io.containerd.image.name': spec.name,
            'org.opencontainers.image.ref.name': spec.name.slice(spec.name.lastIndexOf(':') + 1),
          },
        },
      ],
    }),
  );
  const blob = (data: Buffer): ImageFile => ({ path: `blobs/sha256/${digest(data).slice('sha256:'.length)}`, mode: 0o644, data });
  return tar([
    { path: 'oci-layout', mode: 0o644, data: Buffer.from('{"imageLayoutVersion":"1.0.0"}') },
    { path: 'index.json', mode: 0o644, data: index },
    ...[layer, config, manifest].map(blob),
  ]);
}

function digest(data: Buffer): string {
  return `sha256:${createHash('sha256').update(data).digest('hex')}`;
}

function tar(files: readonly ImageFile[]): Buffer {
  return tarOf(files.map((file) => ({ ...file, type: 'file', uid: 0, gid: 0, mtimeSeconds: 0 })));
}
