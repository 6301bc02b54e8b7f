// Parameters of policies, of every kind and however they are found, and the versions in which policies see objects.
import { ConfigMap, CustomResourceDefinition, ValidatingAdmissionPolicy } from '@berth/api';
import type { KubeObject } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import { configMap, messageOf, PolicyServer, prefix, refusing, rule } from './policy-server-fixture.ts';

const policies = new PolicyServer();

describe('parameters', () => {
  const bySize = { paramKind: { apiVersion: 'v1', kind: 'ConfigMap' }, ...refusing('int(object.data.size) <= int(params.data.max)') };
  const limit = (name: string, max: string, labels = {}, namespace = 'kube-system') =>
    policies.create(configMap(name, { max, size: '0' }, labels, namespace));

  test('are found by name, in the namespace that is named', async () => {
    await limit('limit', '3');
    await policies.inForce(bySize, { paramRef: { name: 'limit', namespace: 'kube-system', parameterNotFoundAction: 'Deny' } });
    await policies.create(configMap('x', { size: '3' }));
    expect(await messageOf(policies.create(configMap('y', { size: '4' })))).toContain('failed expression');
    await policies.client.patch(ConfigMap, { namespace: 'kube-system', name: 'limit' }, 'merge', { data: { max: '4' } });
    await policies.create(configMap('y', { size: '4' }));
  });

  test('are found in the namespace of the request otherwise, and must be there if the binding says so', async () => {
    await policies.inForce(bySize, { paramRef: { name: 'limit', parameterNotFoundAction: 'Deny' } });
    expect(await messageOf(policies.create(configMap('x', { size: '3' })))).toBe(
      `${prefix}failed to configure binding: no params found for policy binding with \`Deny\` parameterNotFoundAction`,
    );
  });

  test('may be absent where that is allowed', async () => {
    await policies.inForce(bySize, { paramRef: { name: 'limit', parameterNotFoundAction: 'Allow' } });
    await policies.create(configMap('x', { size: '3' }));
  });

  test('are each looked at where a selector finds several', async () => {
    await limit('one', '5', { role: 'limit' });
    await limit('two', '3', { role: 'limit' });
    await limit('other', '1');
    await policies.inForce(bySize, {
      paramRef: { selector: { matchLabels: { role: 'limit' } }, namespace: 'kube-system', parameterNotFoundAction: 'Deny' },
    });
    await policies.create(configMap('x', { size: '3' }));
    expect(await messageOf(policies.create(configMap('y', { size: '4' })))).toContain('failed expression');
  });

  test('of a kind that is not served are a fault of the policy, which Ignore passes over', async () => {
    const paramKind = { apiVersion: 'example.com/v1', kind: 'Limit' };
    await policies.inForce({ paramKind, ...refusing('true') }, { paramRef: { name: 'a', parameterNotFoundAction: 'Allow' } });
    expect(await messageOf(policies.create())).toBe(
      `configmaps "x" is forbidden: ValidatingAdmissionPolicy 'p' denied request: failed to configure policy: failed to find resource referenced by paramKind: 'example.com/v1, Kind=Limit'`,
    );
    await policies.client.patch(ValidatingAdmissionPolicy, { name: 'p' }, 'merge', { spec: { failurePolicy: 'Ignore' } });
    await policies.create();
  });

  test('may be custom resources, of the cluster too', async () => {
    await defined('limits', 'Limit', ['v1']);
    const kind = policies.running.server.kinds.require('example.com', 'v1', 'limits');
    await policies.client.create(kind, { apiVersion: 'example.com/v1', kind: 'Limit', metadata: { name: 'a' }, max: 2 } as KubeObject);
    const spec = { paramKind: { apiVersion: 'example.com/v1', kind: 'Limit' }, ...refusing('int(object.data.size) <= params.max') };
    await policies.inForce(spec, { paramRef: { name: 'a', parameterNotFoundAction: 'Deny' } });
    await policies.create(configMap('x', { size: '2' }));
    expect(await messageOf(policies.create(configMap('y', { size: '3' })))).toContain('failed expression');
  });
});

/** A kind of the cluster, of the group example.com, whose first version is stored. */
async function defined(plural: string, kind: string, versions: string[]): Promise<void> {
  const schema = { openAPIV3Schema: { type: 'object', properties: { max: { type: 'integer' } } } };
  await policies.client.create(CustomResourceDefinition, {
    ...{ apiVersion: 'apiextensions.k8s.io/v1', kind: 'CustomResourceDefinition', metadata: { name: `${plural}.example.com` } },
    spec: {
      ...{ group: 'example.com', scope: 'Cluster', names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List` } },
      versions: versions.map((name, i) => ({ name, served: true, storage: i === 0, schema })),
    },
  });
  for (const version of versions) {
    await expect.poll(() => policies.running.server.kinds.kind('example.com', version, kind), { timeout: 30_000 }).toBeDefined();
  }
}

test('objects of custom kinds are seen in the version that rules name, as parameters are in that of the policy', async () => {
  await defined('widgets', 'Widget', ['v1', 'v2']);
  const [v1, v2] = ['v1', 'v2'].map((version) => policies.running.server.kinds.require('example.com', version, 'widgets'));
  if (!v1 || !v2) throw new Error('not served');
  const widget = (version: string, name: string, max: number) =>
    ({ apiVersion: `example.com/${version}`, kind: 'Widget', metadata: { name }, max }) as KubeObject;
  await policies.client.create(v1, widget('v1', 'limit', 5));
  const seen = "object.apiVersion == 'example.com/v1' && request.requestKind.version == 'v2' && params.apiVersion == 'example.com/v2'";
  await policies.inForce(
    {
      matchConstraints: { resourceRules: [rule(['widgets'], { apiVersions: ['v1'] })] },
      paramKind: { apiVersion: 'example.com/v2', kind: 'Widget' },
      ...refusing(`${seen} && object.max <= params.max`),
    },
    { paramRef: { name: 'limit', parameterNotFoundAction: 'Deny' } },
  );
  await policies.client.create(v2, widget('v2', 'a', 5));
  expect(await messageOf(policies.client.create(v2, widget('v2', 'b', 6)))).toContain('failed expression');
});

test('objects are seen in the version that the rules name', async () => {
  const matchConstraints = {
    matchPolicy: 'Equivalent',
    resourceRules: [rule(['horizontalpodautoscalers'], { apiGroups: ['autoscaling'], apiVersions: ['v1'] })],
  };
  const validations = [
    {
      expression:
        "object.apiVersion == 'autoscaling/v1' && object.spec.targetCPUUtilizationPercentage < 80 && request.kind.version == 'v1' && request.requestKind.version == 'v2'",
    },
  ];
  await policies.inForce({ matchConstraints, validations });
  const kind = policies.running.server.kinds.require('autoscaling', 'v2', 'horizontalpodautoscalers');
  const scaler = (name: string, averageUtilization: number) => {
    const metrics = [{ type: 'Resource', resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } } }];
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'd' };
    return {
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name, namespace: 'default' },
      spec: { scaleTargetRef, maxReplicas: 3, metrics },
    } as KubeObject;
  };
  await policies.client.create(kind, scaler('a', 70));
  expect(await messageOf(policies.client.create(kind, scaler('b', 90)))).toContain('failed expression');
});
