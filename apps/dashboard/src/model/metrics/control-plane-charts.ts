// What the control plane did: requests and how long they took, errors, how long its event loop was held up, memory, and what waits.
import type { ChartSpec } from './chart-spec.ts';

export function controlPlaneCharts(window: string): ChartSpec[] {
  return [...requestCharts(window), ...processCharts(window), ...waitingCharts(window)];
}

function requestCharts(window: string): ChartSpec[] {
  const requests = (matchers = '') => `sum(rate(apiserver_request_total${matchers}[${window}]))`;
  const quantile = (share: number, verbs: string) =>
    `histogram_quantile(${share}, sum by (le) (rate(apiserver_request_duration_seconds_bucket{verb=~"${verbs}"}[${window}])))`;
  const took = (verbs: string): ChartSpec['lines'] => [
    { name: 'half of them within', expression: quantile(0.5, verbs) },
    { name: '99 of 100 within', expression: quantile(0.99, verbs) },
  ];
  const failed = (codes: string) => `(${requests(`{code=~"${codes}"}`)} or vector(0)) / (${requests()} > 0)`;
  return [
    {
      id: 'requests',
      title: 'Requests',
      unit: 'perSecond',
      lines: [{ name: '', by: 'verb', expression: `sum by (verb) (rate(apiserver_request_total[${window}]))` }],
    },
    {
      id: 'errors',
      title: 'Requests that fail',
      unit: 'share',
      lines: [
        { name: 'by a fault of the server (5xx)', expression: failed('5..') },
        { name: 'sent away as too many (429)', expression: failed('429') },
      ],
    },
    { id: 'reads', title: 'How long reads take', unit: 'seconds', lines: took('GET|LIST') },
    { id: 'writes', title: 'How long writes take', unit: 'seconds', lines: took('POST|PUT|PATCH|APPLY|DELETE') },
  ];
}

function processCharts(window: string): ChartSpec[] {
  return [
    {
      id: 'loop',
      title: 'Event loop held up (99 of 100 times less)',
      unit: 'seconds',
      lines: [{ name: '', by: 'instance', expression: 'max by (instance) (nodejs_eventloop_lag_p99_seconds{job="kube-apiserver"})' }],
    },
    {
      id: 'memory',
      title: 'Memory',
      unit: 'bytes',
      lines: [
        { name: 'resident', look: 'used', expression: 'max(process_resident_memory_bytes{job="kube-apiserver"})' },
        { name: 'JavaScript objects', expression: 'max(nodejs_heap_size_used_bytes{job="kube-apiserver"})' },
      ],
    },
    {
      id: 'cpu',
      title: 'CPU',
      unit: 'cores',
      lines: [{ name: 'used', look: 'used', expression: `sum(rate(process_cpu_seconds_total{job="kube-apiserver"}[${window}]))` }],
    },
  ];
}

function waitingCharts(window: string): ChartSpec[] {
  return [
    {
      id: 'open',
      title: 'Watches and streams that are open',
      unit: 'count',
      lines: [{ name: '', by: 'verb', expression: 'sum by (verb) (apiserver_longrunning_requests)' }],
    },
    {
      id: 'pending',
      title: 'Pods that wait for a node',
      unit: 'count',
      lines: [{ name: '', by: 'queue', expression: 'sum by (queue) (scheduler_pending_pods)' }],
    },
    {
      id: 'store',
      title: 'Writes to the store',
      unit: 'perSecond',
      lines: [{ name: 'writes', look: 'used', expression: `sum(rate(berth_store_revision[${window}]))` }],
    },
  ];
}
