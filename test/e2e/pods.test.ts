// What a pod may ask of its node, on real containers: order, identity, hooks, probes, addresses, streams.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { apply, kubectl, run, until, withNamespace } from './kubectl.ts';
import { lane } from './lane.ts';
import { pod, shell, waitForEver } from './manifests.ts';
import { configMap, exec, logs, podOf, provideShellImage, ready, secret } from './pod-commands.ts';

let shellImage: string;
beforeAll(async () => {
  shellImage = await provideShellImage();
});

test.concurrent('init containers run one after the other, after the sidecar before them and before the rest', () =>
  withNamespace(async (ns) => {
    const volumeMounts = [{ name: 'work', mountPath: '/work' }];
    const note = (word: string) => `echo ${word} >> /work/order`;
    const sidecar = shell('side', `${note('side')}; ${waitForEver}`, {
      ...{ volumeMounts, restartPolicy: 'Always' },
      startupProbe: { exec: { command: ['/bin/busybox', 'test', '-e', '/work/order'] }, periodSeconds: 1 },
    });
    const initContainers = [sidecar, shell('one', note('one'), { volumeMounts }), shell('two', note('two'), { volumeMounts })];
    const main = shell('main', `${note('main')}; /bin/busybox cat /work/order`, { volumeMounts });
    await apply(pod(ns, 'order', [main], { initContainers, restartPolicy: 'Never', volumes: [{ name: 'work', emptyDir: {} }] }));
    await kubectl('-n', ns, 'wait', '--for=jsonpath={.status.phase}=Succeeded', 'pod/order', '--timeout=40s');
    expect(await logs(ns, 'order', 'main')).toBe('side\none\ntwo\nmain\n');
    const { status } = await podOf(ns, 'order');
    expect(status?.initContainerStatuses?.map((s) => s.state?.terminated?.reason)).toEqual([expect.anything(), 'Completed', 'Completed']);
    expect(await kubectl('-n', ns, 'get', 'pod', 'order')).toMatch(/Completed/);
  }));

test.concurrent('the environment: values, references, expansion, what the pod knows of itself', () =>
  withNamespace(async (ns) => {
    await apply(configMap(ns, 'settings', { COLOUR: 'blue' }), secret(ns, 'keys', { token: 's3cret' }));
    const env = [
      { name: 'GREETING', value: 'hello' },
      { name: 'BOTH', value: '$(GREETING) $(PRE_COLOUR) $$(GREETING) $(NOBODY)' },
      { name: 'TOKEN', valueFrom: { secretKeyRef: { name: 'keys', key: 'token' } } },
      { name: 'NONE', valueFrom: { configMapKeyRef: { name: 'absent', key: 'x', optional: true } } },
      { name: 'NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
      { name: 'LABEL', valueFrom: { fieldRef: { fieldPath: "metadata.labels['app']" } } },
      { name: 'IP', valueFrom: { fieldRef: { fieldPath: 'status.podIP' } } },
      { name: 'LIMIT', valueFrom: { resourceFieldRef: { resource: 'limits.memory', divisor: '1Mi' } } },
    ];
    const main = shell('main', `/bin/busybox env; ${waitForEver}`, {
      ...{ env, envFrom: [{ prefix: 'PRE_', configMapRef: { name: 'settings' } }], resources: { limits: { memory: '64Mi' } } },
    });
    const waiting = shell('main', waitForEver, { env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'late', key: 'a' } } }] });
    await apply(pod(ns, 'env', [main]), pod(ns, 'late', [waiting]));
    await ready(ns, 'env');
    const printed = (await logs(ns, 'env', 'main')).split('\n');
    const { status } = await podOf(ns, 'env');
    expect(printed).toEqual(
      expect.arrayContaining(['BOTH=hello blue $(GREETING) $(NOBODY)', 'TOKEN=s3cret', 'NAME=env', 'LABEL=env', 'LIMIT=64']),
    );
    expect(printed).toEqual(expect.arrayContaining([`IP=${status?.podIP}`, 'HOSTNAME=env']));
    expect(printed.some((line) => line.startsWith('NONE='))).toBe(false);
    expect(printed.some((line) => line.startsWith('KUBERNETES_SERVICE_HOST='))).toBe(true);
    const reason = async () => (await podOf(ns, 'late')).status?.containerStatuses?.[0]?.state?.waiting;
    const stuck = await until('the missing config map to be told', 20_000, async () => {
      const now = await reason();
      return now?.reason === 'CreateContainerConfigError' ? now : undefined;
    });
    expect(stuck.message).toBe('configmap "late" not found');
    await apply(configMap(ns, 'late', { a: 'b' }));
    await ready(ns, 'late');
  }));

test.concurrent('an image that runs as root is refused where that is forbidden; a message is left at the end', () =>
  withNamespace(async (ns) => {
    const rooted = { ...shell('main', waitForEver), image: shellImage, securityContext: { runAsNonRoot: true } };
    const last = shell('main', 'echo the last words > /dev/termination-log; exit 3');
    const logged = shell('main', 'echo first; echo from the log; exit 4', { terminationMessagePolicy: 'FallbackToLogsOnError' });
    await apply(
      pod(ns, 'rooted', [rooted]),
      pod(ns, 'last', [last], { restartPolicy: 'Never' }),
      pod(ns, 'logged', [logged], { restartPolicy: 'Never' }),
    );
    const waiting = await until('the refusal', 30_000, async () => {
      const state = (await podOf(ns, 'rooted')).status?.containerStatuses?.[0]?.state?.waiting;
      return state?.reason === 'CreateContainerConfigError' ? state : undefined;
    });
    expect(waiting.message).toContain('container has runAsNonRoot and image will run as root');
    for (const name of ['last', 'logged'])
      await kubectl('-n', ns, 'wait', '--for=jsonpath={.status.phase}=Failed', `pod/${name}`, '--timeout=30s');
    const terminated = async (name: string) => (await podOf(ns, name)).status?.containerStatuses?.[0]?.state?.terminated;
    expect(await terminated('last')).toMatchObject({ exitCode: 3, reason: 'Error', message: 'the last words\n' });
    expect((await terminated('logged'))?.message).toContain('from the log');
  }));

test.concurrent('hooks, and an end within the grace period', () =>
  withNamespace(async (ns) => {
    const volumes = [{ name: 'notes', emptyDir: {} }];
    const volumeMounts = [{ name: 'notes', mountPath: '/notes' }];
    const command = (text: string) => ({ exec: { command: ['/bin/busybox', 'sh', '-c', text] } });
    const lifecycle = {
      postStart: command('echo started > /notes/post'),
      preStop: command('echo stopping > /notes/pre; /bin/busybox sleep 1'),
    };
    const polite = shell('main', "trap 'echo ended; exit 0' TERM; while true; do /bin/busybox sleep 1 & wait; done", {
      volumeMounts,
      lifecycle,
    });
    const stubborn = shell('main', "trap '' TERM; while true; do /bin/busybox sleep 1; done");
    await apply(
      pod(ns, 'polite', [polite], { volumes, terminationGracePeriodSeconds: 30 }),
      pod(ns, 'stubborn', [stubborn], { terminationGracePeriodSeconds: 3 }),
    );
    await Promise.all([ready(ns, 'polite'), ready(ns, 'stubborn')]);
    expect(await exec(ns, 'polite', 'cat', '/notes/post')).toBe('started\n');
    const follower = run(['-n', ns, 'logs', '-f', 'polite']);
    const end = async (name: string) => {
      const begunMs = Date.now();
      await kubectl('-n', ns, 'delete', 'pod', name, '--wait=true');
      return (Date.now() - begunMs) / 1000;
    };
    const [politeSeconds, stubbornSeconds] = await Promise.all([end('polite'), end('stubborn')]);
    expect((await follower).stdout).toContain('ended');
    expect(politeSeconds).toBeGreaterThan(1);
    expect(politeSeconds).toBeLessThan(15);
    expect(stubbornSeconds).toBeGreaterThan(2.9);
    expect(stubbornSeconds).toBeLessThan(15);
  }));

test.concurrent('probes over http and tcp decide what a service has behind it', () =>
  withNamespace(async (ns) => {
    const serve = '/bin/busybox mkdir -p /state/www; /bin/busybox httpd -f -p 8080 -h /state/www';
    const web = shell('web', serve, {
      ports: [{ name: 'http', containerPort: 8080 }],
      volumeMounts: [{ name: 'state', mountPath: '/state' }],
      startupProbe: { tcpSocket: { port: 'http' }, periodSeconds: 1, failureThreshold: 20 },
      readinessProbe: { httpGet: { path: '/ok', port: 'http' }, periodSeconds: 1, failureThreshold: 1 },
      livenessProbe: { tcpSocket: { port: 8080 }, periodSeconds: 1 },
    });
    const service = {
      ...{ apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', namespace: ns } },
      spec: { selector: { app: 'web' }, ports: [{ port: 80, targetPort: 'http' }] },
    };
    await apply(pod(ns, 'web', [web], { volumes: [{ name: 'state', emptyDir: {} }] }), service);
    const endpoints = () => kubectl('-n', ns, 'get', 'endpointslices', '-o', 'jsonpath={.items[*].endpoints[*].conditions.ready}');
    const status = async () => (await podOf(ns, 'web')).status?.containerStatuses?.[0];
    await until('the start', 20_000, async () => (await status())?.started);
    expect((await status())?.ready).toBe(false);
    await until('an endpoint that is not ready', 10_000, async () => (await endpoints()) === 'false');
    await exec(ns, 'web', 'touch', '/state/www/ok');
    await ready(ns, 'web');
    await until('a ready endpoint', 10_000, async () => (await endpoints()) === 'true');
    await exec(ns, 'web', 'rm', '/state/www/ok');
    await until('the endpoint to leave', 10_000, async () => (await endpoints()) === 'false');
    expect(await kubectl('-n', ns, 'describe', 'pod', 'web')).toMatch(
      /Unhealthy.*Readiness probe failed: HTTP probe failed with statuscode: 404/,
    );
    expect((await status())?.restartCount).toBe(0);
  }));

test.concurrent('host network, host ports and aliases', () =>
  withNamespace(async (ns) => {
    const serve = (port: number) => `echo hello > /tmp/index.html; exec /bin/busybox httpd -f -p ${port} -h /tmp`;
    const tmp = { volumes: [{ name: 'tmp', emptyDir: {} }] };
    const volumeMounts = [{ name: 'tmp', mountPath: '/tmp' }];
    const hostAliases = [{ ip: '192.0.2.7', hostnames: ['database', 'db.example'] }];
    await apply(
      pod(ns, 'own', [shell('main', serve(8080), { volumeMounts, ports: [{ containerPort: 8080, hostPort: 17980 }] })], {
        ...tmp,
        hostAliases,
      }),
      pod(ns, 'host', [shell('main', serve(17981), { volumeMounts })], { ...tmp, hostNetwork: true }),
    );
    await Promise.all([ready(ns, 'own'), ready(ns, 'host')]);
    const { status } = await podOf(ns, 'host');
    expect(status?.podIP).toBe(status?.hostIP);
    for (const url of [`http://${status?.hostIP}:17980/`, `http://${status?.hostIP}:17981/`]) {
      await until(
        `an answer from ${url}`,
        15_000,
        async () => (await (await fetch(url, { signal: AbortSignal.timeout(2_000) })).text()) === 'hello\n',
      );
    }
    const hosts = await exec(ns, 'own', 'cat', '/etc/hosts');
    expect(hosts).toMatch(/^# Kubernetes-managed hosts file\.\n127\.0\.0\.1\tlocalhost\n/);
    expect(hosts).toContain(`${(await podOf(ns, 'own')).status?.podIP}\town\n`);
    expect(hosts).toContain('# Entries added by HostAliases.\n192.0.2.7\tdatabase\tdb.example\n');
  }));

test.concurrent('attach, cp, and what a pod uses', () =>
  withNamespace(async (ns) => {
    const echo = {
      ...shell('main', 'while read line; do echo "got $line"; done', { stdin: true, stdinOnce: true }),
    };
    await apply(
      pod(ns, 'echo', [echo], { restartPolicy: 'Never' }),
      pod(ns, 'box', [{ ...shell('main', waitForEver), image: shellImage }]),
    );
    await Promise.all([ready(ns, 'echo'), ready(ns, 'box')]);
    expect((await run(['-n', ns, 'attach', '-i', 'echo'], { input: 'one\ntwo\n' })).stdout).toContain('got two');
    const folder = await mkdtemp('/tmp/be2e-cp-');
    try {
      const [there, back] = [join(folder, 'there'), join(folder, 'back')];
      await writeFile(there, 'x'.repeat(300_000));
      await kubectl('-n', ns, 'cp', there, 'box:/copied');
      await kubectl('-n', ns, 'cp', 'box:/copied', back);
      expect(await readFile(back, 'utf8')).toBe('x'.repeat(300_000));
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
    const metrics = `http://127.0.0.1:${lane().layout.metricsPort}/metrics`;
    const value = (text: string, name: string) =>
      Number(new RegExp(`^${name}\\{[^}]*namespace="${ns}",pod="box"[^}]*\\} (\\S+)$`, 'm').exec(text)?.[1]);
    await until('its CPU time and memory', 20_000, async () => {
      const text = await (await fetch(metrics)).text();
      return value(text, 'container_cpu_usage_seconds_total') > 0 && value(text, 'container_memory_working_set_bytes') > 100_000;
    });
  }));

test.concurrent('a log that grows too long is rotated, and goes on', () =>
  withNamespace(async (ns) => {
    const line = 'x'.repeat(1000);
    const talk = `i=0; while [ $i -lt 11000 ]; do echo ${line}; i=$((i+1)); done; echo long; n=0; while true; do n=$((n+1)); echo line $n; /bin/busybox sleep 1 & wait; done`;
    await apply(pod(ns, 'talker', [shell('main', talk)]));
    await ready(ns, 'talker');
    const { uid } = (await podOf(ns, 'talker')).metadata;
    const folder = join(lane().layout.directory, 'node', 'logs', 'pods', `${ns}_talker_${uid}`, 'main');
    await until('the rotation', 40_000, async () => (await readdir(folder)).length === 2);
    // Where in the output the file ended is chance; only the new file is read.
    await until('lines in the new file', 10_000, async () => {
      const text = await kubectl('-n', ns, 'logs', 'talker');
      return text.length < 5_000_000 && /^line \d+$/m.test(text);
    });
  }));

test.concurrent('a runtime class chooses the handler, and one that the node does not have starts nothing', () =>
  withNamespace(async (ns) => {
    const runtimeClass = (name: string, handler: string) => ({
      apiVersion: 'node.k8s.io/v1',
      kind: 'RuntimeClass',
      metadata: { name },
      handler,
    });
    await apply(runtimeClass(`${ns}-runc`, 'runc'), runtimeClass(`${ns}-none`, 'no-such-handler'));
    const main = shell('main', waitForEver);
    await apply(pod(ns, 'plain', [main], { runtimeClassName: `${ns}-runc` }), pod(ns, 'stuck', [main], { runtimeClassName: `${ns}-none` }));
    await ready(ns, 'plain');
    await until('the missing handler to be told', 20_000, async () => {
      const events = await kubectl('-n', ns, 'get', 'events', '--field-selector=involvedObject.name=stuck,reason=FailedCreatePodSandBox');
      return /Failed to create pod sandbox: .*no-such-handler/.test(events) || undefined;
    });
    await kubectl('delete', 'runtimeclass', `${ns}-runc`, `${ns}-none`);
  }));
