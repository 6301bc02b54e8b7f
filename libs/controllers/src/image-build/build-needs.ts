// What an ImageBuild names that is not there: it waits for it before it has a pod, which could only wait without a word. Pure.
import { ConfigMap, PersistentVolumeClaim, Secret } from '@berth/api';
import type { Caches } from '@berth/controller';
import { builderAccount } from './build-pod.ts';
import type { ImageBuild } from './image-build-kind.ts';

export interface BuildNeed {
  kind: 'ConfigMap' | 'PersistentVolumeClaim' | 'Secret';
  name: string;
  /** The field that names it. */
  field: string;
  /** Those of its keys that are needed. */
  keys?: string[];
}

const reasons = { ConfigMap: 'NoSource', PersistentVolumeClaim: 'NoClaim', Secret: 'NoSecret' } as const;

/** In the build's namespace. */
export function needsOf({ spec }: ImageBuild): BuildNeed[] {
  const { source, secret, pushSecret, cacheClaim, dockerfile = 'Dockerfile' } = spec;
  const claim = (name: string | undefined, field: string): BuildNeed[] =>
    name === undefined ? [] : [{ kind: 'PersistentVolumeClaim', name, field }];
  return [
    ...(source.configMap === undefined
      ? []
      : [{ kind: 'ConfigMap' as const, name: source.configMap, field: 'spec.source.configMap', keys: [dockerfile] }]),
    ...claim(source.claim?.name, 'spec.source.claim.name'),
    ...claim(cacheClaim, 'spec.cacheClaim'),
    ...(secret ? [{ kind: 'Secret' as const, name: secret.name, field: 'spec.secret', keys: secret.keys }] : []),
    ...(pushSecret === undefined
      ? []
      : [{ kind: 'Secret' as const, name: pushSecret, field: 'spec.pushSecret', keys: ['.dockerconfigjson'] }]),
  ];
}

/** The first that is missing, in words; undefined when all is there. */
export function missingNeed(build: ImageBuild, caches: Caches): { reason: string; message: string } | undefined {
  const namespace = build.metadata.namespace ?? '';
  for (const { kind, name, field, keys = [] } of needsOf(build)) {
    const has = keysOf(kind, `${namespace}/${name}`, caches);
    const reason = reasons[kind];
    if (!has) return { reason, message: `${field}: there is no ${kind} ${name} in the namespace ${namespace}` };
    const missing = keys.find((key) => !has.has(key));
    if (missing !== undefined) return { reason, message: `${field}: ${kind} ${name} has no key ${missing}` };
  }
  return undefined;
}

export function missingPreparation(
  { metadata }: ImageBuild,
  { registry, builderImage, hasAccount }: { registry: string | undefined; builderImage: string | undefined; hasAccount: boolean },
): { reason: string; message: string } | undefined {
  const remedy = `berth build --prepare -n ${metadata.namespace} makes it`;
  if (!registry || !builderImage) return { reason: 'NoBuilder', message: `the image that builds run in is not there yet: ${remedy}` };
  return hasAccount
    ? undefined
    : { reason: 'NoAccount', message: `there is no ServiceAccount ${builderAccount} that may push images: ${remedy}` };
}

/** Undefined where the object is not there. */
function keysOf(kind: BuildNeed['kind'], key: string, caches: Caches): ReadonlySet<string> | undefined {
  if (kind === 'PersistentVolumeClaim') return caches.of(PersistentVolumeClaim).get(key) && new Set();
  const found = kind === 'ConfigMap' ? caches.of(ConfigMap).get(key) : caches.of(Secret).get(key);
  if (!found) return undefined;
  const binary = 'binaryData' in found ? found.binaryData : undefined;
  return new Set([...Object.keys(found.data ?? {}), ...Object.keys(binary ?? {})]);
}
