// One way to every resource: what a client in the same process and one over HTTP ask for meets the same checks, and so does every way
// to change an object.
import {
  CertificateSigningRequest,
  ClusterRole,
  ClusterRoleBinding,
  CustomResourceDefinition,
  ValidatingAdmissionPolicy,
} from '@berth/api';
import { defineKind, type KubeObject } from '@berth/machinery';
import { signingRequest } from '@berth/pki/testing';
import { beforeAll, expect, test } from 'vitest';
import { startTestServer } from './test-server.ts';

let started: Awaited<ReturnType<typeof startTestServer>>;

beforeAll(async () => {
  started = await startTestServer();
});

test('rules of definitions are compiled for clients in the same process', async () => {
  const rules = [{ rule: 'self.missing > 1' }];
  const schema = { openAPIV3Schema: { type: 'object', properties: { spec: { type: 'object', 'x-kubernetes-validations': rules } } } };
  const definition: CustomResourceDefinition = {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: 'things.example.com' },
    spec: {
      group: 'example.com',
      names: { plural: 'things', kind: 'Thing' },
      scope: 'Cluster',
      versions: [{ name: 'v1', served: true, storage: true, schema }],
    },
  };
  await expect(started.client.create(CustomResourceDefinition, definition)).rejects.toMatchObject({
    code: 422,
    message: expect.stringContaining("undefined field 'missing'"),
  });
});

test('expressions of policies are compiled for clients in the same process', async () => {
  const policy: ValidatingAdmissionPolicy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: 'odd' },
    spec: {
      matchConstraints: { resourceRules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }] },
      validations: [{ expression: 'object.nosuch(' }],
    },
  };
  await expect(started.client.create(ValidatingAdmissionPolicy, policy)).rejects.toMatchObject({
    code: 422,
    message: expect.stringContaining('spec.validations[0].expression'),
  });
});

test('a kind that is not served is not there for clients in the same process', async () => {
  const { schema } = ClusterRole;
  const kind = defineKind<KubeObject>({ group: 'example.com', version: 'v1', kind: 'None', plural: 'nones', scope: 'Cluster', schema });
  await expect(started.client.list(kind)).rejects.toMatchObject({ code: 404, reason: 'NotFound' });
});

test('approving takes the right to approve for the signer, also by server-side apply', async () => {
  const { client, server } = started;
  const { object } = await signingRequest('asked', {
    signerName: 'kubernetes.io/kube-apiserver-client',
    usages: ['client auth'],
    subject: 'CN=carl',
  });
  await client.create(CertificateSigningRequest, object);
  const rules = [{ apiGroups: ['certificates.k8s.io'], resources: ['certificatesigningrequests/approval'], verbs: ['patch', 'update'] }];
  const metadata = { name: 'writers' };
  await client.create(ClusterRole, { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata, rules });
  await client.create(ClusterRoleBinding, {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRoleBinding',
    metadata,
    roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'writers' },
    subjects: [{ apiGroup: 'rbac.authorization.k8s.io', kind: 'User', name: 'carl' }],
  });
  const carl = server.localClient({ name: 'carl', groups: ['system:authenticated'] });
  const applied = {
    apiVersion: 'certificates.k8s.io/v1',
    kind: 'CertificateSigningRequest',
    metadata: { name: 'asked' },
    status: { conditions: [{ type: 'Approved', status: 'True', reason: 'Because' }] },
  };
  const apply = (by: typeof carl) =>
    by.patch(CertificateSigningRequest, { name: 'asked' }, 'apply', applied, { subresource: 'approval', fieldManager: 'carl' });
  await expect(apply(carl)).rejects.toThrow('user not permitted to approve requests with signerName');
  expect((await apply(client)).status?.conditions).toMatchObject([{ type: 'Approved' }]);
});
