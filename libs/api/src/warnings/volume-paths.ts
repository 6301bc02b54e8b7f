// Files of one volume that get in each other's way: two at one path, or one below a path that is a file itself.
import type { Volume, VolumeProjection } from '../generated/core-v1.types.ts';

interface PathAndSource {
  path: string;
  /** Empty within a volume of one source. */
  source: string;
}

export function overlappingPathWarnings(volumes: Volume[] | undefined): string[] {
  return (volumes ?? []).flatMap((volume) => {
    const { name, configMap, secret, downwardAPI, projected } = volume;
    return [
      ...within(name, `ConfigMap ${JSON.stringify(configMap?.name ?? '')}`, pathsOf(configMap?.items, '')),
      ...within(name, `Secret ${JSON.stringify(secret?.secretName ?? '')}`, pathsOf(secret?.items, '')),
      ...within(name, 'DownwardAPI', pathsOf(downwardAPI?.items, '')),
      ...(projected ? projectionWarnings(name, projected.sources ?? []) : []),
    ];
  });
}

function projectionWarnings(name: string, sources: VolumeProjection[]): string[] {
  const empty = sources
    .filter((source) => Object.values(source).every((value) => value === undefined || value === null))
    .map(() => `volume ${JSON.stringify(name)} (Projected) has no sources provided`);
  return [...empty, ...within(name, 'Projected', sources.flatMap(projectedPaths))];
}

function projectedPaths({
  configMap,
  secret,
  downwardAPI,
  serviceAccountToken,
  clusterTrustBundle: bundle,
  podCertificate,
}: VolumeProjection) {
  if (configMap?.items) return pathsOf(configMap.items, `ConfigMap ${JSON.stringify(configMap.name ?? '')}`);
  if (secret?.items) return pathsOf(secret.items, `Secret ${JSON.stringify(secret.name ?? '')}`);
  if (downwardAPI?.items) return pathsOf(downwardAPI.items, 'DownwardAPI');
  if (serviceAccountToken) return pathsOf([serviceAccountToken], 'ServiceAccountToken');
  if (bundle) return pathsOf([bundle], `ClusterTrustBundle ${JSON.stringify(bundle.name ?? bundle.signerName ?? '')}`);
  return [
    ...pathsOf([{ path: podCertificate?.certificateChainPath ?? '' }], 'PodCertificate chain'),
    ...pathsOf([{ path: podCertificate?.keyPath ?? '' }], 'PodCertificate key'),
    ...pathsOf([{ path: podCertificate?.credentialBundlePath ?? '' }], 'PodCertificate credential bundle'),
  ];
}

function pathsOf(items: { path?: string }[] | undefined, source: string): PathAndSource[] {
  return (items ?? []).map(({ path = '' }) => ({ path: path.replace(/\/+$/, ''), source }));
}

/** Each path with those before it that it collides with. */
function within(name: string, description: string, paths: PathAndSource[]): string[] {
  return paths.flatMap((own, index) =>
    paths
      .slice(0, index)
      .filter((other) => collide(own.path, other.path))
      .map((other) => `volume ${JSON.stringify(name)} (${description}): overlapping paths: ${shown(own)} with ${shown(other)}`),
  );
}

function collide(one: string, other: string): boolean {
  if (one === '' || other === '') return false;
  return `${one}/`.startsWith(`${other}/`) || `${other}/`.startsWith(`${one}/`);
}

function shown({ path, source }: PathAndSource): string {
  return source ? `${JSON.stringify(path)} (${source})` : JSON.stringify(path);
}
