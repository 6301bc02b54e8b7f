// What an API server writes of an object by itself, later: of a FlowSchema, whether its priority level exists; of a definition, whether its
// kind is served, and that nothing of it is left; of a policy, what Kubernetes' controllers write, which do not run here. Both servers are
// waited for, so that neither is asked about an object that it is about to change.
import { deepEqual, isRecord, type KindDefinition } from '@berth/machinery';
import { eventually } from '../../tools/cluster/eventually.ts';
import type { Answer, ApiServer, Request } from './api-server.ts';

const timeoutMs = 20_000;

/** The object as it is then, where there is anything to wait for. */
export async function settled(server: ApiServer, kind: KindDefinition, asked: Request, answer: Answer): Promise<Answer | undefined> {
  const path = asked.path.split('?')[0] ?? '';
  const name = isRecord(answer.body) && isRecord(answer.body.metadata) ? answer.body.metadata.name : undefined;
  // The body of a DELETE says everything.
  const isSaid = asked.method === 'DELETE' && asked.body !== undefined && asked.body !== '';
  const isDry = (!isSaid && asked.path.includes('dryRun')) || (isRecord(asked.body) && Array.isArray(asked.body.dryRun));
  const isDone = answer.code < 300 && !isDry;
  const isWrite = ['POST', 'PUT', 'PATCH'].includes(asked.method) && isDone;
  if (kind.kind === 'CustomResourceDefinition' && asked.method === 'DELETE' && isDone) await allGone(server, path, answer);
  const isReported = reported[kind.kind];
  if (!isReported || !isWrite || typeof name !== 'string' || !path.includes(`/${kind.plural}`)) return undefined;
  const object = `${path.replace(/\/(flowschemas|customresourcedefinitions|validatingadmissionpolicies)(\/.*)?$/, '/$1')}/${name}`;
  return eventually(`${server.name}: the status of ${object}`, timeoutMs, async () => {
    const found = await server.send({ method: 'GET', path: object });
    return found.code !== 200 || isReported(found.body, server) ? found : undefined;
  });
}

const cleanup = 'customresourcecleanup.apiextensions.k8s.io';

/** It, or each of a collection. */
async function allGone(server: ApiServer, path: string, { body }: Answer): Promise<void> {
  const { items } = body as { items?: { metadata: { name: string } }[] };
  const paths = items?.map(({ metadata }) => `${path}/${metadata.name}`) ?? [path];
  await Promise.all(paths.map((one) => gone(server, one)));
}

/** Or until somebody else alone holds it. */
async function gone(server: ApiServer, path: string): Promise<void> {
  await eventually(`${server.name}: the end of ${path}`, timeoutMs, async () => {
    const { code, body } = await server.send({ method: 'GET', path });
    const { finalizers, deletionTimestamp } = (body as { metadata?: { finalizers?: string[]; deletionTimestamp?: string } }).metadata ?? {};
    return code !== 200 || !deletionTimestamp || !finalizers?.includes(cleanup) || undefined;
  });
}

const reported: Record<string, ((body: unknown, server: ApiServer) => boolean) | undefined> = {
  FlowSchema: hasPriorityLevel,
  CustomResourceDefinition: isEstablished,
  ValidatingAdmissionPolicy: (body, { name }) => name === 'kubernetes' || isObserved(body),
};

function isObserved(body: unknown): boolean {
  const { metadata, status } = body as { metadata?: { generation?: number }; status?: { observedGeneration?: number } };
  return status?.observedGeneration === metadata?.generation;
}

function isEstablished(body: unknown): boolean {
  const { metadata, spec, status } = body as {
    metadata?: { deletionTimestamp?: string };
    spec?: { names?: object };
    status?: { conditions?: { type?: string; status?: string }[]; acceptedNames?: object };
  };
  if (metadata?.deletionTimestamp) return true;
  const isTrue = (name: string) => (status?.conditions ?? []).find(({ type }) => type === name)?.status === 'True';
  const isRefused = (status?.conditions ?? []).some((condition) => condition.type === 'NamesAccepted' && condition.status === 'False');
  return isRefused || (isTrue('Established') && deepEqual(status?.acceptedNames, spec?.names));
}

function hasPriorityLevel(body: unknown): boolean {
  const { spec, status } = body as {
    spec?: { priorityLevelConfiguration?: { name?: string } };
    status?: { conditions?: { type?: string; message?: string }[] };
  };
  const named = JSON.stringify(spec?.priorityLevelConfiguration?.name ?? '');
  return (status?.conditions ?? []).some(({ type, message }) => type === 'Dangling' && message?.includes(` ${named} `) === true);
}
