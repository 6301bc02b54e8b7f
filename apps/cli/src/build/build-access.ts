// Who pushes what builds make: an account in the namespace of the build, which may push that namespace's images and pull all. Made with the
// first build there, gone with the namespace.
import { ClusterRole, ClusterRoleBinding, Namespace, ServiceAccount } from '@berth/api';
import type { HttpClient } from '@berth/client';
import { builderAccount } from '@berth/controllers/image-build';
import { isReason } from '@berth/machinery';

const fieldManager = 'berth-build';

/** @throws Error naming what this user may not */
export async function provideBuildAccess(client: HttpClient, namespace: string): Promise<void> {
  const name = `berth:image-builder:${namespace}`;
  try {
    // The last of what is made: where it is, all is.
    await client.get(ClusterRoleBinding, { name });
    await client.get(ServiceAccount, { namespace, name: builderAccount });
    return;
  } catch (error) {
    if (!isReason(error, 'NotFound')) throw error;
  }
  const { metadata } = await client.get(Namespace, { name: namespace }).catch((error: unknown) => {
    if (!isReason(error, 'NotFound')) throw error;
    throw new Error(`there is no namespace ${namespace}: kubectl create namespace ${namespace} makes it`);
  });
  const ownerReferences = [{ apiVersion: 'v1', kind: 'Namespace', name: namespace, uid: metadata.uid ?? '' }];
  const options = { fieldManager, force: true };
  const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: builderAccount, namespace } };
  await client.patch(ServiceAccount, account.metadata, 'apply', { ...account, automountServiceAccountToken: false }, options);
  const rbac = { apiVersion: 'rbac.authorization.k8s.io/v1', metadata: { name, ownerReferences } };
  const role = {
    ...{ ...rbac, kind: 'ClusterRole' },
    rules: [
      { nonResourceURLs: ['/v2', '/v2/*'], verbs: ['get'] },
      { nonResourceURLs: [`/v2/${namespace}/*`], verbs: ['post', 'put', 'patch', 'delete'] },
    ],
  };
  const binding = {
    ...{ ...rbac, kind: 'ClusterRoleBinding' },
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name },
    subjects: [{ kind: 'ServiceAccount', name: builderAccount, namespace }],
  };
  await client.patch(ClusterRole, { name }, 'apply', role, options);
  await client.patch(ClusterRoleBinding, { name }, 'apply', binding, options);
}
