// Requests on resources: from method, path and query to one call of the core, and its answer back to bytes.
import { apiVersionOf, type KindDefinition, parseFieldSelector, StatusError, storedKind } from '@berth/machinery';
import type { Clock, Random } from '@berth/telemetry';
import type { ApiServer } from '../core/api-server.ts';
import { checkListSettings } from '../core/list-options.ts';
import { UnreadablePatch } from '../core/patches.ts';
import { selectionOf } from '../core/selection.ts';
import type { Call, DeleteAnswer, DeleteSettings, ListAnswer, WatchHandle, WriteSettings } from '../core/types.ts';
import { WatchStream } from '../core/watch-stream.ts';
import {
  checkExport,
  checkedWatchSettings,
  deleteSettings,
  formerWatchSettings,
  listSettings,
  patchSettings,
  writeSettings,
} from './query-options.ts';
import {
  checkAccept,
  contentTypeOf,
  encodeList,
  encodeObject,
  type Form,
  requestedForm,
  type WatchFormat,
  watchFormat,
} from './representation.ts';
import { type DecodedPatch, decodeDeleteOptions, decodePatch, decodeWritten, patchTypeOf, type YamlReading } from './request-body.ts';
import { isServedPart } from './request-labels.ts';
import { type CallRequest, resourceCall } from './resource-call.ts';
import { addWarning, addWarnings, type Exchange, sendBytes, sendJson, sendPieces, wrongMethod } from './responses.ts';
import type { ServedResource } from './routes.ts';
import { SharedJoins, streamWatch, watchTimeoutMs } from './watch-response.ts';
import type { YamlBodies } from './yaml-body.ts';

export type ResourceRequest = ServedResource;

export type WatchRequest = CallRequest & Pick<ResourceRequest, 'request' | 'query'>;

export interface OpenWatch {
  handle: WatchHandle;
  format: WatchFormat;
  close(): void;
}

export interface ResourceRequestsOptions {
  api: ApiServer;
  clock: Clock;
  random: Random;
  yaml: YamlBodies;
}

export class ResourceRequests {
  readonly #options: ResourceRequestsOptions;
  readonly #joins = new SharedJoins();

  constructor(options: ResourceRequestsOptions) {
    this.#options = options;
  }

  async handle(request: ResourceRequest): Promise<void> {
    const { verb } = request;
    const call = resourceCall(this.#options.api, request);
    if (call.subresource) this.#options.api.requireServed(call);
    if (verb === 'create' && call.name !== undefined && !call.subresource) throw wrongMethod();
    if ((verb === 'update' || verb === 'patch') && call.name === undefined) throw wrongMethod();
    if (needsNamespace(verb) && call.kind.namespaced && !call.namespace) throw wrongMethod();
    if (!call.subresource && call.kind.verbs?.includes(verb) === false) throw wrongMethod();
    if (request.request.method === 'HEAD' || verb === '') throw wrongMethod();
    const patchType = verb === 'patch' && patchTypeOf(call.kind, request.request.headers['content-type']);
    checkAccept(call.kind, request.request, verb);
    if (verb === 'get') checkExport(request.query);
    noteDeprecation(request, call);
    if (patchType) return this.#patch(request, call, patchType);
    switch (verb) {
      case 'get':
        return this.#get(request, call);
      case 'list':
        return this.#list(request, call);
      case 'watch':
        return this.#watch(request, call);
      case 'create':
        return this.#create(request, call);
      case 'update':
        return this.#update(request, call);
      case 'delete':
        return this.#delete(request, call);
      case 'deletecollection':
        return this.#deleteCollection(request, call);
      default:
        throw wrongMethod();
    }
  }

  async #get(request: ResourceRequest, call: Call): Promise<void> {
    const form = this.#form(request, call);
    const answer = await this.#options.api.get(call, { resourceVersion: request.query.get('resourceVersion') || undefined });
    return this.#send(request, call.kind, form, answer);
  }

  async #list(request: ResourceRequest, call: Call): Promise<void> {
    const settings = listSettings(request.query);
    checkListSettings(settings);
    const form = this.#form(request, call);
    const list = await this.#options.api.list(named(call, settings), settings);
    request.audit?.responseObject(listObject(call.kind, list));
    return sendPieces(request, 200, contentTypeOf(form), encodeList(call.kind, form, list));
  }

  async #watch(request: ResourceRequest, call: Call): Promise<void> {
    const { handle, format, close } = await this.#openWatch(request, call);
    try {
      request.begun?.();
      await request.audit?.started(200);
      await streamWatch(request.response, handle, format, this.#joins);
    } finally {
      close();
    }
  }

  /** For whoever sends the events in another way, and closes it. */
  openWatch(request: WatchRequest): Promise<OpenWatch> {
    return this.#openWatch(request, resourceCall(this.#options.api, request));
  }

  async #openWatch({ request, query, path }: Pick<WatchRequest, 'request' | 'query' | 'path'>, call: Call): Promise<OpenWatch> {
    const { api, clock, random } = this.#options;
    const { timeoutSeconds, ...given } = path.isWatch ? formerWatchSettings(query) : checkedWatchSettings(query);
    const form = requestedForm(call.kind, request, query, clock.now());
    const settings = { ...given, fieldSelector: selectorOf(call, given.fieldSelector) };
    const format = watchFormat(call.kind, form, () => clock.now());
    const handle = await api.watch(named(call, settings), settings).catch(asEvent);
    const timer = clock.after(watchTimeoutMs(timeoutSeconds, random), () => handle.close());
    const close = () => {
      timer.cancel();
      handle.close();
    };
    return { handle, format, close };
  }

  async #create(request: ResourceRequest, call: Call): Promise<void> {
    const form = this.#form(request, call);
    const { body, settings } = await this.#written(request, call);
    return this.#send(request, call.kind, form, await this.#options.api.create(call, body, settings));
  }

  async #update(request: ResourceRequest, call: Call): Promise<void> {
    const form = this.#form(request, call);
    const { body, settings } = await this.#written(request, call);
    return this.#send(request, call.kind, form, await this.#options.api.update(call, body, settings));
  }

  async #written(asked: ResourceRequest, { kind, subresource = 'status' }: Call): Promise<{ body: unknown; settings: WriteSettings }> {
    const { request, query, audit } = asked;
    const settings = {
      ...writeSettings(query, request.method === 'POST' ? 'CreateOptions' : 'UpdateOptions'),
      userAgent: request.headers['user-agent'],
    };
    const written = bodyKinds[subresource] ?? kind.kind;
    const { value: body, duplicates } = await decodeWritten(written, request.headers['content-type'], asked.body, this.#reading(asked));
    audit?.requestObject(body);
    return { body, settings: { ...settings, duplicates, noteWarnings: noted(asked) } };
  }

  async #patch(request: ResourceRequest, call: Call, type: DecodedPatch['type']): Promise<void> {
    const form = this.#form(request, call);
    const { headers } = request.request;
    const given = patchSettings(request.query, type === 'apply');
    const { fieldValidation } = given;
    const reading = this.#reading(request);
    const { patch, duplicates } = await decodePatch(type, request.body, reading, fieldValidation);
    if (!(patch instanceof UnreadablePatch)) request.audit?.requestObject(patch);
    const settings = { ...given, duplicates, userAgent: headers['user-agent'], noteWarnings: noted(request) };
    return this.#send(request, call.kind, form, await this.#options.api.patch(call, type, patch, settings));
  }

  async #delete(request: ResourceRequest, call: Call): Promise<void> {
    const form = this.#form(request, call);
    const settings = await this.#deleteSettings(request, call.kind);
    warnOfOrphans(request, call, settings);
    const answer = await this.#options.api.delete(call, settings);
    if (answer.removed && !storedKind(call.kind).strategy.returnsDeleted) {
      addWarnings(request.response, answer.warnings);
      return sendJson(request, 200, removedStatus(call.kind, answer));
    }
    return this.#send(request, call.kind, form, answer);
  }

  async #deleteCollection(request: ResourceRequest, call: Call): Promise<void> {
    const form = this.#form(request, call);
    const selectors = listSettings(request.query);
    checkListSettings(selectors);
    const settings = await this.#deleteSettings(request, call.kind);
    warnOfOrphans(request, call, settings);
    const found = await this.#options.api.deleteCollection(call, selectors, settings);
    addWarnings(request.response, found.warnings ?? []);
    return sendPieces(request, 200, contentTypeOf(form), encodeList(call.kind, form, found));
  }

  /** As in Kubernetes: a body, when there is one, says everything; else the query does. */
  async #deleteSettings(asked: ResourceRequest, { strategy }: KindDefinition): Promise<DeleteSettings> {
    const { request, query, audit, body } = asked;
    const unlessAsked = { orphansUnlessAsked: strategy.orphansUnlessAsked !== undefined, userAgent: request.headers['user-agent'] };
    if (body.length === 0) return { ...deleteSettings(query), ...unlessAsked };
    const options = await decodeDeleteOptions(request.headers['content-type'], body, this.#reading(asked));
    audit?.requestObject(options);
    return { ...options, ...unlessAsked };
  }

  #reading({ signal }: ResourceRequest): YamlReading {
    return { yaml: this.#options.yaml, signal };
  }

  #form({ request, query }: ResourceRequest, { kind }: Call): Form {
    return requestedForm(kind, request, query, this.#options.clock.now());
  }

  #send(request: ResourceRequest, kind: KindDefinition, form: Form, answer: Answerlike): Promise<void> {
    request.audit?.responseObject(answer.object);
    return sendBytes(request, answer.code, contentTypeOf(form), encodeObject(kind, form, answer), answer.warnings);
  }
}

/** Of subresources that take another kind than their object's. */
const bodyKinds: Record<string, string | undefined> = { binding: 'Binding', eviction: 'Eviction', scale: 'Scale', token: 'TokenRequest' };

/** Of a kind that will go, once it is clear that the request is for it. */
function noteDeprecation({ response, audit }: Exchange, { kind, subresource }: Call): void {
  if (!kind.deprecation || !isServedPart(kind, subresource)) return;
  addWarning(response, kind.deprecation);
  audit?.deprecated(kind.removedRelease);
}

function warnOfOrphans({ response }: ResourceRequest, { kind }: Call, settings: DeleteSettings): void {
  const { orphansUnlessAsked: warning } = kind.strategy;
  if (warning && settings.propagationPolicy === undefined && settings.orphanDependents === undefined) addWarning(response, warning);
}

/** What an error tells as well; a success has them among its own. */
function noted({ bodyWarnings }: Exchange): (warnings: string[]) => void {
  return (warnings) => void bodyWarnings?.splice(0, bodyWarnings.length, ...warnings);
}

/** A list or watch of one name is authorized as being about that name. */
function named(call: Call, { fieldSelector }: { fieldSelector?: string }): Call {
  return { ...call, name: call.name ?? nameIn(fieldSelector) };
}

function nameIn(fieldSelector: string | undefined): string | undefined {
  if (!fieldSelector) return undefined;
  return parseFieldSelector(fieldSelector).find(({ field, operator }) => field === 'metadata.name' && operator === '=')?.value;
}

/** A name in the path of a watch is a selector. @throws StatusError BadRequest when the query asks for another name, or by no field */
function selectorOf({ kind, name }: Call, fieldSelector: string | undefined): string | undefined {
  if (name === undefined) return fieldSelector;
  if (!fieldSelector) return `metadata.name=${name}`;
  selectionOf(kind, { fieldSelector });
  if (nameIn(fieldSelector) !== name) throw StatusError.badRequest("fieldSelector metadata.name doesn't match requested name");
  return fieldSelector;
}

/** A version that is too old, or too new to begin with, is a watch's only event, as in Kubernetes; whatever else is wrong is the answer itself. */
function asEvent(error: unknown): WatchHandle {
  if (error instanceof StatusError && (error.reason === 'Expired' || error.reason === 'Timeout')) return WatchStream.failed(error);
  throw error;
}

/** A list as the audit log shows it. */
function listObject(kind: KindDefinition, list: ListAnswer): unknown {
  const metadata = { resourceVersion: list.resourceVersion };
  return {
    kind: kind.listKind,
    apiVersion: apiVersionOf(kind),
    metadata,
    get items() {
      return list.entries.map((entry) => entry.object);
    },
  };
}

type Answerlike = Pick<DeleteAnswer, 'code' | 'warnings' | 'bytes' | 'object'>;

/** Reads may span namespaces; changes may not. */
function needsNamespace(verb: string): boolean {
  return verb === 'create' || verb === 'deletecollection';
}

function removedStatus(kind: KindDefinition, { object }: DeleteAnswer): unknown {
  const { name, uid } = object.metadata;
  const details = { name, ...(kind.group && { group: kind.group }), kind: kind.plural, uid };
  return { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details };
}
