// Paths of OpenAPI v3 in the words of v2: bodies are parameters, and what is sent and given is named by its types. Parameters that
// stand at many paths are said once.
import { createHash } from 'node:crypto';
import { isRecord, type OpenApi } from '@berth/machinery';

const methods = new Set(['get', 'put', 'post', 'delete', 'options', 'head', 'patch']);
const pathLevel = 'parameters';

/** Parameters by the names that paths refer to them with. */
export class SharedParameters {
  readonly all: Record<string, OpenApi> = {};
  readonly #names = new Map<string, string>();

  /** @returns what refers to it */
  refer(parameter: OpenApi): OpenApi {
    const text = JSON.stringify(parameter);
    let name = this.#names.get(text);
    if (name === undefined) {
      name = `${parameter.name}-${createHash('sha256').update(text).digest('base64url').slice(0, 8)}`;
      this.#names.set(text, name);
      this.all[name] = parameter;
    }
    return { $ref: `#/parameters/${name}` };
  }
}

export function pathAsV2(item: OpenApi, shared: SharedParameters): OpenApi {
  return Object.fromEntries(
    Object.entries(item).map(([name, value]) => {
      if (name === pathLevel) return [name, (value as OpenApi[]).map((parameter) => parameterAsV2(parameter, shared))];
      return [name, methods.has(name) ? operationAsV2(value as OpenApi, shared) : value];
    }),
  );
}

function operationAsV2(operation: OpenApi, shared: SharedParameters): OpenApi {
  const {
    parameters = [],
    requestBody,
    responses,
    ...rest
  } = operation as {
    parameters?: OpenApi[];
    requestBody?: { content: Record<string, { schema: OpenApi }>; required?: boolean };
    responses: Record<string, { description: string; content?: Record<string, { schema: OpenApi }> }>;
  } & OpenApi;
  const produces = Object.keys(responses['200']?.content ?? {});
  const [first] = Object.values(responses['200']?.content ?? {});
  const [body] = Object.values(requestBody?.content ?? {});
  const given = parameters.map((parameter) => parameterAsV2(parameter, shared));
  const sent: OpenApi[] = body
    ? [{ name: 'body', in: 'body', ...(requestBody?.required && { required: true }), schema: referenceAsV2(body.schema) }]
    : [];
  const all = [...sent, ...given];
  const isDocument = !('x-kubernetes-action' in operation);
  const isText = isDocument && !first?.schema.$ref;
  const consumes = requestBody ? Object.keys(requestBody.content) : isText ? [] : isDocument ? produces : ['*/*'];
  return {
    ...rest,
    ...(consumes.length > 0 && { consumes }),
    produces,
    schemes: ['https'],
    ...(all.length > 0 && { parameters: all }),
    responses: Object.fromEntries(Object.entries(responses).map(([code, answer]) => [code, answerAsV2(answer)])),
  };
}

function answerAsV2({ description, content }: { description: string; content?: Record<string, { schema: OpenApi }> }): OpenApi {
  const [first] = Object.values(content ?? {});
  return { description, ...(first && { schema: referenceAsV2(first.schema) }) };
}

function parameterAsV2({ schema, ...rest }: OpenApi, shared: SharedParameters): OpenApi {
  return shared.refer({ ...(isRecord(schema) && schema), ...rest });
}

function referenceAsV2(schema: OpenApi): OpenApi {
  const { $ref, ...rest } = schema;
  return typeof $ref === 'string' ? { $ref: $ref.replace('#/components/schemas/', '#/definitions/') } : rest;
}
