// Nothing is created in a namespace that does not exist or is going away. The namespace's revision is a condition of the
// creating transaction, so that a namespace found empty by its controller stays empty.
import { LocalSubjectAccessReview, Namespace } from '@berth/api';
import { type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import type { Guard } from '../commit.ts';
import { storageKey } from '../keys.ts';
import { Entry } from '../object-codec.ts';
import type { AdmissionPlugin, AdmissionRequest, DynamicRequest } from './admission.ts';

const immortal = new Set(['default', 'kube-system', 'kube-public']);

export class NamespaceLifecycle implements AdmissionPlugin {
  readonly name = 'NamespaceLifecycle';
  readonly #recent: (name: string) => Promise<Entry | undefined>;

  /** @param recent a namespace by name; may be stale unless absent */
  constructor(recent: (name: string) => Promise<Entry | undefined>) {
    this.#recent = recent;
  }

  async mutate(request: AdmissionRequest): Promise<void> {
    if (request.operation !== 'CREATE' || !request.namespace) return;
    const { namespace } = request;
    const entry = await namespaceFor(request, this.#recent);
    if (!entry) throw StatusError.notFound(Namespace, namespace);
    const { deletionTimestamp } = entry.object.metadata;
    if (deletionTimestamp) throw terminating(request.kind, request.refusedName ?? request.name, namespace);
    request.guards.push(guard(namespace, entry.revision));
  }

  async admitUnstored({ kind, name, namespace }: DynamicRequest): Promise<void> {
    // What a namespace's state is shall not be learnt by asking for rights in it.
    if (!namespace || kind.plural === LocalSubjectAccessReview.plural) return;
    const entry = await this.#recent(namespace);
    if (!entry) throw StatusError.notFound(Namespace, namespace);
    if (entry.object.metadata.deletionTimestamp) throw terminating(kind, name, namespace);
  }

  checkDelete(kind: KindDefinition, object: KubeObject): void {
    if (isNamespace(kind) && immortal.has(object.metadata.name)) {
      throw StatusError.forbidden(kind, object.metadata.name, 'this namespace may not be deleted');
    }
  }
}

/** The namespace of the request, as new as an earlier attempt of it learnt. Undefined when there is none. */
export async function namespaceFor(
  { namespace, known }: Pick<AdmissionRequest, 'namespace' | 'known'>,
  recent: (name: string) => Promise<Entry | undefined>,
): Promise<Entry | undefined> {
  if (!namespace) return undefined;
  const key = storageKey(Namespace, undefined, namespace);
  if (!known.has(key)) return recent(namespace);
  const kv = known.get(key);
  // Stored bytes differ from served ones only by resourceVersion, which does not matter here.
  return kv && new Entry(namespace, kv.modRevision, kv.value);
}

function isNamespace(kind: KindDefinition): boolean {
  return kind.group === '' && kind.kind === 'Namespace';
}

function terminating(kind: KindDefinition, name: string, namespace: string): StatusError {
  const detail = `unable to create new content in namespace ${namespace} because it is being terminated`;
  const error = StatusError.forbidden(kind, name, detail);
  const cause = { reason: 'NamespaceTerminating', message: `namespace ${namespace} is being terminated`, field: 'metadata.namespace' };
  error.status.details = { ...error.status.details, causes: [cause] };
  return error;
}

function guard(namespace: string, revision: number): Guard {
  const key = storageKey(Namespace, undefined, namespace);
  // Whatever changed about the namespace is looked at again with its newest state.
  return { compare: { key, target: 'mod', revision }, onConflict() {} };
}
