import { describe, expect, test } from 'vitest';
import type { Container, PodSpec } from '../generated/core-v1.types.ts';
import { podSecurityViolations, violationDetails } from './evaluate.ts';
import { podSecurityPolicy } from './policy.ts';

const careful: Container['securityContext'] = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
};

function details(level: 'baseline' | 'restricted', spec: Partial<PodSpec>, annotations: Record<string, string> = {}, version = 'latest') {
  const pod = { metadata: { annotations }, spec: { containers: [{ name: 'a', image: 'web', securityContext: careful }], ...spec } };
  return violationDetails(podSecurityViolations({ level, version }, pod));
}

const one = (more: Partial<Container>): Partial<PodSpec> => ({ containers: [{ name: 'a', image: 'web', ...more }] });
const context = (more: Container['securityContext']): Partial<PodSpec> => one({ securityContext: { ...careful, ...more } });

test('a careful pod violates nothing, a plain one only the restricted level', () => {
  expect(details('restricted', {})).toBe('');
  expect(details('baseline', one({}))).toBe('');
  expect(details('restricted', one({}))).toBe(
    'allowPrivilegeEscalation != false (container "a" must set securityContext.allowPrivilegeEscalation=false), ' +
      'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]), ' +
      'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true), ' +
      'seccompProfile (pod or container "a" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
  );
});

describe('baseline', () => {
  test.each<[Partial<PodSpec>, string]>([
    [{ hostNetwork: true, hostPID: true }, 'host namespaces (hostNetwork=true, hostPID=true)'],
    [{ volumes: [{ name: 'x', hostPath: { path: '/' } }] }, 'hostPath volumes (volume "x")'],
    [
      one({
        ports: [
          { containerPort: 1, hostPort: 80 },
          { containerPort: 2, hostPort: 443 },
        ],
      }),
      'hostPort (container "a" uses hostPorts 443, 80)',
    ],
    [
      one({ livenessProbe: { httpGet: { port: 1, host: '127.0.0.1' } } }),
      'probe or lifecycle host (container "a" uses probe or lifecycle host "127.0.0.1")',
    ],
    [context({ privileged: true }), 'privileged (container "a" must not set securityContext.privileged=true)'],
    [context({ procMount: 'Unmasked' }), 'procMount (container "a" must not set securityContext.procMount to "Unmasked")'],
    [
      context({ capabilities: { add: ['SYS_ADMIN', 'CHOWN', 'BPF'] } }),
      'non-default capabilities (container "a" must not include "BPF", "SYS_ADMIN" in securityContext.capabilities.add)',
    ],
    [
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      { ...context({ seLinuxOptions: { type: 'own_t' } }), securityContext: { seLinuxOptions: { user: 'u' } } },
      'seLinuxOptions (pod and container "a" set forbidden securityContext.seLinuxOptions: type "own_t"; user may not be set)',
    ],
    [
      context({ appArmorProfile: { type: 'Unconfined' } }),
      'forbidden AppArmor profile (container "a" must not set AppArmor profile type to "Unconfined")',
    ],
    [{ securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } }, 'forbidden sysctls (kernel.msgmax)'],
    [
      { securityContext: { windowsOptions: { hostProcess: true } } },
      'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
    ],
  ])('%j', (spec, expected) => {
    expect(details('baseline', spec)).toBe(expected);
  });
});

describe('restricted', () => {
  test.each<[Partial<PodSpec>, string]>([
    [
      {
        volumes: [
          { name: 'x', hostPath: { path: '/' } },
          { name: 'y', nfs: { server: 's', path: '/' } },
        ],
      },
      'restricted volume types (volumes "x", "y" use restricted volume types "hostPath", "nfs")',
    ],
    [
      { securityContext: { runAsUser: 0, runAsNonRoot: false } },
      'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false), runAsUser=0 (pod must not set runAsUser=0)',
    ],
    [
      context({ capabilities: { add: ['CHOWN'] } }),
      'unrestricted capabilities (container "a" must set securityContext.capabilities.drop=["ALL"]; container "a" must not include "CHOWN" in securityContext.capabilities.add)',
    ],
  ])('%j', (spec, expected) => {
    expect(details('restricted', spec)).toBe(expected);
  });
});

test('older versions of the standards ask for less', () => {
  const sysctl = { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_rmem', value: '1' }] } };
  expect(details('baseline', sysctl, {}, 'v1.31')).toBe('forbidden sysctls (net.ipv4.tcp_rmem)');
  expect(details('baseline', sysctl, {}, 'v1.32')).toBe('');
  expect(details('restricted', one({}), {}, 'v1.7')).toBe(
    'runAsNonRoot != true (pod or container "a" must set securityContext.runAsNonRoot=true)',
  );
});

test('labels choose levels; one that cannot be read enforces the most', () => {
  const label = (name: string) => `pod-security.kubernetes.io/${name}`;
  const { policy } = podSecurityPolicy({ [label('enforce')]: 'baseline', [label('warn')]: 'restricted', [label('warn-version')]: 'v1.30' });
  expect(policy.enforce).toEqual({ level: 'baseline', version: 'latest' });
  expect(policy.warn).toEqual({ level: 'restricted', version: 'v1.30' });
  expect(policy.audit).toEqual({ level: 'baseline', version: 'latest' });
  const broken = podSecurityPolicy({ [label('enforce')]: 'strict', [label('enforce-version')]: '1.30' });
  expect(broken.policy.enforce).toEqual({ level: 'restricted', version: 'latest' });
  expect(broken.errors.map(({ field, detail }) => `${field}: ${detail}`)).toEqual([
    `metadata.labels[${label('enforce-version')}]: must be "latest" or "v1.x"`,
    `metadata.labels[${label('enforce')}]: must be one of privileged, baseline, restricted`,
  ]);
});
