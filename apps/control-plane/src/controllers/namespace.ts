// Empties a namespace that is being deleted and lets it go: pods first, as they may need the rest to end well, then
// everything else. It goes only when the server itself says that nothing is left.
import { kinds as allKinds, Namespace } from '@berth/api';
import { type Action, type Caches, type Controller, type ControllerWatch, erased, watches } from '@berth/controller';
import { equalButForEmpty, groupResourceOf, type KindDefinition, type KubeObject } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';

const finalizer = 'kubernetes';
const namespaceIndex = 'namespace';

export interface Content {
  kind: KindDefinition;
  objects: KubeObject[];
}

export interface ObservedNamespace {
  namespace: Namespace;
  /** What is in it, by kind; kinds of which there is nothing are left out. */
  contents: Content[];
  /** Everything that could be in it. */
  kinds: KindDefinition[];
}

const contentKinds = allKinds.filter((kind) => kind.namespaced);

export const namespaceController: Controller<ObservedNamespace> = {
  name: 'namespace-controller',
  owns: ['Namespace.status', 'Namespace.spec.finalizers[kubernetes]'],
  watches: [watches(Namespace, ({ metadata }) => [metadata.name]), ...contentKinds.map(watchOf)],
  watchesCustom(kind, caches) {
    index(kind, caches);
    return watchOf(kind);
  },
  prepare(caches) {
    for (const kind of contentKinds) index(kind, caches);
  },
  observe(key, caches) {
    const namespace = caches.of(Namespace).get(key);
    if (!namespace?.metadata.deletionTimestamp) return undefined;
    const custom = caches.customKinds().map(({ read }) => read);
    const kinds = [...contentKinds, ...custom.filter((kind) => kind.namespaced)];
    const contents = kinds.map((kind) => ({ kind, objects: caches.of(kind).byIndex(namespaceIndex, key) }));
    return { namespace, contents: contents.filter(({ objects }) => objects.length > 0), kinds };
  },
  plan: planNamespace,
};

function watchOf(kind: KindDefinition): ControllerWatch {
  return watches(kind, ({ metadata: { namespace = '' } }, caches) =>
    caches.of(Namespace).get(namespace)?.metadata.deletionTimestamp ? [namespace] : [],
  );
}

function index(kind: KindDefinition, caches: Caches): void {
  caches.of(kind).addIndex(namespaceIndex, ({ metadata }) => [metadata.namespace ?? '']);
}

export function planNamespace({ namespace, contents, kinds }: ObservedNamespace, now: number): Action[] {
  const finalizers = namespace.spec.finalizers ?? [];
  if (!finalizers.includes(finalizer)) return [];
  const status = statusActions(namespace, contents, now);
  if (contents.length === 0) {
    const spec = { finalizers: finalizers.filter((name) => name !== finalizer) };
    // Without the version that the status update just replaced: the uid says enough.
    const { resourceVersion: _version, ...metadata } = namespace.metadata;
    const release: Action = {
      type: 'update',
      kind: erased(Namespace),
      object: { ...namespace, metadata, spec } as Namespace,
      subresource: 'finalize',
    };
    return [...status, { type: 'ifEmpty', kinds, namespace: namespace.metadata.name, actions: [release] }];
  }
  const pods = contents.filter(({ kind }) => kind.group === '' && kind.kind === 'Pod');
  const actions = (pods.length > 0 ? pods : contents).flatMap(({ kind, objects }) => objects.flatMap((object) => remove(kind, object)));
  return [...status, { type: 'slowStart', actions }];
}

function remove(kind: KindDefinition, { metadata }: KubeObject): Action[] {
  return metadata.deletionTimestamp ? [] : [{ type: 'delete', kind, key: metadata, uid: metadata.uid ?? '' }];
}

function statusActions(namespace: Namespace, contents: Content[], now: number): Action[] {
  const known = namespace.status?.conditions ?? [];
  const at = timestamp({ now: () => now });
  const conditions = conditionsOf(contents).map((condition) => {
    const before = known.find(({ type }) => type === condition.type);
    return { ...condition, lastTransitionTime: before?.status === condition.status ? (before.lastTransitionTime ?? at) : at };
  });
  const status = { phase: 'Terminating', conditions };
  if (equalButForEmpty(status, namespace.status)) return [];
  return [{ type: 'updateStatus', kind: erased(Namespace), object: { ...namespace, status } as Namespace }];
}

function conditionsOf(contents: Content[]) {
  const remaining = contents.map(({ kind, objects }) => `${groupResourceOf(kind)} has ${objects.length} resource instances`);
  const finalizers = new Map<string, number>();
  for (const { objects } of contents) {
    for (const { metadata } of objects) {
      for (const name of metadata.finalizers ?? []) finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
    }
  }
  const held = [...finalizers].sort().map(([name, count]) => `${name} in ${count} resource instances`);
  return [
    condition('NamespaceDeletionDiscoveryFailure', false, 'ResourcesDiscovered', 'All resources successfully discovered'),
    condition('NamespaceDeletionGroupVersionParsingFailure', false, 'ParsedGroupVersions', 'All legacy kube types successfully parsed'),
    condition(
      'NamespaceDeletionContentFailure',
      false,
      'ContentDeleted',
      'All content successfully deleted, may be waiting on finalization',
    ),
    remaining.length > 0
      ? condition('NamespaceContentRemaining', true, 'SomeResourcesRemain', `Some resources are remaining: ${remaining.join(', ')}`)
      : condition('NamespaceContentRemaining', false, 'ContentRemoved', 'All content successfully removed'),
    held.length > 0
      ? condition(
          'NamespaceFinalizersRemaining',
          true,
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${held.join(', ')}`,
        )
      : condition('NamespaceFinalizersRemaining', false, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'),
  ];
}

function condition(type: string, holds: boolean, reason: string, message: string) {
  return { type, status: holds ? 'True' : 'False', reason, message };
}
