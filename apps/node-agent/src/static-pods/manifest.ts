// A pod from a file, as the node runs it by itself: named after its node, known by a hash of what the file says, held to what the API
// would hold it to, and without anything that only the API could give it. Pure.
import { createHash } from 'node:crypto';
import { Pod } from '@berth/api';
import { checkTypes, fieldMessage } from '@berth/machinery';
import { CORE_SCHEMA, load } from 'js-yaml';

const configHash = 'kubernetes.io/config.hash';
const configSource = 'kubernetes.io/config.source';
const configSeen = 'kubernetes.io/config.seen';

export interface ManifestSource {
  /** The file, for messages and for the hash. */
  path: string;
  text: string;
  nodeName: string;
  /** RFC 3339 */
  seen: string;
}

/** @throws Error in words, without the file's name */
export function podFromManifest({ path, text, nodeName, seen }: ManifestSource): Pod {
  if (text.trim() === '') throw new Error('there is no Pod in it');
  const content: unknown = load(text, { schema: CORE_SCHEMA });
  if (content === null || typeof content !== 'object' || Array.isArray(content)) throw new Error('there is no Pod in it');
  const { apiVersion, kind } = content as { apiVersion?: unknown; kind?: unknown };
  if (apiVersion !== 'v1' || kind !== 'Pod') throw new Error(`it holds ${String(apiVersion)} ${String(kind)}, not a v1 Pod`);
  const { value, errors, unknown } = checkTypes(Pod.schema, content);
  const [wrong] = errors;
  if (wrong) throw new Error(`${wrong.field}: ${fieldMessage(wrong)}`);
  if (unknown.length > 0) throw new Error(`unknown field ${JSON.stringify(unknown[0])}`);
  const read = value as unknown as Pod;
  if (!read.metadata?.name) throw new Error('metadata.name: Required value');
  const uid = createHash('sha256')
    .update(`${JSON.stringify(read)}\0${nodeName}\0${path}`)
    .digest('hex')
    .slice(0, 32);
  const { name, namespace = 'default', labels, annotations } = read.metadata;
  const pod: Pod = {
    ...{ apiVersion: 'v1', kind: 'Pod' },
    metadata: {
      ...{ name: `${name}-${nodeName.toLowerCase()}`, namespace, uid: read.metadata.uid || uid, creationTimestamp: seen },
      ...(labels && { labels }),
      annotations: { ...annotations, [configHash]: read.metadata.uid || uid, [configSource]: 'file', [configSeen]: seen },
    },
    // Static pods are not moved away from the node that they belong to.
    spec: { ...read.spec, nodeName, tolerations: [...(read.spec?.tolerations ?? []), { operator: 'Exists', effect: 'NoExecute' }] },
  };
  const reference = apiReference(pod);
  if (reference) throw new Error(`static pods may not reference ${reference}`);
  Pod.defaults(pod);
  const problems = Pod.validate(pod);
  if (problems.length > 0) throw new Error(problems.map((problem) => `${problem.field}: ${fieldMessage(problem)}`).join(', '));
  return pod;
}

/** The first kind of object in the API that the pod refers to. */
function apiReference({ spec }: Pod): string | undefined {
  const volumes = spec.volumes ?? [];
  const sources = volumes.flatMap(({ projected }) => projected?.sources ?? []);
  const containers = [...(spec.containers ?? []), ...(spec.initContainers ?? [])];
  const from = containers.flatMap(({ envFrom }) => envFrom ?? []);
  const values = containers.flatMap(({ env }) => (env ?? []).flatMap(({ valueFrom }) => valueFrom ?? []));
  const found: [boolean, string][] = [
    [Boolean(spec.serviceAccountName) || sources.some(({ serviceAccountToken }) => serviceAccountToken), 'serviceaccounts'],
    [
      volumes.some(({ secret }) => secret) ||
        sources.some(({ secret }) => secret) ||
        from.some(({ secretRef }) => secretRef) ||
        values.some(({ secretKeyRef }) => secretKeyRef) ||
        (spec.imagePullSecrets ?? []).length > 0,
      'secrets',
    ],
    [
      volumes.some(({ configMap }) => configMap) ||
        sources.some(({ configMap }) => configMap) ||
        from.some(({ configMapRef }) => configMapRef) ||
        values.some(({ configMapKeyRef }) => configMapKeyRef),
      'configmaps',
    ],
    [volumes.some(({ persistentVolumeClaim, ephemeral }) => persistentVolumeClaim || ephemeral), 'persistentvolumeclaims'],
    [sources.some(({ clusterTrustBundle }) => clusterTrustBundle), 'clustertrustbundles'],
    [(spec.resourceClaims ?? []).length > 0, 'resourceclaims'],
  ];
  return found.find(([isReferred]) => isReferred)?.[1];
}
