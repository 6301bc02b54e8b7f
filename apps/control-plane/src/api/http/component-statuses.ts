// `kubectl get componentstatuses`: how the parts of the control plane are, as far as this process knows them.
import { type ComponentStatus, componentStatusColumns, schemas } from '@berth/api';
import { apiVersionOf, defineKind, type KindDefinition, StatusError } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import type { Role } from '../../config.ts';
import type { ApiServer } from '../core/api-server.ts';
import { erased } from '../core/kinds-by-name.ts';
import type { Encoded } from '../core/types.ts';
import type { ComputedRequest, ComputedResources } from './computed-resources.ts';
import { flag } from './query-options.ts';
import { contentTypeOf, encodeList, encodeObject, requestedForm } from './representation.ts';
import { sendBytes, sendPieces, wrongMethod } from './responses.ts';

const componentStatus = erased(
  defineKind<ComponentStatus>({
    group: '',
    version: 'v1',
    kind: 'ComponentStatus',
    plural: 'componentstatuses',
    scope: 'Cluster',
    shortNames: ['cs'],
    schema: schemas.message('core.v1.ComponentStatus'),
    verbs: ['get', 'list'],
    columns: componentStatusColumns,
    deprecation: 'v1 ComponentStatus is deprecated in v1.19+',
  }),
);

export class ComponentStatuses implements ComputedResources {
  readonly kinds: KindDefinition[] = [componentStatus];
  readonly #api: ApiServer;
  readonly #roles: readonly Role[];
  readonly #clock: Clock;

  /** @param roles that run in this process */
  constructor(api: ApiServer, roles: readonly Role[], clock: Clock) {
    this.#api = api;
    this.#roles = roles;
    this.#clock = clock;
  }

  async serve(request: ComputedRequest, kind: KindDefinition): Promise<void> {
    const { path, query } = request;
    if (request.request.method !== 'GET' || path.namespace !== undefined || flag(query, 'watch')) throw wrongMethod();
    const form = requestedForm(request.request, query, this.#clock.now());
    const entries = (await this.#statuses()).map(encoded);
    if (path.name === undefined) {
      return sendPieces(request, 200, contentTypeOf(form), encodeList(kind, form, { entries, resourceVersion: '' }));
    }
    const found = entries.find(({ object }) => object.metadata.name === path.name);
    if (!found) throw StatusError.notFound(kind, path.name);
    await sendBytes(request, 200, contentTypeOf(form), encodeObject(kind, form, found));
  }

  async #statuses(): Promise<ComponentStatus[]> {
    const elsewhere = (role: Role) => (this.#roles.includes(role) ? undefined : 'it does not run in the process that was asked');
    return [
      status('controller-manager', elsewhere('controllers')),
      status('scheduler', elsewhere('scheduler')),
      status('etcd-0', (await this.#api.health.storeAnswers()) ? undefined : 'the store does not answer'),
    ];
  }
}

function status(name: string, problem: string | undefined): ComponentStatus {
  const { kind } = componentStatus;
  const condition = problem ? { type: 'Healthy', status: 'False', message: problem } : { type: 'Healthy', status: 'True', message: 'ok' };
  return { kind, apiVersion: apiVersionOf(componentStatus), metadata: { name }, conditions: [condition] };
}

function encoded(object: ComponentStatus): Encoded {
  return { object, bytes: Buffer.from(JSON.stringify(object)) };
}
