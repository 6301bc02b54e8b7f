// Limits and reservations of cores and memory. As in Docker, a limit reserves nothing: Kubernetes would reserve as much.
import type { ResourceRequirements } from '@berth/api';
import { parseQuantity } from '@berth/machinery';
import { ComposeError } from '../compose-error.ts';
import type { Service } from '../project/service.ts';
import { cpuQuantity, sizeQuantity } from './units.ts';

type Amount = [path: string, text: string | undefined];

export function resourcesOf(name: string, service: Service): ResourceRequirements | undefined {
  const { limits: most = {}, reservations: least = {} } = service.deploy?.resources ?? {};
  const path = `services.${name}`;
  const deploy = `${path}.deploy.resources`;
  const cpuLimit = quantity(cpuQuantity, [`${deploy}.limits.cpus`, most.cpus], [`${path}.cpus`, service.cpus]);
  const memoryLimit = quantity(sizeQuantity, [`${deploy}.limits.memory`, most.memory], [`${path}.mem_limit`, service.mem_limit]);
  const cpu = quantity(cpuQuantity, [`${deploy}.reservations.cpus`, least.cpus]);
  const memory = quantity(
    sizeQuantity,
    [`${deploy}.reservations.memory`, least.memory],
    [`${path}.mem_reservation`, service.mem_reservation],
  );
  const limits = { ...(cpuLimit && { cpu: cpuLimit }), ...(memoryLimit && { memory: memoryLimit }) };
  const requests = {
    ...((cpu || cpuLimit) && { cpu: cpu ?? '0' }),
    ...((memory || memoryLimit) && { memory: memory ?? '0' }),
  };
  for (const [what, reserved, limit] of [
    ['cpus', cpu, cpuLimit],
    ['memory', memory, memoryLimit],
  ] as const) {
    if (reserved && limit && parseQuantity(reserved).compare(parseQuantity(limit)) > 0)
      throw new ComposeError(`${deploy}.reservations.${what}: ${reserved} is more than the limit of ${limit}`);
  }
  if (Object.keys(requests).length === 0) return undefined;
  return { ...(Object.keys(limits).length > 0 && { limits }), requests };
}

/** The first that is there. 0 is no limit, as in Docker. */
function quantity(read: (text: string, path: string) => string, ...amounts: Amount[]): string | undefined {
  for (const [path, text] of amounts) {
    if (text === undefined) continue;
    const result = read(text, path);
    return result === '0' ? undefined : result;
  }
  return undefined;
}
