// Users that Berth's own parts act as, in process or by certificate; authorization/component-roles.ts says what they may do.
import type { User } from './types.ts';

export const componentUsers = {
  apiServer: { name: 'system:apiserver', groups: ['system:masters', 'system:authenticated'] },
  scheduler: { name: 'system:kube-scheduler', groups: ['system:authenticated'] },
  controllerManager: { name: 'system:kube-controller-manager', groups: ['system:authenticated'] },
  gateway: { name: 'system:berth-gateway', groups: ['system:authenticated'] },
} satisfies Record<string, User>;

/** Parts of Berth own what they write under the names of Kubernetes' programs, which are those of their users but for the server's. */
export function managerOf({ name }: User): string {
  return name === componentUsers.apiServer.name ? 'kube-apiserver' : name.replace(/^system:/, '');
}
