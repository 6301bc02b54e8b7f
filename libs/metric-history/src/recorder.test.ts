// What is known goes into the history under the labels that dashboards look for, and what one node says is about that node.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Meter } from '@berth/promql';
import { silentLogger } from '@berth/telemetry';
import { SimulatedClock } from '@berth/telemetry/testing';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { MetricHistory } from './history.ts';
import { MetricRecorder, type NodeReport, type ProcessMetric, recordedEveryMs } from './recorder.ts';

let directory: string;
let history: MetricHistory;
let reports: NodeReport[];
let metrics: Record<string, ProcessMetric>;
let objects: { name: string; labels: Record<string, string>; value: number }[];
let clock: SimulatedClock;
let recorder: MetricRecorder;

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'berth-metric-recorder-'));
  // Files that take no time, as time is simulated.
  history = new MetricHistory({ directory, logger: silentLogger, files: { write: async () => {}, append: async () => {} } });
  await history.open();
  [reports, metrics, objects] = [[], {}, []];
  clock = new SimulatedClock();
  recorder = new MetricRecorder({
    ...{ history, clock, logger: silentLogger, instance: 'server' },
    reports: () => reports,
    metric: (name) => metrics[name],
    async *objects() {
      yield* objects;
    },
  });
});

afterEach(() => rm(directory, { recursive: true, force: true }));

/** name{labels} → values in order. */
async function kept(): Promise<Record<string, number[]>> {
  const meter = new Meter({ valuesMax: 1e6, workMax: 1e8, turn: async () => {} });
  const found = await history.select([], 0, Number.MAX_SAFE_INTEGER, meter);
  return Object.fromEntries(
    found.map(({ labels: { __name__: name, ...labels }, values }) => {
      const text = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1));
      return [`${name} ${text.map(([label, value]) => `${label}=${value}`).join(' ')}`, Array.from(values)];
    }),
  );
}

describe('MetricRecorder', () => {
  it('keeps what a node says, as said of that node', async () => {
    const samples =
      'container_memory_rss{namespace="a",pod="b\\"\\n",node="other"} 5\n# HELP x\nnode_load1 0.5\nkube_pod_info{pod="forged"} 1\nbroken\nnode_load5 x\n';
    reports = [{ nodeName: 'n1', samples }, { nodeName: 'n2' }];
    await recorder.tick();
    expect(await kept()).toEqual({
      'up instance=n1 job=kubelet node=n1': [1],
      'up instance=n2 job=kubelet node=n2': [1],
      'container_memory_rss instance=n1 job=cadvisor namespace=a node=n1 pod=b"\n': [5],
      'node_load1 instance=n1 job=node-exporter node=n1': [0.5],
    });
  });

  it('ends the series of a node that reports no more', async () => {
    reports = [{ nodeName: 'n1', samples: 'node_load1 1\n' }];
    await recorder.tick();
    await clock.advance(recordedEveryMs);
    reports = [];
    await recorder.tick();
    expect((await kept())['node_load1 instance=n1 job=node-exporter node=n1']).toEqual([1, Number.NaN]);
  });

  it('adds up what differs in labels that are not kept', async () => {
    metrics.apiserver_request_total = {
      get: async () => ({
        values: [
          { labels: { verb: 'GET', resource: 'pods', code: '200', version: 'v1' }, value: 2 },
          { labels: { verb: 'GET', resource: 'pods', code: '200', version: 'v2' }, value: 3 },
        ],
      }),
    };
    metrics.scheduler_pod_scheduling_sli_duration_seconds = {
      get: async () => ({
        values: [
          { metricName: 'scheduler_pod_scheduling_sli_duration_seconds_bucket', labels: { le: '+Inf', attempts: '1' }, value: 4 },
          { metricName: 'scheduler_pod_scheduling_sli_duration_seconds_count', labels: { attempts: '1' }, value: 4 },
        ],
      }),
    };
    await recorder.tick();
    expect(await kept()).toEqual({
      'apiserver_request_total code=200 instance=server job=kube-apiserver resource=pods verb=GET': [5],
      'scheduler_pod_scheduling_sli_duration_seconds_bucket instance=server job=kube-scheduler le=+Inf': [4],
      'scheduler_pod_scheduling_sli_duration_seconds_count instance=server job=kube-scheduler': [4],
    });
  });

  it('has what is measured only with another measured first', async () => {
    let measured = 0;
    metrics.nodejs_heap_size_total_bytes = {
      get: async () => {
        measured = 42;
        return { values: [] };
      },
    };
    metrics.nodejs_heap_size_used_bytes = { get: async () => ({ values: [{ labels: {}, value: measured }] }) };
    await recorder.tick();
    expect(await kept()).toEqual({ 'nodejs_heap_size_used_bytes instance=server job=kube-apiserver': [42] });
  });

  it('keeps what objects say at every tick, without the zeros of states that are not', async () => {
    const pod = { namespace: 'a', pod: 'b', uid: 'u' };
    objects = [
      { name: 'kube_pod_status_phase', labels: { ...pod, phase: 'Running' }, value: 1 },
      { name: 'kube_pod_status_phase', labels: { ...pod, phase: 'Failed' }, value: 0 },
      { name: 'kube_pod_container_status_restarts_total', labels: { ...pod, container: 'c' }, value: 0 },
    ];
    await recorder.tick();
    await clock.advance(recordedEveryMs);
    await recorder.tick();
    expect(await kept()).toEqual({
      'kube_pod_status_phase instance=server job=kube-state-metrics namespace=a phase=Running pod=b': [1, 1],
      'kube_pod_container_status_restarts_total container=c instance=server job=kube-state-metrics namespace=a pod=b': [0, 0],
    });
  });

  it('records at whole half minutes until it is stopped, whatever fails', async () => {
    metrics.process_open_fds = {
      get: async () => {
        throw new Error('not now');
      },
    };
    await clock.advance(10_000);
    recorder.start();
    await clock.advance(20_000);
    metrics.process_open_fds = { get: async () => ({ values: [{ labels: {}, value: 7 }] }) };
    await clock.advance(2 * recordedEveryMs);
    await recorder.stop();
    await clock.advance(5 * recordedEveryMs);
    expect(await kept()).toEqual({ 'process_open_fds instance=server job=kube-apiserver': [7, 7] });
    expect(history.newestMs).toBe(Math.floor((history.newestMs ?? 0) / recordedEveryMs) * recordedEveryMs);
  });
});
