// What people see of admission through kubectl: defaults of limit ranges, quotas that are full, the Pod Security Standards'
// refusals and warnings, and priority classes.
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { KubectlCluster } from './kubectl-cluster.ts';

let cluster: KubectlCluster;
beforeAll(async () => {
  cluster = await KubectlCluster.start(['api', 'controllers']);
  await kubectl('create namespace team');
  // A pod is created in a namespace only once its service account is there.
  await kubectl('wait --for=create serviceaccount/default -n team --timeout=10s');
});
afterAll(() => cluster.stop());

async function kubectl(line: string, input = ''): Promise<{ out: string; code: number }> {
  const { stdout, stderr, code } = await cluster.run(line.split(' '), { input });
  // Which fields act and which only warn is not this test's business.
  const told = stderr.replaceAll(/^Warning: spec\..*\n/gm, '');
  return { out: (told + stdout).trimEnd(), code };
}

const apply = (manifest: object) => kubectl('apply -f -', JSON.stringify(manifest));
const item = (kind: string, name: string, body: object, apiVersion = 'v1') =>
  apply({ apiVersion, kind, metadata: { name, namespace: 'team' }, ...body });
const containers = [{ name: 'main', image: 'registry.local/web:1' }];

test('a limit range fills in what containers leave open, and bounds what they ask for', async () => {
  const limits = [{ type: 'Container', default: { cpu: '500m' }, defaultRequest: { cpu: '100m' }, max: { cpu: '1' } }];
  expect((await item('LimitRange', 'bounds', { spec: { limits } })).out).toBe('limitrange/bounds created');
  expect((await kubectl('run limited --image=registry.local/web:1 -n team')).out).toBe('pod/limited created');
  expect((await kubectl('get pod limited -n team -o jsonpath={.spec.containers[0].resources}')).out).toBe(
    '{"limits":{"cpu":"500m"},"requests":{"cpu":"100m"}}',
  );
  expect((await kubectl('describe pod limited -n team')).out).toMatch(
    /kubernetes\.io\/limit-ranger: LimitRanger plugin set: cpu request for container limited; cpu limit for container limited/,
  );
  const large = [{ ...containers[0], resources: { limits: { cpu: '2' } } }];
  const { out, code } = await item('Pod', 'large', { spec: { containers: large } });
  expect(out).toBe(
    'Error from server (Forbidden): error when creating "STDIN": pods "large" is forbidden: maximum cpu usage per Container is 1, but limit is 2',
  );
  expect(code).toBe(1);
  expect((await kubectl('describe limitrange bounds -n team')).out).toMatch(/Container +cpu +- +1 +100m +500m +-/);
  await kubectl('delete limitrange bounds -n team');
});

test('a quota that is full refuses, and has room again when pods go', async () => {
  const used = (text: string) => kubectl(`wait --for=jsonpath={.status.used.pods}=${text} resourcequota/few -n team --timeout=10s`);
  expect((await kubectl('create quota few --hard=pods=2 -n team')).out).toBe('resourcequota/few created');
  expect((await used('1')).out).toBe('resourcequota/few condition met');
  expect((await item('Pod', 'second', { spec: { containers } })).out).toBe('pod/second created');
  expect((await item('Pod', 'third', { spec: { containers } })).out).toBe(
    'Error from server (Forbidden): error when creating "STDIN": pods "third" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2',
  );
  expect((await kubectl('describe quota few -n team')).out).toMatch(/Resource +Used +Hard\n-+ +-+ +-+\npods +2 +2/);
  await kubectl('delete pod second --now -n team');
  expect((await used('1')).out).toBe('resourcequota/few condition met');
  expect((await item('Pod', 'third', { spec: { containers } })).out).toBe('pod/third created');
  await kubectl('create deployment crowded --image=registry.local/web:1 -n team');
  expect((await kubectl('wait --for=condition=ReplicaFailure deployment/crowded -n team --timeout=10s')).out).toBe(
    'deployment.apps/crowded condition met',
  );
  expect((await kubectl('get events -n team --field-selector=reason=FailedCreate')).out).toMatch(
    /Warning +FailedCreate +replicaset\/crowded-\S+ +Error creating: pods "crowded-\S+" is forbidden: exceeded quota: few, requested: pods=1, used: pods=2, limited: pods=2/,
  );
  await kubectl('delete deployment crowded -n team');
  await kubectl('delete quota few -n team');
  await item('ResourceQuota', 'compute', { spec: { hard: { 'limits.cpu': '1', 'requests.memory': '1Gi' } } });
  await kubectl('wait --for=jsonpath={.status.hard} resourcequota/compute -n team --timeout=10s');
  expect((await kubectl('run silent --image=registry.local/web:1 -n team')).out).toBe(
    'Error from server (Forbidden): pods "silent" is forbidden: failed quota: compute: must specify limits.cpu for: silent; requests.memory for: silent',
  );
  await kubectl('delete quota compute -n team');
});

describe('the Pod Security Standards', () => {
  test('warn about workloads and refuse pods', async () => {
    const labelled = await kubectl(
      'label namespace team pod-security.kubernetes.io/enforce=baseline pod-security.kubernetes.io/warn=restricted',
    );
    expect(labelled.out).toBe('namespace/team labeled');
    const missing =
      'allowPrivilegeEscalation != false (container "web" must set securityContext.allowPrivilegeEscalation=false), unrestricted capabilities (container "web" must set securityContext.capabilities.drop=["ALL"]), runAsNonRoot != true (pod or container "web" must set securityContext.runAsNonRoot=true), seccompProfile (pod or container "web" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")';
    expect((await kubectl('create deployment web --image=registry.local/web:1 -n team')).out).toBe(
      `Warning: would violate PodSecurity "restricted:latest": ${missing}\ndeployment.apps/web created`,
    );
    const spec = { hostNetwork: true, containers: [{ ...containers[0], securityContext: { privileged: true } }] };
    expect((await item('Pod', 'mighty', { spec })).out).toBe(
      'Error from server (Forbidden): error when creating "STDIN": pods "mighty" is forbidden: violates PodSecurity "baseline:latest": host namespaces (hostNetwork=true), privileged (container "main" must not set securityContext.privileged=true)',
    );
  });

  test('name the pods that a stricter namespace would not let in', async () => {
    const { out } = await kubectl('label --overwrite namespace team pod-security.kubernetes.io/enforce=restricted');
    expect(out).toMatch(
      /^Warning: existing pods in namespace "team" violate the new PodSecurity enforce level "restricted:latest"\nWarning: limited \(and \d+ other pods?\): allowPrivilegeEscalation != false, unrestricted capabilities, runAsNonRoot != true, seccompProfile\nnamespace\/team labeled$/,
    );
    const wrong = await kubectl('label --overwrite namespace team pod-security.kubernetes.io/enforce=strict');
    expect(wrong.out).toMatch(
      /metadata\.labels\[pod-security\.kubernetes\.io\/enforce\]: Invalid value: "strict": must be one of privileged, baseline, restricted/,
    );
    await kubectl('label namespace team pod-security.kubernetes.io/enforce- pod-security.kubernetes.io/warn-');
  });
});

test('a priority class gives pods its number', async () => {
  expect((await kubectl('get priorityclasses -o name')).out).toBe(
    'priorityclass.scheduling.k8s.io/system-cluster-critical\npriorityclass.scheduling.k8s.io/system-node-critical',
  );
  expect((await kubectl('create priorityclass high --value=1000 --description=important')).out).toBe(
    'priorityclass.scheduling.k8s.io/high created',
  );
  expect((await item('Pod', 'important', { spec: { priorityClassName: 'high', containers } })).out).toBe('pod/important created');
  expect((await kubectl('get pod important -n team -o jsonpath={.spec.priority}')).out).toBe('1000');
  expect((await item('Pod', 'lost', { spec: { priorityClassName: 'gone', containers } })).out).toBe(
    'Error from server (Forbidden): error when creating "STDIN": pods "lost" is forbidden: no PriorityClass with name gone was found',
  );
});
