// Empties a namespace that is being deleted and lets it go: pods first, as they may need the rest to end well, then
// everything else. It goes only when the server itself says that nothing is left.
import { kinds as allKinds, Namespace } from '@berth/api';
import { type Action, type Caches, type Controller, type ControllerWatch, erased, watches } from '@berth/controller';
import { equalButForEmpty, groupResourceOf, type KindDefinition, type KubeObject } from '@berth/machinery';
import { timestamp } from '@berth/telemetry';

const finalizer = 'kubernetes';
const namespaceIndex = 'namespace';
const furtherAgainMs = 2_500;

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
  /** What other servers have in it; undefined when there are none. */
  further?: FurtherState | undefined;
}

/** `contents` is undefined until all other servers have been asked. */
export interface FurtherState {
  contents: FurtherContents | undefined;
}

export interface FurtherContents {
  /** Versions of groups whose server did not say what it has: `group/version`. */
  undiscovered: string[];
  /** What could not be deleted, and why. */
  failures: string[];
  remaining: { resource: string; count: number; finalizers: string[] }[];
}

/** Has what other servers have in a namespace deleted, and says what is left. */
export type FurtherOf = (namespace: string) => FurtherState | undefined;

/** Events are too many to be kept in a cache: they are deleted where the server has them. */
const contentKinds = allKinds.filter(({ namespaced, kind }) => namespaced && kind !== 'Event');
const events = allKinds.filter(({ namespaced, kind }) => namespaced && kind === 'Event');

/** @param furtherOf default: there are no other servers */
export const namespaceController = (furtherOf: FurtherOf = () => undefined): Controller<ObservedNamespace> => ({
  name: 'namespace-controller',
  owns: ['Namespace.status', 'Namespace.spec.finalizers[kubernetes]'],
  writes: ['*'],
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
    return { namespace, contents: contents.filter(({ objects }) => objects.length > 0), kinds, further: furtherOf(key) };
  },
  plan: planNamespace,
});

function watchOf(kind: KindDefinition): ControllerWatch {
  return watches(kind, ({ metadata: { namespace = '' } }, caches) =>
    caches.of(Namespace).get(namespace)?.metadata.deletionTimestamp ? [namespace] : [],
  );
}

function index(kind: KindDefinition, caches: Caches): void {
  caches.of(kind).addIndex(namespaceIndex, ({ metadata }) => [metadata.namespace ?? '']);
}

export function planNamespace({ namespace, contents, kinds, further }: ObservedNamespace, now: number): Action[] {
  const finalizers = namespace.spec.finalizers ?? [];
  if (!finalizers.includes(finalizer)) return [];
  const status = statusActions(namespace, contents, further?.contents, now);
  // Nobody says when other servers are through.
  const again: Action[] = isEmptied(further) ? [] : [{ type: 'requeue', afterMs: furtherAgainMs }];
  if (contents.length === 0) {
    if (again.length > 0) return [...status, ...again];
    const spec = { finalizers: finalizers.filter((name) => name !== finalizer) };
    // Without the version that the status update just replaced: the uid says enough.
    const { resourceVersion: _version, ...metadata } = namespace.metadata;
    const release: Action = {
      type: 'update',
      kind: erased(Namespace),
      object: { ...namespace, metadata, spec } as Namespace,
      subresource: 'finalize',
    };
    const name = namespace.metadata.name;
    const deletions = events.map((kind): Action => ({ type: 'deleteAll', kind, namespace: name }));
    return [...status, ...deletions, { type: 'ifEmpty', kinds: [...kinds, ...events], namespace: name, actions: [release] }];
  }
  const pods = contents.filter(({ kind }) => kind.group === '' && kind.kind === 'Pod');
  const actions = (pods.length > 0 ? pods : contents).flatMap(({ kind, objects }) => objects.flatMap((object) => remove(kind, object)));
  return [...status, { type: 'slowStart', actions }, ...again];
}

function isEmptied(further: FurtherState | undefined): boolean {
  if (!further) return true;
  const { contents } = further;
  return contents !== undefined && contents.undiscovered.length + contents.failures.length + contents.remaining.length === 0;
}

function remove(kind: KindDefinition, { metadata }: KubeObject): Action[] {
  return metadata.deletionTimestamp ? [] : [{ type: 'delete', kind, key: metadata, uid: metadata.uid ?? '' }];
}

function statusActions(namespace: Namespace, contents: Content[], further: FurtherContents | undefined, now: number): Action[] {
  const known = namespace.status?.conditions ?? [];
  const at = timestamp({ now: () => now });
  const conditions = conditionsOf(contents, further).map((condition) => {
    const before = known.find(({ type }) => type === condition.type);
    return { ...condition, lastTransitionTime: before?.status === condition.status ? (before.lastTransitionTime ?? at) : at };
  });
  const status = { phase: 'Terminating', conditions };
  if (equalButForEmpty(status, namespace.status)) return [];
  return [{ type: 'updateStatus', kind: erased(Namespace), object: { ...namespace, status } as Namespace }];
}

function conditionsOf(contents: Content[], further: FurtherContents | undefined) {
  const { undiscovered = [], failures = [], remaining: others = [] } = further ?? {};
  const counted = [...contents.map(({ kind, objects }) => ({ resource: groupResourceOf(kind), count: objects.length })), ...others];
  const remaining = counted.map(({ resource, count }) => `${resource} has ${count} resource instances`);
  const finalizers = new Map<string, number>();
  const held = [...contents.flatMap(({ objects }) => objects.flatMap(({ metadata }) => metadata.finalizers ?? []))];
  for (const name of [...held, ...others.flatMap((other) => other.finalizers)]) finalizers.set(name, (finalizers.get(name) ?? 0) + 1);
  const holding = [...finalizers].sort().map(([name, count]) => `${name} in ${count} resource instances`);
  const stale = undiscovered.map((version) => `${version}: stale GroupVersion discovery: ${version}`).join(', ');
  return [
    undiscovered.length > 0
      ? condition(
          'NamespaceDeletionDiscoveryFailure',
          true,
          'DiscoveryFailed',
          `Discovery failed for some groups, ${undiscovered.length} failing: unable to retrieve the complete list of server APIs: ${stale}`,
        )
      : condition('NamespaceDeletionDiscoveryFailure', false, 'ResourcesDiscovered', 'All resources successfully discovered'),
    condition('NamespaceDeletionGroupVersionParsingFailure', false, 'ParsedGroupVersions', 'All legacy kube types successfully parsed'),
    failures.length > 0
      ? condition(
          'NamespaceDeletionContentFailure',
          true,
          'ContentDeletionFailed',
          `Failed to delete all resource types, ${failures.length} remaining: ${failures.join(', ')}`,
        )
      : condition(
          'NamespaceDeletionContentFailure',
          false,
          'ContentDeleted',
          'All content successfully deleted, may be waiting on finalization',
        ),
    remaining.length > 0
      ? condition('NamespaceContentRemaining', true, 'SomeResourcesRemain', `Some resources are remaining: ${remaining.join(', ')}`)
      : condition('NamespaceContentRemaining', false, 'ContentRemoved', 'All content successfully removed'),
    holding.length > 0
      ? condition(
          'NamespaceFinalizersRemaining',
          true,
          'SomeFinalizersRemain',
          `Some content in the namespace has finalizers remaining: ${holding.join(', ')}`,
        )
      : condition('NamespaceFinalizersRemaining', false, 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'),
  ];
}

function condition(type: string, holds: boolean, reason: string, message: string) {
  return { type, status: holds ? 'True' : 'False', reason, message };
}
