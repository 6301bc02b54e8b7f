// What an API server writes of an object by itself, later: of a FlowSchema, whether its priority level exists; of a definition, whether its
// kind is served. Both servers are waited for, so that neither is asked about an object that it is about to change.
import { deepEqual, isRecord, type KindDefinition } from '@berth/machinery';
import { eventually } from '../../tools/cluster/eventually.ts';
import type { Answer, ApiServer, Request } from './api-server.ts';

const timeoutMs = 10_000;

/** The object as it is then, where there is anything to wait for. */
export async function settled(server: ApiServer, kind: KindDefinition, asked: Request, answer: Answer): Promise<Answer | undefined> {
  const path = asked.path.split('?')[0] ?? '';
  const name = isRecord(answer.body) && isRecord(answer.body.metadata) ? answer.body.metadata.name : undefined;
  const isWrite = ['POST', 'PUT', 'PATCH'].includes(asked.method) && answer.code < 300 && !asked.path.includes('dryRun');
  const isReported = reported[kind.kind];
  if (!isReported || !isWrite || typeof name !== 'string' || !path.includes(`/${kind.plural}`)) return undefined;
  const object = `${path.replace(/\/(flowschemas|customresourcedefinitions)(\/.*)?$/, '/$1')}/${name}`;
  return eventually(`${server.name}: the status of ${object}`, timeoutMs, async () => {
    const found = await server.send({ method: 'GET', path: object });
    return found.code !== 200 || isReported(found.body) ? found : undefined;
  });
}

const reported: Record<string, ((body: unknown) => boolean) | undefined> = {
  FlowSchema: hasPriorityLevel,
  CustomResourceDefinition: isEstablished,
};

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
