// What an API server writes of an object by itself, later: of a FlowSchema, whether its priority level exists. Both servers are waited for,
// so that neither is asked about an object that it is about to change.
import { isRecord, type KindDefinition } from '@berth/machinery';
import { eventually } from '../../tools/cluster/eventually.ts';
import type { Answer, ApiServer, Request } from './api-server.ts';

const timeoutMs = 10_000;

/** The object as it is then, where there is anything to wait for. */
export async function settled(server: ApiServer, kind: KindDefinition, asked: Request, answer: Answer): Promise<Answer | undefined> {
  const path = asked.path.split('?')[0] ?? '';
  const name = isRecord(answer.body) && isRecord(answer.body.metadata) ? answer.body.metadata.name : undefined;
  const isWrite = ['POST', 'PUT', 'PATCH'].includes(asked.method) && answer.code < 300 && !asked.path.includes('dryRun');
  if (kind.kind !== 'FlowSchema' || !isWrite || typeof name !== 'string') return undefined;
  const object = `${path.replace(/\/(flowschemas)(\/.*)?$/, '/$1')}/${name}`;
  return eventually(`${server.name}: the status of ${object}`, timeoutMs, async () => {
    const found = await server.send({ method: 'GET', path: object });
    return found.code !== 200 || isReported(found.body) ? found : undefined;
  });
}

function isReported(body: unknown): boolean {
  const { spec, status } = body as {
    spec?: { priorityLevelConfiguration?: { name?: string } };
    status?: { conditions?: { type?: string; message?: string }[] };
  };
  const named = JSON.stringify(spec?.priorityLevelConfiguration?.name ?? '');
  return (status?.conditions ?? []).some(({ type, message }) => type === 'Dangling' && message?.includes(` ${named} `) === true);
}
