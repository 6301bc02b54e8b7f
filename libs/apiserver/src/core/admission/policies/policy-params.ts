// Parameters of policies: objects of any kind that is served, which bindings name or select.
import type { admissionregistrationV1 } from '@berth/api';
import { type KindDefinition, type KubeObject, labelSelectorFrom, storedKind } from '@berth/machinery';
import { relativeKey } from '../../keys.ts';
import { asServed } from '../../kind-versions.ts';
import type { KindsByName } from '../../kinds-by-name.ts';
import type { Entry } from '../../object-codec.ts';
import { everything } from '../../selection.ts';
import { shownEntries } from '../../versions/index.ts';
import type { WatchCache } from '../../watch-cache.ts';
import { kindText } from '../expressions/index.ts';

type ParamKind = admissionregistrationV1.ParamKind;
type ParamRef = admissionregistrationV1.ParamRef;

/** What is wrong with a policy or binding, in Kubernetes' words. */
export class ConfigurationError extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigurationError';
  }
}

export class PolicyParams {
  readonly #cache: WatchCache;
  readonly #kinds: KindsByName;

  constructor(cache: WatchCache, kinds: KindsByName) {
    this.#cache = cache;
    this.#kinds = kinds;
  }

  /** @throws ConfigurationError for one that is not served */
  kindOf({ apiVersion = '', kind = '' }: ParamKind): KindDefinition {
    const slash = apiVersion.indexOf('/');
    const [group, version] = slash < 0 ? ['', apiVersion] : [apiVersion.slice(0, slash), apiVersion.slice(slash + 1)];
    const known = this.#kinds.kind(group, version, kind);
    // What is computed on read is no parameter.
    if (!known || !this.#cache.keeps(known))
      throw new ConfigurationError(`failed to find resource referenced by paramKind: '${kindText({ group, version, kind })}'`);
    return known;
  }

  /**
   * What to evaluate a policy with: once with nothing where there are no parameters to be had; not at all where none is found and
   * that is allowed.
   * @param namespace of the request, where the reference names none
   * @throws ConfigurationError
   */
  async find(kind: KindDefinition | undefined, ref: ParamRef | undefined, namespace: string): Promise<(KubeObject | undefined)[]> {
    if (!kind || !ref) return [undefined];
    const found = this.#matching(kind, ref, this.#namespaceOf(kind, ref, namespace));
    if (found.length === 0 && ref.parameterNotFoundAction === 'Deny') {
      throw new ConfigurationError('no params found for policy binding with `Deny` parameterNotFoundAction');
    }
    const shown = kind.conversion ? await shownEntries(kind, found) : found;
    return shown.map(({ object }) => asServed(kind, object));
  }

  #namespaceOf(kind: KindDefinition, ref: ParamRef, namespace: string): string | undefined {
    if (!kind.namespaced) {
      if (ref.namespace) throw new ConfigurationError('paramRef.namespace must not be provided for a cluster-scoped `paramKind`');
      return undefined;
    }
    const own = ref.namespace || namespace;
    if (own) return own;
    throw new ConfigurationError('cannot use namespaced paramRef in policy binding that matches cluster-scoped resources');
  }

  #matching(kind: KindDefinition, { name, selector }: ParamRef, namespace: string | undefined): Entry[] {
    const cache = this.#cache.of(storedKind(kind));
    if (name) {
      const entry = cache.get(relativeKey(namespace, name));
      return entry ? [entry] : [];
    }
    const wanted = labelSelectorFrom(selector);
    return Array.from(cache.select(everything, namespace)).filter(({ object }) => wanted.matches(object.metadata.labels));
  }
}
