// Puts images into the cluster's registry over the API server (OCI distribution, `/v2/`): layers piece by piece, then the manifest that
// names them.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { collect, type HttpClient, type RawCall } from '@berth/client';
import { StatusError } from '@berth/machinery';

const manifestType = 'application/vnd.oci.image.manifest.v1+json';
const configType = 'application/vnd.oci.image.config.v1+json';
const layerType = 'application/vnd.oci.image.layer.v1.tar';
const nameHeader = 'berth-registry';

export class RegistryError extends Error {}

export interface ImageConfig {
  Env?: string[];
  Entrypoint?: string[];
  Labels?: Record<string, string>;
  User?: string;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
}

export class ClusterRegistry {
  readonly #client: Pick<HttpClient, 'send'>;
  /** As images on nodes begin with it, e.g. `localhost:5055`. */
  readonly host: string;

  private constructor(client: Pick<HttpClient, 'send'>, host: string) {
    this.#client = client;
    this.host = host;
  }

  /** @throws RegistryError where the cluster has none */
  static async of(client: Pick<HttpClient, 'send'>): Promise<ClusterRegistry> {
    const answer = await client.send({ method: 'GET', path: '/v2/' }).catch((error: unknown) => {
      if (!isNotFound(error)) throw error;
      const remedy = 'npm run up gives its cluster one; give the control plane of others one with --image-registry URL';
      throw new RegistryError(`this cluster has no image registry, where what is built could go: ${remedy}`);
    });
    await drained(answer);
    const host = answer.headers[nameHeader];
    if (typeof host !== 'string') throw new RegistryError('what answers at /v2/ of the API server is no registry of Berth');
    return new ClusterRegistry(client, host);
  }

  /** The digest of a tag's manifest; undefined where there is none. */
  async digestOf(repository: string, tag: string): Promise<string | undefined> {
    const call = { method: 'HEAD', path: `/v2/${repository}/manifests/${tag}`, headers: { accept: manifestType } };
    try {
      const answer = await this.#client.send(call);
      await drained(answer);
      return String(answer.headers['docker-content-digest']);
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  /** An image of one layer, which is an archive. @returns the digest of its manifest */
  async push(
    repository: string,
    layer: AsyncIterable<Uint8Array>,
    config: ImageConfig,
    tag?: string,
    signal?: AbortSignal,
  ): Promise<string> {
    const pushed = await this.#upload(repository, layer, layerType, signal);
    const wholeConfig = { architecture: 'amd64', os: 'linux', config, rootfs: { type: 'layers', diff_ids: [pushed.digest] } };
    const configBytes = Buffer.from(JSON.stringify(wholeConfig));
    const manifest = {
      schemaVersion: 2,
      mediaType: manifestType,
      config: await this.#upload(repository, pieces(configBytes), configType, signal),
      layers: [pushed],
    };
    const body = Buffer.from(JSON.stringify(manifest));
    const digest = digestOf(body);
    const path = `/v2/${repository}/manifests/${tag ?? digest}`;
    await this.#done({ method: 'PUT', path, body, contentType: manifestType, signal });
    return digest;
  }

  async #upload(repository: string, data: AsyncIterable<Uint8Array>, mediaType: string, signal?: AbortSignal): Promise<Descriptor> {
    const begun = await this.#done({ method: 'POST', path: `/v2/${repository}/blobs/uploads/`, body: '', signal });
    const hash = createHash('sha256');
    let size = 0;
    const counted = async function* () {
      for await (const piece of data) {
        hash.update(piece);
        size += piece.length;
        yield piece;
      }
    };
    const contentType = 'application/octet-stream';
    const sent = await this.#done({ method: 'PATCH', path: locationOf(begun), body: counted(), contentType, signal });
    const digest = `sha256:${hash.digest('hex')}`;
    const place = locationOf(sent);
    const path = `${place}${place.includes('?') ? '&' : '?'}digest=${encodeURIComponent(digest)}`;
    await this.#done({ method: 'PUT', path, body: '', contentType, signal });
    return { mediaType, digest, size };
  }

  async #done(call: RawCall): Promise<IncomingMessage> {
    const answer = await this.#client.send(call);
    await drained(answer);
    return answer;
  }
}

function locationOf({ headers }: IncomingMessage): string {
  const { pathname, search } = new URL(headers.location ?? '', 'https://registry');
  return pathname + search;
}

function drained(answer: IncomingMessage): Promise<string> {
  return collect(answer);
}

function isNotFound(error: unknown): boolean {
  return error instanceof StatusError && error.status.code === 404;
}

async function* pieces(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}

export function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}
