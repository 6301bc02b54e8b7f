// What of a machine its operator keeps from pods, as a kubelet's --system-reserved states it.
// (kubernetes.io/docs/tasks/administer-cluster/reserve-compute-resources)
import { isQuantity, parseQuantity } from '@berth/machinery';
import { UsageError } from '@berth/telemetry/command-line';

/** Absent: as much as is kept where nothing is said. */
export interface ReservedResources {
  cpuMillis?: number;
  memoryBytes?: number;
  storageBytes?: number;
}

const resources: Record<string, (quantity: number) => ReservedResources> = {
  cpu: (cores) => ({ cpuMillis: Math.round(cores * 1000) }),
  memory: (memoryBytes) => ({ memoryBytes }),
  'ephemeral-storage': (storageBytes) => ({ storageBytes }),
};

/** @param text `cpu=200m,memory=500Mi` @throws UsageError naming the option */
export function parseReserved(option: string, text: string | undefined): ReservedResources {
  const found: ReservedResources = {};
  for (const pair of (text ?? '').split(',').filter((part) => part !== '')) {
    const [name = '', amount = '', ...rest] = pair.split('=');
    const resource = Object.hasOwn(resources, name) ? resources[name] : undefined;
    if (!resource || rest.length > 0)
      throw new UsageError(`${option}: ${JSON.stringify(pair)} is not RESOURCE=QUANTITY with one of ${Object.keys(resources).join(', ')}`);
    const quantity = isQuantity(amount) ? parseQuantity(amount).toNumber() : Number.NaN;
    if (!(quantity >= 0))
      throw new UsageError(`${option}: ${JSON.stringify(pair)}: ${JSON.stringify(amount)} is not a quantity, such as 500Mi`);
    Object.assign(found, resource(quantity));
  }
  return found;
}
