// serviceaccounts/token: a short-lived token for an account, if wanted bound to a pod, secret or node, so that it ends with
// that. A POST whose answer carries the token; nothing is stored.
import { type authenticationV1, Node, Pod, Secret, ServiceAccount, schemas } from '@berth/api';
import {
  checkTypes,
  type FieldError,
  fieldMessage,
  type KindDefinition,
  type KubeObject,
  managedAfterUpdate,
  StatusError,
  setManagedFields,
} from '@berth/machinery';
import { timestamp } from '@berth/telemetry';
import { nodeName as nodeNameOf } from '../authorization/node-authorizer.ts';
import { authorOf } from '../field-ownership.ts';
import { erased } from '../kinds-by-name.ts';
import { toBytes } from '../object-codec.ts';
import type { TokenSigner, TokenSubject } from '../token-signer.ts';
import type { Answer, Call, WriteSettings } from '../types.ts';
import { admitted, ofKind, type SubresourceDefinition, type SubresourcePorts } from './subresource.ts';

type TokenRequest = authenticationV1.TokenRequest;
type TokenRequestSpec = authenticationV1.TokenRequestSpec;

const schema = schemas.message('authentication.v1.TokenRequest');
const tokenRequestKind = { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' };
const secondsMin = 10 * 60;
const secondsMax = 2 ** 32;
const secondsDefault = 3600;

export const tokenRequest: SubresourceDefinition = {
  name: 'token',
  of: ofKind('', 'ServiceAccount'),
  resource: (ports) => {
    const { tokens } = ports;
    if (!tokens) return {};
    return {
      create: admitted(ports, tokenRequestKind, (call, body, settings) => requestToken(ports, tokens, call, body, settings)),
    };
  },
};

type Ports = Pick<SubresourcePorts, 'committer' | 'clock'>;

async function requestToken(ports: Ports, tokens: TokenSigner, call: Call, body: unknown, settings: WriteSettings): Promise<Answer> {
  const { namespace = '', name = '' } = call;
  const { metadata, spec } = readRequest(body, namespace, name);
  const account = await find(ports, ServiceAccount, namespace, name);
  const uid = account.metadata.uid ?? '';
  if (metadata.uid && metadata.uid !== uid) {
    const detail = `the UID in the token request (${metadata.uid}) does not match the UID of the service account (${uid})`;
    throw StatusError.conflict({ group: tokenRequestKind.group, plural: tokenRequestKind.kind }, name, detail);
  }
  checkExpiration(spec);
  await checkNode(ports, call, spec);
  const audiences = spec.audiences?.length ? spec.audiences : tokens.audiences;
  const expirationSeconds = spec.expirationSeconds ?? secondsDefault;
  const subject = { namespace, account: { name, uid }, ...(await boundTo(ports, spec, namespace, name)) };
  const { token, expiresAtMs } = await tokens.issue(subject, audiences, expirationSeconds);
  const object: TokenRequest = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    metadata: { ...metadata, name, namespace, uid, creationTimestamp: timestamp(ports.clock) },
    spec: { ...spec, expirationSeconds },
  };
  // Who asks owns what it asked for.
  const author = authorOf(call, settings, ports.clock);
  setManagedFields(object, managedAfterUpdate(schema, undefined, object, { ...author, apiVersion: object.apiVersion }));
  object.spec.audiences = audiences;
  object.status = { token, expirationTimestamp: timestamp({ now: () => expiresAtMs }) };
  return { code: 201, warnings: [], object: object as unknown as KubeObject, bytes: toBytes(object) };
}

function readRequest(body: unknown, namespace: string, name: string): { metadata: { uid?: string }; spec: TokenRequestSpec } {
  if (body === null || typeof body !== 'object' || Array.isArray(body))
    throw StatusError.badRequest('the body must be one TokenRequest object');
  const { kind } = body as { kind?: unknown };
  if (kind !== undefined && kind !== 'TokenRequest')
    throw StatusError.badRequest(`the body must be a TokenRequest, not ${JSON.stringify(kind)}`);
  const { value, errors } = checkTypes(schema, body);
  const [error] = errors;
  if (error) throw StatusError.badRequest(`TokenRequest: ${error.field}: ${fieldMessage(error)}`);
  const { metadata, spec = {} } = value as Partial<TokenRequest>;
  if (metadata?.name && metadata.name !== name) {
    throw refused(name, 'metadata.name', metadata.name, 'must match the service account name if specified');
  }
  if (metadata?.namespace && metadata.namespace !== namespace) {
    throw refused(name, 'metadata.namespace', metadata.namespace, 'must match the service account namespace if specified');
  }
  return { metadata: metadata ?? {}, spec };
}

function checkExpiration({ expirationSeconds = secondsDefault }: TokenRequestSpec): void {
  const field = 'spec.expirationSeconds';
  if (expirationSeconds < secondsMin) throw refused('', field, expirationSeconds, 'may not specify a duration less than 10 minutes');
  if (expirationSeconds > secondsMax) throw refused('', field, expirationSeconds, 'may not specify a duration larger than 2^32 seconds');
}

function refused(name: string, field: string, value: unknown, detail: string): StatusError {
  const error: FieldError = { type: 'Invalid', field, value, detail };
  return StatusError.invalid(tokenRequestKind, name, [error]);
}

/** A node gets tokens for the pods that run on it, and no others. */
async function checkNode(ports: Ports, { user, kind, namespace = '', name = '' }: Call, spec: TokenRequestSpec): Promise<void> {
  const nodeName = nodeNameOf(user);
  if (nodeName === undefined) return;
  const refuse = (detail: string) => StatusError.forbidden(kind, name, detail);
  const { boundObjectRef: bound } = spec;
  if (bound?.kind !== 'Pod' || bound.apiVersion !== 'v1' || !bound.name) throw refuse('node requested token not bound to a pod');
  if (!bound.uid) throw refuse('node requested token with a pod binding without a uid');
  const pod = await find(ports, Pod, namespace, bound.name);
  if (pod.spec.nodeName !== nodeName) throw refuse('node requested token bound to a pod scheduled on a different node');
}

/** @throws StatusError when what the token is to be bound to is not there, not that one, or not the account's. */
async function boundTo(ports: Ports, spec: TokenRequestSpec, namespace: string, account: string): Promise<Partial<TokenSubject>> {
  const { boundObjectRef: wanted } = spec;
  if (!wanted) return {};
  const { kind = '', apiVersion = '', name = '' } = wanted;
  if (apiVersion === 'v1' && kind === 'Pod') {
    const pod = await find(ports, Pod, namespace, name);
    if (pod.spec.serviceAccountName !== account) {
      const detail = `cannot bind token for serviceaccount ${JSON.stringify(account)} to pod running with different serviceaccount name.`;
      throw StatusError.badRequest(detail);
    }
    const nodeName = pod.spec.nodeName;
    const node = nodeName ? await ports.committer.recent(erased(Node), undefined, nodeName) : undefined;
    const uid = node?.object.metadata.uid;
    return { pod: same(wanted, pod), ...(nodeName && { node: { name: nodeName, ...(uid && { uid }) } }) };
  }
  if (apiVersion === 'v1' && kind === 'Secret') return { secret: same(wanted, await find(ports, Secret, namespace, name)) };
  if (apiVersion === 'v1' && kind === 'Node') return { node: same(wanted, await find(ports, Node, undefined, name)) };
  const [version = '', group = ''] = apiVersion.split('/').reverse();
  throw StatusError.badRequest(`cannot bind token to object of type ${group}/${version}, Kind=${kind}`);
}

function same({ kind = '', name = '', uid: wanted }: { kind?: string; name?: string; uid?: string }, { metadata }: KubeObject) {
  const uid = metadata.uid ?? '';
  if (wanted && wanted !== uid) {
    const detail = `the UID in the bound object reference (${wanted}) does not match the UID in record. The object might have been deleted and then recreated`;
    throw StatusError.conflict({ group: '', plural: kind }, name, detail);
  }
  return { name, uid };
}

async function find<T extends KubeObject>(ports: Ports, kind: KindDefinition<T>, namespace: string | undefined, name: string): Promise<T> {
  if (name === '') throw StatusError.badRequest('Name parameter required.');
  const entry = await ports.committer.recent(erased(kind), namespace, name);
  if (!entry) throw StatusError.notFound(kind, name);
  return entry.object as T;
}
