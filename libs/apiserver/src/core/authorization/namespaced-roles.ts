// The default roles that hold in kube-system and kube-public alone, and who is bound to them.
import type { DefaultBinding, DefaultRole } from './default-roles.ts';
import { eventRules, read, rule } from './rule-shorthand.ts';

interface Namespaced {
  namespace: 'kube-system' | 'kube-public';
}

/** Where servers that trust this one's clients find its authorities; see `authenticationConfigMap`. */
export const authenticationConfigMapName = 'extension-apiserver-authentication';
const named = (verbs: string[], name: string) => ({ ...rule(verbs, '', ['configmaps']), resourceNames: [name] });
const locking = (component: string) => [
  rule(['watch'], '', ['configmaps']),
  named(['get', 'update'], component),
  rule(['get', 'watch', 'list', 'create', 'update'], 'coordination.k8s.io', ['leases']),
];

export const namespacedRoles: (DefaultRole & Namespaced)[] = [
  { namespace: 'kube-system', name: 'extension-apiserver-authentication-reader', rules: [named(read, authenticationConfigMapName)] },
  { namespace: 'kube-system', name: 'system:controller:bootstrap-signer', rules: [rule(read, '', ['secrets'])] },
  { namespace: 'kube-system', name: 'system:controller:cloud-provider', rules: [rule(['create', ...read], '', ['configmaps'])] },
  { namespace: 'kube-system', name: 'system:controller:token-cleaner', rules: [rule([...read, 'delete'], '', ['secrets']), ...eventRules] },
  { namespace: 'kube-system', name: 'system::leader-locking-kube-controller-manager', rules: locking('kube-controller-manager') },
  { namespace: 'kube-system', name: 'system::leader-locking-kube-scheduler', rules: locking('kube-scheduler') },
  {
    namespace: 'kube-public',
    name: 'system:controller:bootstrap-signer',
    rules: [rule(read, '', ['configmaps']), named(['update'], 'cluster-info'), ...eventRules],
  },
];

export const namespacedRoleBindings: (DefaultBinding & Namespaced)[] = [
  {
    namespace: 'kube-system',
    role: 'extension-apiserver-authentication-reader',
    name: 'system::extension-apiserver-authentication-reader',
    users: ['system:kube-controller-manager', 'system:kube-scheduler'],
  },
  { namespace: 'kube-system', role: 'system:controller:bootstrap-signer', accounts: ['bootstrap-signer'] },
  { namespace: 'kube-system', role: 'system:controller:cloud-provider', accounts: ['cloud-provider'] },
  { namespace: 'kube-system', role: 'system:controller:token-cleaner', accounts: ['token-cleaner'] },
  {
    namespace: 'kube-system',
    role: 'system::leader-locking-kube-controller-manager',
    users: ['system:kube-controller-manager'],
    accounts: ['kube-controller-manager'],
  },
  {
    namespace: 'kube-system',
    role: 'system::leader-locking-kube-scheduler',
    users: ['system:kube-scheduler'],
    accounts: ['kube-scheduler'],
  },
  { namespace: 'kube-public', role: 'system:controller:bootstrap-signer', accounts: ['bootstrap-signer'] },
];
