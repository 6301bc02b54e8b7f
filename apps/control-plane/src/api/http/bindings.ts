// POST …/bindings: the older way to give a pod its node, which names the pod in the body. Nothing is stored.
import { Pod, schemas } from '@berth/api';
import { checkTypes, defineKind, fieldMessage, type KindDefinition, StatusError } from '@berth/machinery';
import type { ApiServer } from '../core/api-server.ts';
import { erased } from '../core/kinds-by-name.ts';
import type { ComputedRequest, ComputedResources } from './computed-resources.ts';
import { writeSettings } from './query-options.ts';
import { decodeObject } from './request-body.ts';
import { sendBytes, wrongMethod } from './responses.ts';
import type { YamlBodies } from './yaml-body.ts';

const binding = defineKind({
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  scope: 'Namespaced',
  schema: schemas.message('core.v1.Binding'),
  verbs: ['create'],
});

export class Bindings implements ComputedResources {
  readonly kinds: KindDefinition[] = [binding];
  readonly #api: ApiServer;
  readonly #yaml: YamlBodies;

  constructor(api: ApiServer, yaml: YamlBodies) {
    this.#api = api;
    this.#yaml = yaml;
  }

  async serve(request: ComputedRequest, { schema }: KindDefinition): Promise<void> {
    const { path, query, signal } = request;
    const { namespace } = path;
    if (request.request.method !== 'POST' || namespace === undefined || path.name !== undefined) throw wrongMethod();
    const { value: body } = await decodeObject(request.request.headers['content-type'], request.body, { yaml: this.#yaml, signal });
    request.audit?.requestObject(body);
    const { value, errors } = checkTypes(schema, body);
    const [error] = errors;
    if (error) throw StatusError.badRequest(`Binding: ${error.field}: ${fieldMessage(error)}`);
    const { name } = (value.metadata ?? {}) as { name?: string };
    if (!name) throw StatusError.badRequest('metadata.name must be the name of the pod to bind');
    // Who may create bindings needs no right to pods/binding beside it.
    const allowed = { user: request.user, allowed: 'create', audit: request.audit };
    const call = { ...allowed, signal, kind: erased(Pod), namespace, name, subresource: 'binding' };
    const answer = await this.#api.create(call, body, writeSettings(query, 'CreateOptions'));
    request.audit?.responseObject(answer.object);
    await sendBytes(request, answer.code, 'application/json', answer.bytes, answer.warnings);
  }
}
