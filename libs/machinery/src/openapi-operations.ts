// What may be done at the paths of a kind, as Kubernetes' API server tells it: names of operations, parameters, bodies and answers. Both
// versions of OpenAPI are written from this.
import { isUserDefined, type KindDefinition } from './kind.ts';
import { type ServedSubresource, subresourcesOf } from './kind-subresources.ts';
import { capital, meta, type Operation, type Operations, objectTypes, prefixOf, type Shape, tagOf } from './openapi-documents.ts';
import {
  deleteParameters,
  forceParameter,
  listParameters,
  nameParameter,
  namespaceParameter,
  type Parameter,
  pathParameter,
  prettyParameter,
  proxyPathParameter,
  versionParameter,
  writeParameters,
} from './openapi-parameters.ts';

const streamTypes = [...objectTypes, 'application/json;stream=watch', 'application/vnd.kubernetes.protobuf;stream=watch'];
/** Of kinds that users define. */
const customTypes = ['application/json', 'application/yaml'];
const anyType = ['*/*'];
const patchTypes = [
  ...['application/json-patch+json', 'application/merge-patch+json'],
  ...['application/strategic-merge-patch+json', 'application/apply-patch+yaml'],
];
const codes: Record<string, string[]> = { post: ['200', '201', '202'], put: ['200', '201'], patch: ['200', '201'], delete: ['200', '202'] };

/** @param own what an object of it is: a message, or a definition of its own */
export function kindOperations(kind: KindDefinition, own: NonNullable<Shape>): Operations {
  return new KindOperations(kind, own).all();
}

class KindOperations {
  readonly #kind: KindDefinition;
  readonly #own: NonNullable<Shape>;
  readonly #isCustom: boolean;
  readonly #scope: Parameter[];
  /** `Namespaced` or nothing, and the kind. */
  readonly #scoped: string;

  constructor(kind: KindDefinition, own: NonNullable<Shape>) {
    this.#kind = kind;
    this.#own = own;
    this.#isCustom = isUserDefined(kind);
    this.#scope = kind.namespaced ? [namespaceParameter] : [];
    this.#scoped = `${kind.namespaced ? 'Namespaced' : ''}${kind.kind}`;
  }

  all(): Operations {
    const { group, version, plural, namespaced } = this.#kind;
    const base = `/${group ? `apis/${group}` : 'api'}/${version}`;
    const within = namespaced ? `/namespaces/{namespace}/${plural}` : `/${plural}`;
    const paths: Operations = {};
    const add = (path: string, operations: (Operation | undefined)[]) => {
      const given = operations.filter((operation) => operation !== undefined);
      if (given.length > 0) paths[path] = given;
    };
    if (namespaced) add(`${base}/${plural}`, [this.#list(true)]);
    add(base + within, [this.#list(false), this.#create(), this.#deleteCollection()]);
    add(`${base}${within}/{name}`, [this.#read(), this.#replace(), this.#delete(), this.#patch()]);
    for (const sub of subresourcesOf(this.#kind)) Object.assign(paths, this.#subresource(`${base}${within}/{name}/${sub.name}`, sub));
    if (this.#isCustom || !this.#may('watch')) return paths;
    if (namespaced) add(`${base}/watch/${plural}`, [this.#watch('list', true)]);
    add(`${base}/watch${within}`, [this.#watch('list', false)]);
    add(`${base}/watch${within}/{name}`, [this.#watch('one', false)]);
    return paths;
  }

  #may(verb: string): boolean {
    return this.#kind.verbs?.includes(verb) ?? true;
  }

  /** @param name what it is called between its group and version, `list` and `NamespacedPod` */
  #operation(
    verb: string,
    name: string,
    made: Pick<Operation, 'method' | 'parameters'> & Partial<Operation> & { action: string },
  ): Operation {
    const { group, version, kind } = this.#kind;
    return {
      id: verb + prefixOf(this.#kind) + name,
      tag: tagOf(this.#kind),
      description: `${verb} ${kind}`,
      responses: { '200': this.#own },
      types: this.#isCustom ? customTypes : objectTypes,
      kind: { group, version, kind },
      ...made,
    };
  }

  #body(shape: Shape, isRequired = true): Pick<Operation, 'request'> {
    return { request: { shape, types: this.#isCustom ? customTypes : anyType, isRequired } };
  }

  #list(isEverywhere: boolean): Operation | undefined {
    if (!this.#may('list')) return undefined;
    const { kind, listKind, schema } = this.#kind;
    const list: Shape =
      'definition' in this.#own ? { definition: `${this.#own.definition}List` } : { message: schema.name.replace(/[^.]+$/, listKind) };
    return this.#operation('list', isEverywhere ? `${kind}ForAllNamespaces` : this.#scoped, {
      method: 'get',
      action: 'list',
      parameters: [...listParameters, prettyParameter, ...(isEverywhere ? [] : this.#scope)],
      responses: { '200': list },
      types: this.#isCustom ? customTypes : streamTypes,
    });
  }

  #watch(what: 'list' | 'one', isEverywhere: boolean): Operation {
    const name = what === 'one' ? this.#scoped : isEverywhere ? `${this.#kind.kind}ListForAllNamespaces` : `${this.#scoped}List`;
    return this.#operation('watch', name, {
      method: 'get',
      action: what === 'one' ? 'watch' : 'watchlist',
      parameters: [...listParameters, prettyParameter, ...(isEverywhere ? [] : this.#scope), ...(what === 'one' ? [nameParameter] : [])],
      responses: { '200': meta('WatchEvent') },
      types: streamTypes,
    });
  }

  #create(): Operation | undefined {
    if (!this.#may('create')) return undefined;
    return this.#operation('create', this.#scoped, {
      method: 'post',
      action: 'post',
      parameters: [...writeParameters, prettyParameter, ...this.#scope],
      ...this.#body(this.#own),
      responses: this.#answers('post', this.#own),
    });
  }

  #deleteCollection(): Operation | undefined {
    if (!this.#may('deletecollection')) return undefined;
    const own = listParameters.filter(({ name }) => this.#isCustom || (name !== 'watch' && name !== 'allowWatchBookmarks'));
    return this.#operation('delete', `Collection${this.#scoped}`, {
      method: 'delete',
      action: 'deletecollection',
      parameters: [...own, ...(this.#isCustom ? [] : deleteParameters), prettyParameter, ...this.#scope],
      ...(!this.#isCustom && this.#body(meta('DeleteOptions'), false)),
      responses: { '200': meta('Status') },
    });
  }

  #named(...more: Parameter[]): Parameter[] {
    return [...more, nameParameter, ...this.#scope, prettyParameter];
  }

  #read(): Operation | undefined {
    if (!this.#may('get')) return undefined;
    return this.#operation('read', this.#scoped, { method: 'get', action: 'get', parameters: this.#named(...this.#readParameters) });
  }

  get #readParameters(): Parameter[] {
    return this.#isCustom ? [versionParameter] : [];
  }

  #replace(): Operation | undefined {
    return this.#may('update') ? this.#put('', this.#own, undefined) : undefined;
  }

  #put(name: string, shape: Shape, kind: Operation['kind'] | undefined): Operation {
    return this.#operation('replace', this.#scoped + name, {
      method: 'put',
      action: 'put',
      parameters: this.#named(...writeParameters),
      ...this.#body(shape),
      responses: this.#answers('put', shape),
      ...(kind && { kind }),
    });
  }

  #delete(): Operation | undefined {
    if (!this.#may('delete')) return undefined;
    // As Kubernetes says of namespaces, whose deletion answers with one that is going away.
    const isSaid = this.#kind.strategy.returnsDeleted && !this.#isCustom && this.#kind.kind !== 'Namespace';
    const answer = isSaid ? this.#own : meta('Status');
    return this.#operation('delete', this.#scoped, {
      method: 'delete',
      action: 'delete',
      parameters: this.#named(...deleteParameters),
      ...this.#body(meta('DeleteOptions'), false),
      responses: this.#answers('delete', answer),
    });
  }

  #patch(): Operation | undefined {
    return this.#may('patch') ? this.#patchOf('', this.#own, undefined) : undefined;
  }

  #patchOf(name: string, shape: Shape, kind: Operation['kind'] | undefined): Operation {
    const types = patchTypes.filter((type) => !this.#isCustom || !type.includes('strategic'));
    return this.#operation('patch', this.#scoped + name, {
      method: 'patch',
      action: 'patch',
      parameters: this.#named(...writeParameters, forceParameter),
      request: { shape: meta('Patch'), types, isRequired: true },
      responses: this.#isCustom ? { '200': shape } : this.#answers('patch', shape),
      ...(kind && { kind }),
    });
  }

  #answers(method: string, shape: Shape): Record<string, Shape> {
    return Object.fromEntries((codes[method] ?? ['200']).map((code) => [code, shape]));
  }

  #subresource(path: string, sub: ServedSubresource): Operations {
    const { name, kind, verbs } = sub;
    if (/Options$/.test(kind)) return this.#connections(path, sub);
    const isOwn = kind === this.#kind.kind;
    const shape: Shape = isOwn ? this.#own : { message: `${(sub.group || 'core').split('.')[0]}.${sub.version}.${kind}` };
    const group = isOwn ? this.#kind.group : sub.group;
    const gvk = this.#isCustom ? undefined : { group, version: isOwn ? this.#kind.version : sub.version, kind };
    const called = capital(name);
    if (name === 'log') return { [path]: [this.#log(called)] };
    const operations: Operation[] = [];
    if (verbs.includes('get'))
      operations.push(
        this.#operation('read', this.#scoped + called, {
          method: 'get',
          action: 'get',
          parameters: this.#named(...this.#readParameters),
          responses: { '200': shape },
          ...(gvk && { kind: gvk }),
        }),
      );
    if (verbs.includes('update')) operations.push(this.#put(called, shape, gvk));
    if (verbs.includes('create'))
      operations.push(
        this.#operation('create', this.#scoped + called, {
          method: 'post',
          action: 'post',
          parameters: this.#named(...writeParameters),
          ...this.#body(shape),
          responses: this.#answers('post', shape),
          ...(gvk && { kind: gvk }),
        }),
      );
    if (verbs.includes('patch')) operations.push(this.#patchOf(called, shape, gvk));
    return { [path]: operations };
  }

  #log(called: string): Operation {
    return this.#operation('read', this.#scoped + called, {
      method: 'get',
      action: 'get',
      parameters: this.#named({ optionsOf: 'core.v1.PodLogOptions' }),
      responses: { '200': undefined },
      types: ['text/plain', ...objectTypes],
    });
  }

  /** Streams, by any method that reaches what is connected to; a proxy takes what is behind it as well. */
  #connections(path: string, { name, kind, verbs }: ServedSubresource): Operations {
    const methods = (
      name === 'proxy' ? ['get', 'put', 'post', 'delete', 'options', 'head', 'patch'] : ['get', 'post']
    ) as Operation['method'][];
    if (verbs.length === 0) return {};
    const options: Parameter = name === 'proxy' ? proxyPathParameter : { optionsOf: `core.v1.${kind}` };
    const connect = (called: string, more: Parameter[]) =>
      methods.map((method) =>
        this.#operation('connect', capital(method) + this.#scoped + called, {
          method,
          action: 'connect',
          parameters: [options, nameParameter, ...this.#scope, ...more],
          responses: { '200': undefined },
          types: anyType,
          kind: { group: '', version: 'v1', kind },
        }),
      );
    const plain = { [path]: connect(capital(name), []) };
    return name === 'proxy' ? { ...plain, [`${path}/{path}`]: connect(`${capital(name)}WithPath`, [pathParameter]) } : plain;
  }
}
