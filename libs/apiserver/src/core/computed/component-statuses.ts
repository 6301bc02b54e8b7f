// `kubectl get componentstatuses`: how the parts of the control plane are, as far as this process knows them.
import { ComponentStatus } from '@berth/api';
import { apiVersionOf } from '@berth/machinery';
import { erased } from '../kinds-by-name.ts';
import type { ServedKind } from '../resource-registry.ts';
import { computedList } from './computed-list.ts';

export interface ComponentStatusPorts {
  /** That run in this process. */
  roles: readonly string[];
  storeAnswers(): Promise<boolean>;
}

export function componentStatuses({ roles, storeAnswers }: ComponentStatusPorts): ServedKind {
  const elsewhere = (role: string) => (roles.includes(role) ? undefined : 'it does not run in the process that was asked');
  const objects = async () => [
    status('controller-manager', elsewhere('controllers')),
    status('scheduler', elsewhere('scheduler')),
    status('etcd-0', (await storeAnswers()) ? undefined : 'the store does not answer'),
  ];
  return { kind: erased(ComponentStatus), resource: computedList(objects) };
}

function status(name: string, problem: string | undefined): ComponentStatus {
  const condition = problem ? { type: 'Healthy', status: 'False', message: problem } : { type: 'Healthy', status: 'True', message: 'ok' };
  return { kind: ComponentStatus.kind, apiVersion: apiVersionOf(ComponentStatus), metadata: { name }, conditions: [condition] };
}
