import type { Pod } from '@berth/api';
import { expect, test } from 'vitest';
import { apply, get, kubectl, run, until, withNamespace } from './kubectl.ts';
import { lane } from './lane.ts';
import { pod, shell, waitForEver } from './manifests.ts';

/** What kubectl says when it fails. */
async function refusal(input: string, ...args: string[]): Promise<string> {
  const outcome = await run([...args, 'apply', '-f', '-'], { input }).catch((error: { stderr: string }) => error);
  return outcome.stderr;
}

const waiting = async (ns: string, name: string) => (await get<Pod>('-n', ns, 'pod', name)).status?.containerStatuses?.[0]?.state?.waiting;

test('malformed YAML, unknown fields and wrong types name the place', () =>
  withNamespace(async (ns) => {
    expect(await refusal('apiVersion: v1\nkind: Pod\n  metadata: [')).toMatch(/error parsing|error converting YAML/);
    const unknown = { ...pod(ns, 'x', [shell('main', 'true')]), spec: { containers: [shell('main', 'true')], nodeSelektor: {} } };
    expect(await refusal(JSON.stringify(unknown))).toContain('unknown field "spec.nodeSelektor"');
    const wrong = pod(ns, 'x', [shell('main', 'true', { ports: [{ containerPort: 'eighty' as unknown as number }] })]);
    expect(await refusal(JSON.stringify(wrong))).toMatch(/spec\.containers\[0\]\.ports\[0\]\.containerPort|cannot unmarshal string/);
    const invalid = pod(ns, 'x', [shell('main', 'true', { ports: [{ containerPort: 70_000 }] })]);
    expect(await refusal(JSON.stringify(invalid))).toContain('spec.containers[0].ports[0].containerPort');
  }));

test('a missing image, a missing config map and a missing claim say what is missing', () =>
  withNamespace(async (ns) => {
    const missing = `localhost:${lane().layout.registryPort}/berth/missing:1`;
    const missingImage = pod(ns, 'no-image', [{ name: 'main', image: missing }]);
    const missingConfig = pod(ns, 'no-config', [shell('main', 'true', { envFrom: [{ configMapRef: { name: 'absent' } }] })]);
    const claim = [{ name: 'data', persistentVolumeClaim: { claimName: 'absent' } }];
    await apply(missingImage, missingConfig, pod(ns, 'no-claim', [shell('main', 'true')], { volumes: claim }));
    await until('the image pull to back off', 60_000, async () => (await waiting(ns, 'no-image'))?.reason === 'ImagePullBackOff');
    expect(await kubectl('-n', ns, 'describe', 'pod', 'no-image')).toMatch(new RegExp(`Failed to pull image "${missing}".*not found`, 's'));
    const config = await until('the config error', 30_000, async () => {
      const now = await waiting(ns, 'no-config');
      return now?.reason === 'CreateContainerConfigError' ? now : undefined;
    });
    expect(config.message).toContain('configmap "absent" not found');
    await until('the missing claim to be told', 30_000, async () =>
      (await kubectl('-n', ns, 'describe', 'pod', 'no-claim')).includes('persistentvolumeclaim "absent" not found'),
    );
  }));

test('an unsatisfiable request and a selector without a node say why the pod is pending', () =>
  withNamespace(async (ns) => {
    const greedy = pod(ns, 'greedy', [shell('main', waitForEver, { resources: { requests: { cpu: '500' } } })]);
    const picky = pod(ns, 'picky', [shell('main', waitForEver)], { nodeSelector: { disk: 'imaginary' } });
    await apply(greedy, picky);
    for (const [name, reason] of [
      ['greedy', '0/1 nodes are available: 1 Insufficient cpu.'],
      ['picky', "0/1 nodes are available: 1 node(s) didn't match Pod's node affinity/selector."],
    ] as const) {
      await until(`${name}'s event`, 30_000, async () => (await kubectl('-n', ns, 'describe', 'pod', name)).includes(reason));
      expect(await kubectl('-n', ns, 'get', 'pod', name)).toContain('Pending');
    }
  }));

test('a host port in use keeps the second pod pending; a capability that the node lacks is named', () =>
  withNamespace(async (ns) => {
    const ports = [{ containerPort: 8080, hostPort: 18_081 }];
    await apply(pod(ns, 'first', [shell('main', waitForEver, { ports })]));
    await kubectl('-n', ns, 'wait', '--for=condition=Ready', 'pod/first', '--timeout=30s');
    await apply(pod(ns, 'second', [shell('main', waitForEver, { ports })]));
    await until('the port conflict', 30_000, async () =>
      (await kubectl('-n', ns, 'describe', 'pod', 'second')).includes("didn't have free ports for the requested pod ports"),
    );
    await apply(pod(ns, 'capable', [shell('main', waitForEver, { securityContext: { capabilities: { add: ['SYS_IMAGINARY'] } } })]));
    await until('the capability error', 30_000, async () =>
      (await kubectl('-n', ns, 'describe', 'pod', 'capable')).includes('CAP_SYS_IMAGINARY'),
    );
  }));

test('a command that does not exist is a start error with its name', () =>
  withNamespace(async (ns) => {
    await apply(pod(ns, 'typo', [{ ...shell('main', ''), command: ['/bin/no-such-program'] }], { restartPolicy: 'Never' }));
    await until('the failure', 30_000, async () => (await kubectl('-n', ns, 'describe', 'pod', 'typo')).includes('/bin/no-such-program'));
    const state = await until('the end', 30_000, async () => {
      const status = (await get<Pod>('-n', ns, 'pod', 'typo')).status;
      return status?.phase === 'Failed' && status.containerStatuses?.[0]?.state;
    });
    expect(state.terminated).toMatchObject({ reason: 'StartError', exitCode: 128 });
  }));
