// Who may write policies that read parameters, and bindings that name them, in Kubernetes' words.
import { ClusterRole, ClusterRoleBinding, ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding } from '@berth/api';
import { expect, test } from 'vitest';
import { startTestServer } from '../test-server.ts';

const rbac = 'rbac.authorization.k8s.io';
const apiVersion = 'admissionregistration.k8s.io/v1';
const policy = (name: string, kind: string): ValidatingAdmissionPolicy => ({
  ...{ apiVersion, kind: 'ValidatingAdmissionPolicy', metadata: { name } },
  spec: {
    paramKind: { apiVersion: 'v1', kind },
    matchConstraints: { resourceRules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }] },
    validations: [{ expression: 'params.metadata.name != ""' }],
  },
});
const binding = (name: string, policyName: string, param?: string): ValidatingAdmissionPolicyBinding => ({
  ...{ apiVersion, kind: 'ValidatingAdmissionPolicyBinding', metadata: { name } },
  spec: {
    ...{ policyName, validationActions: ['Deny'] },
    paramRef: { ...(param ? { name: param, namespace: 'default' } : { selector: {} }), parameterNotFoundAction: 'Deny' },
  },
});

test('a policy reads what its author may read, and a binding as well', async () => {
  const { server, client } = await startTestServer();
  await client.create(ClusterRole, {
    ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRole', metadata: { name: 'author' } },
    rules: [
      { apiGroups: ['admissionregistration.k8s.io'], resources: ['*'], verbs: ['*'] },
      { apiGroups: [''], resources: ['configmaps'], verbs: ['get'] },
    ],
  });
  await client.create(ClusterRoleBinding, {
    ...{ apiVersion: `${rbac}/v1`, kind: 'ClusterRoleBinding', metadata: { name: 'author' } },
    roleRef: { apiGroup: rbac, kind: 'ClusterRole', name: 'author' },
    subjects: [{ kind: 'User', name: 'ann', apiGroup: rbac }],
  });
  const ann = server.localClient({ name: 'ann', groups: ['system:authenticated'] });
  const who = 'user &{ann  [system:authenticated] map[]}';
  await ann.create(ValidatingAdmissionPolicy, policy('of-configs', 'ConfigMap'));
  await expect(ann.create(ValidatingAdmissionPolicy, policy('of-secrets', 'Secret'))).rejects.toThrow(
    `spec.paramKind: Forbidden: ${who} must have "get" permission on all objects of the referenced paramKind (kind=Secret, apiVersion=v1)`,
  );
  await client.create(ValidatingAdmissionPolicy, policy('of-secrets', 'Secret'));
  await ann.create(ValidatingAdmissionPolicyBinding, binding('a', 'of-configs', 'c'));
  const refused = (verb: string) =>
    `spec.paramRef: Forbidden: ${who} does not have "${verb}" permission on the object referenced by paramRef`;
  await expect(ann.create(ValidatingAdmissionPolicyBinding, binding('b', 'of-configs'))).rejects.toThrow(refused('list'));
  await expect(ann.create(ValidatingAdmissionPolicyBinding, binding('c', 'of-secrets', 's'))).rejects.toThrow(refused('get'));
  await expect(ann.create(ValidatingAdmissionPolicyBinding, binding('d', 'nothing', 's'))).rejects.toThrow(
    `spec.paramRef: Forbidden: unable to get policy nothing to determine minimum required permissions and ${who} does not have "get" permission for all groups, versions and resources`,
  );
  await server.stop();
});
