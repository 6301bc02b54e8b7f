// A one-layer OCI image as a tar archive, made in memory: the pause image needs no registry and no build tool.
import { createHash } from 'node:crypto';

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

const blockBytes = 512;

/** ustar (POSIX.1-1988): a header block a file, contents padded to whole blocks, two empty blocks at the end. */
function tar(files: ImageFile[]): Buffer {
  const parts: Buffer[] = [];
  for (const { path, mode, data } of files) {
    const header = Buffer.alloc(blockBytes);
    const octal = (value: number, offset: number, length: number) =>
      header.write(`${value.toString(8).padStart(length - 1, '0')}\0`, offset, 'ascii');
    header.write(path, 0, 100, 'utf8');
    octal(mode, 100, 8);
    octal(0, 108, 8);
    octal(0, 116, 8);
    octal(data.length, 124, 12);
    octal(0, 136, 12);
    header.write('        ', 148, 'ascii');
    header.write('0', 156, 'ascii');
    header.write('ustar\0' + '00', 257, 'ascii');
    header.write(
      `${header
        .reduce((sum, byte) => sum + byte, 0)
        .toString(8)
        .padStart(6, '0')}\0 `,
      148,
      'ascii',
    );
    parts.push(header, data, Buffer.alloc((blockBytes - (data.length % blockBytes)) % blockBytes));
  }
  return Buffer.concat([...parts, Buffer.alloc(2 * blockBytes)]);
}
