import { sampleOf } from '@berth/api/testing';
import type { KindDefinition, KubeObject } from '@berth/machinery';
import { describe, expect, it } from 'vitest';
import { stateMetrics } from './index.ts';

const at = '2026-11-30T10:00:00Z';
const atSeconds = Date.parse(at) / 1000;

async function text(objects: Record<string, unknown[]>): Promise<string> {
  let all = '';
  for await (const piece of stateMetrics(async <T extends KubeObject>(kind: KindDefinition<T>) => (objects[kind.kind] ?? []) as T[]))
    all += piece;
  return all;
}

/** Samples by name and labels. @throws for what is no line of the format */
function parsed(all: string): { samples: Map<string, number>; types: Map<string, string> } {
  const samples = new Map<string, number>();
  const types = new Map<string, string>();
  let family = '';
  for (const line of all.trimEnd().split('\n')) {
    const type = /^# TYPE (\w+) (gauge|counter)$/.exec(line);
    if (type) {
      family = type[1] ?? '';
      expect(types.has(family), `${family} is there twice`).toBe(false);
      types.set(family, type[2] ?? '');
      continue;
    }
    if (line.startsWith('# HELP ')) continue;
    const sample = /^(\w+)(\{(?:\w+="(?:[^"\\]|\\["\\n])*",?)*\}) (\S+)$/.exec(line);
    expect(sample, line).not.toBeNull();
    expect(sample?.[1]).toBe(family);
    const value = Number(sample?.[3]);
    expect(Number.isNaN(value), line).toBe(false);
    const key = `${sample?.[1]}${sample?.[2]}`;
    expect(samples.has(key), `${key} is there twice`).toBe(false);
    samples.set(key, value);
  }
  return { samples, types };
}

const pod = {
  metadata: {
    name: 'web-0',
    namespace: 'shop',
    uid: 'u1',
    creationTimestamp: at,
    ownerReferences: [{ kind: 'StatefulSet', name: 'web', controller: true, apiVersion: 'apps/v1', uid: 'u2' }],
  },
  spec: {
    nodeName: 'n1',
    restartPolicy: 'Always',
    initContainers: [{ name: 'init', image: 'init:1', resources: { limits: { memory: '64Mi' } } }],
    containers: [{ name: 'app', image: 'app:1', resources: { requests: { cpu: '250m', 'example.com/gpu': '2' } } }],
    volumes: [
      { name: 'data', persistentVolumeClaim: { claimName: 'data-web-0', readOnly: true } },
      { name: 'scratch', ephemeral: {} },
    ],
    tolerations: [{ key: 'a', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }],
  },
  status: {
    phase: 'Running',
    qosClass: 'Burstable',
    hostIP: '10.0.0.1',
    podIP: '10.244.0.5',
    podIPs: [{ ip: '10.244.0.5' }],
    startTime: at,
    conditions: [
      { type: 'Ready', status: 'False', lastTransitionTime: at },
      { type: 'PodScheduled', status: 'True', lastTransitionTime: at },
    ],
    initContainerStatuses: [
      {
        name: 'init',
        image: 'init:1',
        imageID: 'sha256:1',
        ready: true,
        restartCount: 0,
        state: { terminated: { exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at } },
      },
    ],
    containerStatuses: [
      {
        name: 'app',
        image: 'app:1',
        imageID: 'sha256:2',
        containerID: 'containerd://c',
        ready: false,
        restartCount: 7,
        state: { waiting: { reason: 'CrashLoopBackOff' } },
        lastState: { terminated: { exitCode: 137, reason: 'OOMKilled', startedAt: at, finishedAt: at } },
      },
    ],
  },
};

describe('stateMetrics', () => {
  it('says what a pod is, where, and how its containers are', async () => {
    const { samples, types } = parsed(await text({ Pod: [pod] }));
    const of = 'namespace="shop",pod="web-0",uid="u1"';
    const expected: [string, number][] = [
      [
        `kube_pod_info{${of},host_ip="10.0.0.1",pod_ip="10.244.0.5",node="n1",created_by_kind="StatefulSet",created_by_name="web",priority_class="",host_network="false"}`,
        1,
      ],
      [`kube_pod_owner{${of},owner_kind="StatefulSet",owner_name="web",owner_is_controller="true"}`, 1],
      [`kube_pod_created{${of}}`, atSeconds],
      [`kube_pod_status_phase{${of},phase="Running"}`, 1],
      [`kube_pod_status_phase{${of},phase="Pending"}`, 0],
      [`kube_pod_status_ready{${of},condition="true"}`, 0],
      [`kube_pod_status_ready{${of},condition="false"}`, 1],
      [`kube_pod_status_scheduled_time{${of}}`, atSeconds],
      [`kube_pod_tolerations{${of},key="a",operator="Exists",value="",effect="NoExecute",toleration_seconds="300"}`, 1],
      [
        `kube_pod_spec_volumes_persistentvolumeclaims_readonly{${of},volume="data",persistentvolumeclaim="data-web-0",ephemeral="false"}`,
        1,
      ],
      [
        `kube_pod_spec_volumes_persistentvolumeclaims_info{${of},volume="scratch",persistentvolumeclaim="web-0-scratch",ephemeral="true"}`,
        1,
      ],
      [
        `kube_pod_container_info{${of},container="app",image="app:1",image_id="sha256:2",image_spec="app:1",container_id="containerd://c"}`,
        1,
      ],
      [`kube_pod_container_status_waiting_reason{${of},container="app",reason="CrashLoopBackOff"}`, 1],
      [`kube_pod_container_status_last_terminated_reason{${of},container="app",reason="OOMKilled"}`, 1],
      [`kube_pod_container_status_last_terminated_exitcode{${of},container="app"}`, 137],
      [`kube_pod_container_status_restarts_total{${of},container="app"}`, 7],
      [`kube_pod_container_status_running{${of},container="app"}`, 0],
      [`kube_pod_container_resource_requests{${of},container="app",node="n1",resource="cpu",unit="core"}`, 0.25],
      [`kube_pod_container_resource_requests{${of},container="app",node="n1",resource="example_com_gpu",unit="integer"}`, 2],
      [`kube_pod_init_container_resource_limits{${of},container="init",node="n1",resource="memory",unit="byte"}`, 64 * 2 ** 20],
      [`kube_pod_init_container_status_terminated_reason{${of},container="init",reason="Completed"}`, 1],
    ];
    for (const [key, value] of expected) expect(samples.get(key), key).toBe(value);
    expect([...samples.keys()].filter((key) => key.startsWith('kube_pod_status_ready_time'))).toEqual([]);
    expect(types.get('kube_pod_container_status_restarts_total')).toBe('counter');
  });

  it('counts workloads, jobs and budgets, zero where a status leaves a count out', async () => {
    const metadata = { name: 'web', namespace: 'shop', generation: 3, creationTimestamp: at };
    const conditions = [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }];
    const { samples } = parsed(
      await text({
        Deployment: [
          {
            metadata,
            spec: { replicas: 10, strategy: { rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } } },
            status: { replicas: 4, observedGeneration: 2, conditions },
          },
        ],
        CronJob: [{ metadata, spec: { schedule: '30 * * * *', timeZone: 'Asia/Kolkata' }, status: { lastScheduleTime: at } }],
        Job: [
          { metadata, spec: {}, status: { failed: 2, conditions: [{ type: 'Failed', status: 'True', reason: 'BackoffLimitExceeded' }] } },
        ],
        ResourceQuota: [{ metadata, status: { hard: { 'requests.memory': '1Gi', pods: '5' }, used: { pods: '2' } } }],
        Node: [
          {
            metadata: { name: 'n1', labels: { 'node-role.kubernetes.io/worker': '' } },
            spec: {},
            status: { allocatable: { cpu: '1930m', pods: '110' }, conditions: [{ type: 'Ready', status: 'Unknown' }] },
          },
        ],
      }),
    );
    const of = 'namespace="shop",deployment="web"';
    const expected: [string, number][] = [
      [`kube_deployment_status_replicas{${of}}`, 4],
      [`kube_deployment_status_replicas_ready{${of}}`, 0],
      [`kube_deployment_status_observed_generation{${of}}`, 2],
      [`kube_deployment_metadata_generation{${of}}`, 3],
      [`kube_deployment_spec_strategy_rollingupdate_max_surge{${of}}`, 3],
      [`kube_deployment_spec_strategy_rollingupdate_max_unavailable{${of}}`, 2],
      [`kube_deployment_status_condition{${of},condition="Progressing",status="false",reason="ProgressDeadlineExceeded"}`, 1],
      ['kube_cronjob_next_schedule_time{namespace="shop",cronjob="web"}', atSeconds + 3600],
      ['kube_job_status_failed{namespace="shop",job_name="web",reason="BackoffLimitExceeded"}', 1],
      ['kube_job_failed{namespace="shop",job_name="web",condition="true"}', 1],
      ['kube_resourcequota{namespace="shop",resourcequota="web",resource="requests.memory",type="hard"}', 2 ** 30],
      ['kube_resourcequota{namespace="shop",resourcequota="web",resource="pods",type="used"}', 2],
      ['kube_node_role{node="n1",role="worker"}', 1],
      ['kube_node_status_allocatable{node="n1",resource="cpu",unit="core"}', 1.93],
      ['kube_node_status_allocatable{node="n1",resource="pods",unit="integer"}', 110],
      ['kube_node_status_condition{node="n1",condition="Ready",status="unknown"}', 1],
    ];
    for (const [key, value] of expected) expect(samples.get(key), key).toBe(value);
  });

  it('escapes what labels hold, and shows nothing of a secret but that it is there', async () => {
    const metadata = { name: 'a', namespace: 'shop', resourceVersion: '7' };
    const all = await text({
      Secret: [{ metadata, type: 'Opaque', data: { password: 'aHVudGVyMg==' } }],
      Node: [{ metadata: { name: 'n1' }, spec: { taints: [{ key: 'k', value: 'a "b"\\\nc', effect: 'NoSchedule' }] } }],
    });
    expect(all).not.toContain('aHVudGVyMg==');
    expect(all).toContain('kube_secret_type{namespace="shop",secret="a",type="Opaque"} 1\n');
    expect(all).toContain('kube_node_spec_taint{node="n1",key="k",value="a \\"b\\"\\\\\\nc",effect="NoSchedule"} 1\n');
    parsed(all);
  });

  it('has samples of the smallest object of every kind that it is about', async () => {
    let all = '';
    const names: string[] = [];
    const list = async <T extends KubeObject>(kind: KindDefinition<T>) => {
      names.push(kind.singular);
      return [sampleOf(kind as unknown as KindDefinition)] as unknown as T[];
    };
    for await (const piece of stateMetrics(list)) all += piece;
    const { samples } = parsed(all);
    expect(names).toHaveLength(34);
    for (const [family, type] of [
      ['pod', 'Pod'],
      ['job', 'Job'],
      ['endpointslice', 'EndpointSlice'],
      ['secret', 'Secret'],
    ]) {
      expect(
        [...samples.keys()].some((key) => key.startsWith(`kube_${family}_info{`)),
        type,
      ).toBe(true);
    }
  });

  it('comes in pieces of bounded size', async () => {
    const pods = Array.from({ length: 2_000 }, (_, index) => ({ ...pod, metadata: { ...pod.metadata, name: `web-${index}` } }));
    let largest = 0;
    let count = 0;
    for await (const piece of stateMetrics(
      async <T extends KubeObject>(kind: KindDefinition<T>) => (kind.kind === 'Pod' ? pods : []) as unknown as T[],
    )) {
      largest = Math.max(largest, piece.length);
      count++;
    }
    expect(count).toBeGreaterThan(20);
    expect(largest).toBeLessThan(80 * 2 ** 10);
  });
});
