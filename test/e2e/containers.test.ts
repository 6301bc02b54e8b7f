import type { Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { apply, get, kubectl, run, until, withNamespace } from './kubectl.ts';
import { pod, shell, waitForEver } from './manifests.ts';

const running = (namespace: string, name: string) =>
  kubectl('-n', namespace, 'wait', '--for=condition=Ready', `pod/${name}`, '--timeout=30s');
const statusOf = async (namespace: string, name: string) => (await get<Pod>('-n', namespace, 'pod', name)).status?.containerStatuses?.[0];

test('a pod over its memory limit is killed, and says so', () =>
  withNamespace(async (ns) => {
    const greedy = shell('greedy', 'x=$(/bin/busybox head -c 200m /dev/zero | /bin/busybox tr "\\0" x); echo never', {
      resources: { limits: { memory: '32Mi' } },
    });
    await apply(pod(ns, 'oom', [greedy], { restartPolicy: 'Never' }));
    const ended = await until('the end of the container', 30_000, async () => (await statusOf(ns, 'oom'))?.state?.terminated);
    expect(ended).toMatchObject({ reason: 'OOMKilled', exitCode: 137 });
    expect(await kubectl('-n', ns, 'get', 'pod', 'oom')).toContain('OOMKilled');
  }));

test('a CPU limit throttles', () =>
  withNamespace(async (ns) => {
    const spin = shell('spin', 'while true; do :; done', { resources: { limits: { cpu: '100m' } } });
    await apply(pod(ns, 'spin', [spin]));
    await running(ns, 'spin');
    const usageSeconds = async () => {
      const used = await kubectl('-n', ns, 'exec', 'spin', '--', '/bin/busybox', 'awk', '{print $14 + $15}', '/proc/1/stat');
      return Number(used) / 100;
    };
    const [startMs, before] = [Date.now(), await usageSeconds()];
    await until('four seconds of running', 20_000, async () => Date.now() - startMs > 4_000);
    const share = (await usageSeconds()) - before;
    expect(share / ((Date.now() - startMs) / 1000)).toBeLessThan(0.2);
  }));

test('a failing liveness probe restarts with back-off', () =>
  withNamespace(async (ns) => {
    const sick = shell('sick', waitForEver, {
      livenessProbe: { exec: { command: ['/bin/busybox', 'false'] }, periodSeconds: 1, failureThreshold: 1 },
    });
    await apply(pod(ns, 'sick', [sick]));
    const status = await until('the back-off', 90_000, async () => {
      const now = await statusOf(ns, 'sick');
      return now?.state?.waiting?.reason === 'CrashLoopBackOff' ? now : undefined;
    });
    expect(status.restartCount).toBeGreaterThanOrEqual(1);
    expect(status.state?.waiting?.message).toMatch(/back-off \d+s restarting failed container=sick/);
    const described = await kubectl('-n', ns, 'describe', 'pod', 'sick');
    expect(described).toMatch(/Unhealthy.*Liveness probe failed/);
    expect(described).toMatch(/Killing.*Container sick failed liveness probe, will be restarted/);
    expect(described).toMatch(/BackOff.*Back-off restarting failed container sick/);
  }));

test('exec carries output, input, exit codes and a terminal', () =>
  withNamespace(async (ns) => {
    await apply(pod(ns, 'shell', [shell('main', waitForEver)]));
    await running(ns, 'shell');
    expect(await kubectl('-n', ns, 'exec', 'shell', '--', '/bin/busybox', 'echo', 'hello')).toBe('hello\n');
    const counted = await run(['-n', ns, 'exec', '-i', 'shell', '--', '/bin/busybox', 'wc', '-c'], { input: 'x'.repeat(300_000) });
    expect(counted.stdout.trim()).toBe('300000');
    const failure = await run(['-n', ns, 'exec', 'shell', '--', '/bin/busybox', 'sh', '-c', 'echo bad >&2; exit 7']).catch(
      (error) => error,
    );
    expect(failure).toMatchObject({ exitCode: 7, stderr: expect.stringContaining('bad') });
  }));

test('logs: of one of several containers, the last lines, the instance before, while they are written', () =>
  withNamespace(async (ns) => {
    const counter = shell(
      'counter',
      'for i in 1 2 3 4 5; do echo line $i; done; test -e /state/once && exec /bin/busybox sleep 1000; touch /state/once',
      {
        volumeMounts: [{ name: 'state', mountPath: '/state' }],
      },
    );
    const script = counter.command?.[3]?.replace('touch', '/bin/busybox touch').replace('test -e', '/bin/busybox test -e') ?? '';
    const both = [shell('counter', script, { volumeMounts: counter.volumeMounts }), shell('other', `echo from the other; ${waitForEver}`)];
    await apply(pod(ns, 'talk', both, { volumes: [{ name: 'state', emptyDir: {} }] }));
    await until('the second instance', 60_000, async () => (await statusOf(ns, 'talk'))?.restartCount === 1);
    await running(ns, 'talk');
    expect(await kubectl('-n', ns, 'logs', 'talk', '-c', 'other')).toBe('from the other\n');
    expect(await kubectl('-n', ns, 'logs', 'talk', '-c', 'counter', '--tail=2')).toBe('line 4\nline 5\n');
    expect(await kubectl('-n', ns, 'logs', 'talk', '-c', 'counter', '--previous')).toContain('line 1');
    const missing = await run(['-n', ns, 'logs', 'talk', '-c', 'other', '--previous']).catch((error) => error);
    expect(missing.stderr).toContain('previous terminated container "other" in pod "talk" not found');
  }));
