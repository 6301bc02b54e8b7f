import { spawn } from 'node:child_process';
import { expect, inject, test } from 'vitest';
import { runCommand } from '../../tools/cluster/run-command.ts';
import { apply, cluster, kubectl, until, withNamespace } from './kubectl.ts';
import { pod, shell, waitForEver } from './manifests.ts';

const ready = (ns: string, name: string) => kubectl('-n', ns, 'wait', '--for=condition=Ready', `pod/${name}`, '--timeout=30s');

/** A kubectl that goes on, with what it has printed so far. */
function start(...args: string[]) {
  const child = spawn(inject('kubectl'), ['--kubeconfig', cluster().kubeconfig, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const output = { text: '' };
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      output.text += text;
    });
  }
  const ended = new Promise<number | null>((resolve) => child.on('close', resolve));
  return { output, ended, stop: () => child.kill() };
}

test('logs -f shows lines as they are written, and ends with the container', () =>
  withNamespace(async (ns) => {
    const slow = shell('main', 'for i in 1 2 3; do echo line $i; /bin/busybox sleep 1; done');
    await apply(pod(ns, 'slow', [slow], { restartPolicy: 'Never' }));
    await ready(ns, 'slow');
    const following = start('-n', ns, 'logs', '-f', 'slow');
    await until('the first line before the last is written', 10_000, async () => following.output.text.includes('line 1'));
    expect(following.output.text).not.toContain('line 3');
    expect(await following.ended).toBe(0);
    expect(following.output.text).toBe('line 1\nline 2\nline 3\n');
  }));

test('exec -it gives a terminal', () =>
  withNamespace(async (ns) => {
    await apply(pod(ns, 'tty', [shell('main', waitForEver)]));
    await ready(ns, 'tty');
    const inner = `${inject('kubectl')} --kubeconfig ${cluster().kubeconfig} -n ${ns} exec -it tty -- /bin/busybox sh -c "/bin/busybox tty; exit 4"`;
    const outcome = await runCommand(['script', '-qec', inner, '/dev/null']).catch((error) => error);
    expect(outcome.stdout).toMatch(/\/dev\/pts\/\d+/);
    expect(outcome.exitCode).toBe(4);
  }));

test('port-forward carries a request and its answer', () =>
  withNamespace(async (ns) => {
    const serve = shell(
      'main',
      'while true; do printf "HTTP/1.0 200 OK\\r\\n\\r\\nforwarded" | /bin/busybox nc -l -p 8080 >/dev/null; done',
    );
    await apply(pod(ns, 'web', [serve]));
    await ready(ns, 'web');
    const forwarding = start('-n', ns, 'port-forward', 'pod/web', ':8080');
    try {
      const port = await until('the local port', 10_000, async () => /127\.0\.0\.1:(\d+)/.exec(forwarding.output.text)?.[1]);
      expect(await (await fetch(`http://127.0.0.1:${port}/`)).text()).toBe('forwarded');
    } finally {
      forwarding.stop();
    }
  }));

test('a node answers for itself through the API: health, numbers, pods, logs as they are written, and a command', () =>
  withNamespace(async (ns) => {
    const slow = shell('main', 'for i in 1 2 3; do echo line $i; /bin/busybox sleep 1; done; /bin/busybox sleep 600');
    await apply(pod(ns, 'told', [slow]));
    await ready(ns, 'told');
    const node = await kubectl('-n', ns, 'get', 'pod', 'told', '-o=jsonpath={.spec.nodeName}');
    const at = (path: string) => `/api/v1/nodes/${node}/proxy${path}`;
    const following = start('get', '--raw', at(`/containerLogs/${ns}/told/main?follow=true`));
    await until('a line before the last is written', 10_000, async () => following.output.text.includes('line 1'));
    await until('the last line', 10_000, async () => following.output.text.includes('line 3'));
    following.stop();
    expect(await kubectl('get', '--raw', at(`/containerLogs/${ns}/told/main?tailLines=2`))).toBe('line 2\nline 3\n');
    expect(await kubectl('get', '--raw', at('/healthz'))).toBe('ok');
    const measured = await until('the pod is measured', 40_000, async () => {
      const { node: whole, pods } = JSON.parse(await kubectl('get', '--raw', at('/stats/summary')));
      const own = pods.find((one: { podRef: { name: string } }) => one.podRef.name === 'told');
      return own?.cpu.usageNanoCores === undefined ? undefined : { whole, own };
    });
    expect(measured.whole.memory.workingSetBytes).toBeGreaterThan(2 ** 24);
    expect(measured.own.containers[0].memory.workingSetBytes).toBeGreaterThan(0);
    expect(await kubectl('get', '--raw', at('/metrics/resource'))).toMatch(
      /^container_cpu_usage_seconds_total\{container="main",.*pod="told"\} /m,
    );
    const cadvisor = await kubectl('get', '--raw', at('/metrics/cadvisor'));
    const counted = (name: string, labels: string) => {
      const [, value] = new RegExp(`^${name}\\{[^}]*${labels}[^}]*\\} (\\S+)`, 'm').exec(cadvisor) ?? [];
      return Number(value);
    };
    const container = `namespace="${ns}",pod="told",container="main",image="[^"]+"`;
    expect(counted('container_memory_rss', container)).toBeGreaterThan(0);
    expect(counted('container_processes', container)).toBeGreaterThan(0);
    expect(counted('container_network_receive_packets_total', `namespace="${ns}",pod="told",interface="eth0"`)).toBeGreaterThan(0);
    expect(await kubectl('get', '--raw', at('/metrics/node'))).toMatch(/^node_memory_MemAvailable_bytes [1-9]/m);
    expect(await kubectl('get', '--raw', at('/metrics'))).toMatch(
      /^kubelet_runtime_operations_total\{operation_type="create_container"\} [1-9]/m,
    );
    expect(JSON.parse(await kubectl('get', '--raw', at('/pods'))).items.length).toBeGreaterThan(0);
    const run = ['create', '--raw', at(`/run/${ns}/told/main?cmd=${encodeURIComponent('/bin/busybox echo hello')}`), '-f', '/dev/null'];
    expect(await kubectl(...run)).toBe('hello\n');
  }));
