// What is wrong with pods, as kube-apiserver 1.35 worded it when it was asked the same (npm run differential).
import { checkTypes } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import { type Container, Pod, type PodSpec } from '../index.ts';
import { samplePod } from '../samples.ts';
import { messages } from './messages.ts';

function errors(change: Partial<PodSpec>): string[] {
  const pod = samplePod(change);
  Pod.defaults(pod);
  return messages(Pod.validate(pod));
}

const web = (change: Partial<Container>, spec: Partial<PodSpec> = {}) =>
  errors({ ...spec, containers: [{ name: 'web', image: 'nginx', ...change }] });

test('of several handlers only the first is looked at', () => {
  const preStop = { tcpSocket: { port: 'a--b' }, exec: { command: ['a'] }, sleep: { seconds: 99 } };
  expect(web({ lifecycle: { preStop } })).toEqual([
    'spec.containers[0].lifecycle.preStop.tcpSocket: Forbidden: may not specify more than 1 handler type',
    'spec.containers[0].lifecycle.preStop.sleep: Forbidden: may not specify more than 1 handler type',
  ]);
});

describe('what a container sees of volumes', () => {
  const volumes = [{ name: 'tmp' }, { name: 'block', persistentVolumeClaim: { claimName: 'c' } }];

  test('some of it is told of the list', () => {
    const mount = { name: 'tmp', mountPath: '/a', subPath: '/x', mountPropagation: 'Bidirectional', recursiveReadOnly: 'Enabled' };
    expect(web({ volumeMounts: [mount, { name: 'absent', mountPath: '/a' }] }, { volumes })).toEqual([
      'spec.containers[0].volumeMounts.subPath: Invalid value: "/x": must be a relative path',
      'spec.containers[0].volumeMounts.mountPropagation: Forbidden: Bidirectional mount propagation is available only to privileged containers',
      'spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when readOnly is true',
      'spec.containers[0].volumeMounts.recursiveReadOnly: Forbidden: may only be specified when mountPropagation is None or not specified',
      'spec.containers[0].volumeMounts[1].name: Not found: "absent"',
      'spec.containers[0].volumeMounts[1].mountPath: Invalid value: "/a": must be unique',
    ]);
  });

  test('a volume and a path are a device or files', () => {
    const volumeDevices = [
      { name: 'block', devicePath: '/a' },
      { name: 'tmp', devicePath: '/a/..' },
    ];
    expect(web({ volumeDevices, volumeMounts: [{ name: 'block', mountPath: '/a' }] }, { volumes })).toEqual([
      'spec.containers[0].volumeMounts[0].name: Invalid value: "block": must not already exist in volumeDevices',
      'spec.containers[0].volumeMounts[0].mountPath: Invalid value: "/a": must not already exist as a path in volumeDevices',
      'spec.containers[0].volumeDevices[0].name: Invalid value: "block": must not already exist in volumeMounts',
      'spec.containers[0].volumeDevices[0].devicePath: Invalid value: "/a": must not already exist as a path in volumeMounts',
      'spec.containers[0].volumeDevices[1].name: Invalid value: "tmp": can only use volume source type of PersistentVolumeClaim or Ephemeral for block mode',
      'spec.containers[0].volumeDevices[1].devicePath: Invalid value: "/a/..": can not contain backsteps (\'..\')',
    ]);
  });
});

test('claims to devices have one source each, and containers use those that there are', () => {
  const resourceClaims = [{ name: 'a', resourceClaimName: 'x', resourceClaimTemplateName: 'y' }, { name: 'b' }];
  const claims = [{ name: 'a', request: 'r' }, { name: 'a' }, { name: 'c' }];
  expect(web({ resources: { claims } }, { resourceClaims })).toEqual([
    'spec.containers[0].resources.claims[1]: Duplicate value: "a"',
    'spec.containers[0].resources.claims[2]: Not found: "c": must be one of the names in pod.spec.resourceClaims: a, b',
    'spec.resourceClaims[0]: Invalid value: {"Name":"a","ResourceClaimName":"x","ResourceClaimTemplateName":"y"}: at most one of `resourceClaimName` or `resourceClaimTemplateName` may be specified',
    'spec.resourceClaims[1]: Invalid value: {"Name":"b","ResourceClaimName":null,"ResourceClaimTemplateName":null}: must specify one of: `resourceClaimName`, `resourceClaimTemplateName`',
  ]);
});

describe('security contexts', () => {
  test.each<[NonNullable<Container['securityContext']>, string[]]>([
    [{ procMount: 'Unmasked' }, ['procMount: Invalid value: "Unmasked": `hostUsers` must be false to use `Unmasked`']],
    [{ seccompProfile: { type: 'Localhost', localhostProfile: '' } }, []],
    [
      { seccompProfile: { type: 'Localhost' } },
      ['seccompProfile.localhostProfile: Required value: must be set when seccomp type is Localhost'],
    ],
    [{ appArmorProfile: { type: '' } }, ['appArmorProfile.type: Required value: type is required when appArmorProfile is set']],
    [
      { appArmorProfile: { type: 'Unconfined', localhostProfile: 'a' } },
      ['appArmorProfile.localhostProfile: Invalid value: "a": can only be set when AppArmor type is Localhost'],
    ],
    [
      { appArmorProfile: { type: 'Localhost', localhostProfile: ' a' } },
      ['appArmorProfile.localhostProfile: Invalid value: " a": must not be padded with whitespace'],
    ],
    [
      { windowsOptions: { runAsUserName: '/a' } },
      [
        'windowsOptions.runAsUserName: Invalid value: "/a": runAsUserName\'s User cannot contain the following characters: "/\\:;|=,+*?<>@[]',
      ],
    ],
    [{ windowsOptions: { runAsUserName: 'DOMAIN\\user', gmsaCredentialSpecName: 'a.b' } }, []],
    [
      { windowsOptions: { runAsUserName: 'a.b c\\ .', gmsaCredentialSpec: '' } },
      [
        'windowsOptions.gmsaCredentialSpec: Invalid value: "": gmsaCredentialSpec cannot be an empty string',
        'windowsOptions.runAsUserName: Invalid value: "a.b c\\\\ .": runAsUserName\'s User cannot contain only periods or spaces',
      ],
    ],
  ])('%j', (securityContext, expected) => {
    expect(web({ securityContext })).toEqual(expected.map((text) => `spec.containers[0].securityContext.${text}`));
  });

  test('a pod for one system asks for nothing of the other', () => {
    const securityContext = { windowsOptions: { hostProcess: true } };
    expect(web({ securityContext }, { os: { name: 'linux' }, hostNetwork: true })).toEqual([
      'spec.containers[0].securityContext.windowsOptions: Forbidden: windows options cannot be set for a linux pod',
    ]);
    expect(
      web({ securityContext: { privileged: true } }, { os: { name: 'windows' }, hostPID: true, securityContext: { fsGroup: 1 } }),
    ).toEqual([
      'spec.securityContext.fsGroup: Forbidden: cannot be set for a windows pod',
      'spec.hostPID: Forbidden: cannot be set for a windows pod',
      'spec.containers[0].securityContext.privileged: Forbidden: cannot be set for a windows pod',
    ]);
  });

  test('processes of a Windows host are all of a pod, on the network of the host', () => {
    const initContainers = [{ name: 'init', image: 'x' }];
    expect(web({ securityContext: { windowsOptions: { hostProcess: true } } }, { initContainers })).toEqual([
      'spec: Invalid value: "": If pod contains any hostProcess containers then all containers must be HostProcess containers',
      'spec.hostNetwork: Invalid value: false: hostNetwork must be true if pod contains any hostProcess containers',
    ]);
  });

  test('labels of SELinux are changed file by file', () => {
    expect(errors({ securityContext: { seLinuxChangePolicy: 'MountOption' } })).toEqual([
      'spec.securityContext.seLinuxChangePolicy: Unsupported value: "MountOption": supported values: "Recursive"',
    ]);
  });
});

describe('where a pod goes', () => {
  const labelSelector = { matchLabels: { a: 'b' } };

  test('constraints of spread differ in what they spread over, and how', () => {
    const constraint = { maxSkew: 1, topologyKey: 'a b', whenUnsatisfiable: 'ScheduleAnyway', labelSelector };
    expect(errors({ topologySpreadConstraints: [constraint, { ...constraint, nodeTaintsPolicy: 'x', matchLabelKeys: ['*'] }] })).toEqual([
      'spec.topologySpreadConstraints[0].{topologyKey, whenUnsatisfiable}: Duplicate value: "{a b, ScheduleAnyway}"',
      'spec.topologySpreadConstraints[1].nodeTaintsPolicy: Unsupported value: "x": supported values: "Honor", "Ignore"',
      expect.stringContaining('spec.topologySpreadConstraints[1].matchLabelKeys[0]: Invalid value: "*": name part must consist of'),
    ]);
    expect(errors({ topologySpreadConstraints: [{ maxSkew: 1, topologyKey: '', whenUnsatisfiable: '', matchLabelKeys: ['a'] }] })).toEqual([
      'spec.topologySpreadConstraints[0].topologyKey: Required value: can not be empty',
      'spec.topologySpreadConstraints[0].whenUnsatisfiable: Unsupported value: "": supported values: "DoNotSchedule", "ScheduleAnyway"',
      'spec.topologySpreadConstraints[0].matchLabelKeys: Forbidden: must not be specified when labelSelector is not set',
    ]);
  });

  test('terms of affinity name namespaces and keys of labels', () => {
    const term = { topologyKey: 'zone', namespaces: ['A'], labelSelector, matchLabelKeys: ['x'], mismatchLabelKeys: ['x'] };
    expect(errors({ affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: [term] } } })).toEqual([
      expect.stringContaining(
        'requiredDuringSchedulingIgnoredDuringExecution[0].namespace: Invalid value: "A": a lowercase RFC 1123 label',
      ),
      'spec.affinity.podAffinity.requiredDuringSchedulingIgnoredDuringExecution[0].matchLabelKeys[0]: Invalid value: "x": exists in both matchLabelKeys and mismatchLabelKeys',
    ]);
  });

  test('only nodes that must be meant have values that labels can have', () => {
    const term = { matchExpressions: [{ key: 'a', operator: 'In', values: ['*'] }] };
    const required = { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms: [term] } };
    expect(errors({ affinity: { nodeAffinity: required } })).toEqual([
      expect.stringContaining('nodeSelectorTerms[0].matchExpressions[0].values[0]: Invalid value: "*": a valid label must be'),
    ]);
    const preferred = { preferredDuringSchedulingIgnoredDuringExecution: [{ weight: 1, preference: term }] };
    expect(errors({ affinity: { nodeAffinity: preferred } })).toEqual([]);
  });
});

test('of an ephemeral container, what is there counts as set, however empty', () => {
  const given = { name: 'a', image: 'a', lifecycle: {}, livenessProbe: {}, ports: [], resources: { limits: {} } };
  const { value } = checkTypes(Pod.schema, samplePod({ ephemeralContainers: [given] }));
  const forbidden = messages(Pod.validate(value as unknown as Pod)).filter((text) => text.includes('Ephemeral Container'));
  expect(forbidden.map((text) => text.slice(0, text.indexOf(':')))).toEqual(
    ['ports', 'livenessProbe', 'lifecycle', 'resources'].map((name) => `spec.ephemeralContainers[0].${name}`),
  );
});

test('an empty name of a runtime class is a name, and one of a priority class is none', () => {
  expect(errors({ runtimeClassName: '', priorityClassName: '' })).toEqual([
    expect.stringContaining('spec.runtimeClassName: Invalid value: "": a lowercase RFC 1123 subdomain must consist of'),
  ]);
});

test('files for variables are looked for in volumes that are wrong, too', () => {
  const env = [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: 'v', path: 'a', key: 'A' } } }];
  expect(web({ env }, { volumes: [{ name: 'v' }, { name: 'v', emptyDir: {} }] })).toEqual(['spec.volumes[1].name: Duplicate value: "v"']);
  const nameless = [{ name: 'A', valueFrom: { fileKeyRef: { volumeName: '', path: 'a', key: 'A' } } }];
  expect(web({ env: nameless }, { volumes: [{ name: '', hostPath: { path: '/a' } }] })).toContain(
    'spec.containers[0].env[0].valueFrom.fileKeyRef.volumeName: Invalid value: "": referenced volume must be of type emptyDir',
  );
});
