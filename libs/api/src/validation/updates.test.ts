// What may change after creation, kind by kind.
import { checkTypes, type KindDefinition, type KubeObject } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import { ConfigMap, Deployment, PersistentVolumeClaim, Pod, Secret, Service } from '../index.ts';
import { sampleClaim, sampleConfigMap, sampleDeployment, samplePod, sampleSecret, sampleService } from '../samples.ts';
import { messages } from './messages.ts';

/** Errors of changing a defaulted object. */
function change<T extends KubeObject>(kind: KindDefinition<T>, object: T, edit: (next: T) => void): string[] {
  kind.defaults(object);
  const next = structuredClone(object);
  edit(next);
  kind.defaults(next);
  kind.strategy.prepareForUpdate?.(next, object);
  return messages([...kind.validate(next), ...kind.validateUpdate(next, object)]);
}

describe('a pod', () => {
  test('may get another image and more tolerations', () => {
    const edited = change(Pod, samplePod(), (pod) => {
      pod.spec.containers = [{ name: 'web', image: 'nginx:1.30', imagePullPolicy: 'IfNotPresent' }];
      pod.spec.tolerations = [{ key: 'gpu', operator: 'Exists' }];
      pod.spec.activeDeadlineSeconds = 60;
    });
    expect(edited).toEqual([]);
  });

  test('may not get another command', () => {
    const [error] = change(Pod, samplePod(), (pod) => {
      pod.spec.containers = [{ name: 'web', image: 'nginx:1.29', command: ['sh'] }];
    });
    expect(error).toContain(
      'spec: Forbidden: pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)\n',
    );
    expect(error?.slice(error.indexOf('@@'))).toBe(
      [
        '@@ -5,7 +5,9 @@',
        '   {',
        '    "Name": "web",',
        '    "Image": "nginx:1.29",',
        '-   "Command": null,',
        '+   "Command": [',
        '+    "sh"',
        '+   ],',
        '    "Args": null,',
        '    "WorkingDir": "",',
        '    "Ports": null,',
        '',
      ].join('\n'),
    );
  });

  test('may not lose a container or a toleration', () => {
    expect(change(Pod, samplePod(), (pod) => pod.spec.containers.push({ name: 'more', image: 'x' }))).toEqual([
      'spec.containers: Forbidden: pod updates may not add or remove containers',
    ]);
    const both = change(Pod, samplePod(), ({ spec }) => {
      spec.containers.push({ name: 'more', image: 'x' });
      spec.initContainers = [{ name: 'init', image: 'x' }];
    });
    expect(both).toEqual(['spec.containers: Forbidden: pod updates may not add or remove containers']);
    const tolerant = samplePod({ tolerations: [{ key: 'gpu', operator: 'Exists' }] });
    expect(change(Pod, tolerant, (pod) => delete pod.spec.tolerations)).toEqual([
      'spec.tolerations: Forbidden: existing toleration can not be modified except its tolerationSeconds',
    ]);
  });

  test('may lose its gates and narrow its nodes, but get no new gate', () => {
    const gated = () => samplePod({ schedulingGates: [{ name: 'a' }] });
    const opened = change(Pod, gated(), (pod) => {
      delete pod.spec.schedulingGates;
      pod.spec.nodeSelector = { disk: 'ssd' };
    });
    expect(opened).toEqual([]);
    expect(change(Pod, gated(), (pod) => pod.spec.schedulingGates?.push({ name: 'b' }))).toEqual([
      "spec.schedulingGates[1].name: Forbidden: only deletion is allowed, but found new scheduling gate 'b'",
    ]);
  });
});

describe('a gated pod', () => {
  const terms = (...values: string[]) => ({
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [{ matchExpressions: values.map((value) => ({ key: 'zone', operator: 'In', values: [value] })) }],
      },
    },
  });
  const gated = (parts = {}) => samplePod({ schedulingGates: [{ name: 'a' }], ...parts });

  test('may be told more of its nodes, and nothing else', () => {
    const narrower = (pod: Pod) => {
      pod.spec.affinity = terms('a', 'b');
    };
    expect(change(Pod, gated({ affinity: terms('a') }), narrower)).toEqual([]);
    expect(change(Pod, gated(), narrower)).toEqual([]);
    expect(change(Pod, gated({ affinity: terms('c') }), narrower)).toEqual([
      expect.stringMatching(
        /nodeSelectorTerms\[0\]: Invalid value: \{"MatchExpressions":\[.*: only additions are allowed \(no mutations or deletions\)$/,
      ),
    ]);
    expect(change(Pod, gated({ affinity: terms('c') }), (pod) => delete pod.spec.affinity)).toEqual([
      expect.stringContaining('Invalid value: null: no additions/deletions to non-empty NodeSelectorTerms list are allowed'),
    ]);
    expect(change(Pod, gated({ nodeSelector: { a: 'b' } }), (pod) => delete pod.spec.nodeSelector)).toEqual([
      'spec.nodeSelector: Invalid value: null: only additions to spec.nodeSelector are allowed (no mutations or deletions)',
    ]);
  });
});

describe('a deployment', () => {
  test('must select its own template', () => {
    const edited = change(Deployment, sampleDeployment(), (deployment) => {
      if (deployment.spec.template.metadata) deployment.spec.template.metadata.labels = { app: 'other' };
    });
    expect(edited).toEqual(['spec.template.metadata.labels: Invalid value: {"app":"other"}: `selector` does not match template `labels`']);
  });

  test('keeps its selector', () => {
    const edited = change(Deployment, sampleDeployment(), (deployment) => {
      deployment.spec.selector = { matchExpressions: [{ key: 'app', operator: 'Exists' }] };
    });
    expect(edited).toEqual(['spec.selector: Invalid value: {"matchExpressions":[{"key":"app","operator":"Exists"}]}: field is immutable']);
  });

  test('rolls with sensible numbers', () => {
    const edited = change(Deployment, sampleDeployment(), ({ spec }) => {
      spec.strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge: 0, maxUnavailable: '0%' } };
      spec.replicas = -1;
    });
    expect(edited).toEqual([
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0',
      'spec.strategy.rollingUpdate.maxUnavailable: Invalid value: "0%": may not be 0 when `maxSurge` is 0',
    ]);
  });
});

describe('a service', () => {
  const allocated = () => sampleService({ clusterIP: '10.96.0.10', clusterIPs: ['10.96.0.10'] });

  test('keeps its address when the update leaves it out', () => {
    const edited = change(Service, allocated(), (service) => {
      delete service.spec.clusterIP;
      delete service.spec.clusterIPs;
      service.spec.selector = { app: 'other' };
    });
    expect(edited).toEqual([]);
  });

  test('may not change its address', () => {
    const edited = change(Service, allocated(), (service) => {
      service.spec.clusterIP = '10.96.0.11';
      service.spec.clusterIPs = ['10.96.0.11'];
    });
    expect(edited).toEqual(['spec.clusterIPs[0]: Invalid value: ["10.96.0.11"]: may not change once set']);
  });

  test('keeps node ports as NodePort and loses them as ClusterIP', () => {
    const old = sampleService({ type: 'NodePort', ports: [{ port: 80, nodePort: 30080 }] });
    Service.defaults(old);
    const next = structuredClone(old);
    // Ports are known by their names, whatever else changes.
    next.spec.ports = [
      { port: 81, protocol: 'TCP' },
      { port: 80, protocol: 'TCP', name: 'http' },
    ];
    Service.strategy.prepareForUpdate?.(next, old);
    expect(next.spec.ports.map(({ nodePort }) => nodePort)).toEqual([30080, undefined]);
    const edited = change(Service, old, (service) => {
      service.spec.type = 'ClusterIP';
    });
    expect(edited).toEqual([]);
  });

  test('needs ports with names, each with a number of its own', () => {
    const edited = change(Service, allocated(), (service) => {
      service.spec.type = 'NodePort';
      service.spec.ports = [{ port: 80 }, { port: 80, name: 'b' }];
    });
    expect(edited).toEqual([
      'spec.ports[0].name: Required value',
      'spec.ports[1]: Duplicate value: {"Name":"","Protocol":"TCP","AppProtocol":null,"Port":80,"TargetPort":0,"NodePort":0}',
    ]);
  });
});

describe('configuration', () => {
  test('stays when it is immutable', () => {
    const frozen = sampleConfigMap({ immutable: true, data: { a: '1' } });
    expect(
      change(ConfigMap, frozen, (map) => {
        map.data = { a: '2' };
      }),
    ).toEqual(['data: Forbidden: field is immutable when `immutable` is set']);
    expect(change(ConfigMap, frozen, (map) => delete map.immutable)).toEqual([
      'immutable: Forbidden: field is immutable when `immutable` is set',
    ]);
  });

  test('is at most a mebibyte', () => {
    const large = sampleConfigMap({ data: { a: 'x'.repeat(1024 * 1024 + 1) } });
    expect(messages(ConfigMap.validate(large))).toEqual(['[]: Too long: may not be more than 1048576 bytes']);
  });

  test('a secret keeps its type, takes plain text, and has the keys of its type', () => {
    const secret = sampleSecret({ stringData: { key: 'grüße' } });
    expect(
      change(Secret, secret, (next) => {
        next.type = 'kubernetes.io/tls';
      }),
    ).toEqual([
      'data[tls.crt]: Required value',
      'data[tls.key]: Required value',
      'type: Invalid value: "kubernetes.io/tls": field is immutable',
    ]);
    expect(secret.data).toEqual({ key: Buffer.from('grüße').toString('base64') });
    expect(secret.stringData).toBeUndefined();
  });
});

describe('a claim', () => {
  test('is bound once, and grows only once bound', () => {
    const bind = change(PersistentVolumeClaim, sampleClaim(), (claim) => {
      claim.spec.volumeName = 'disk';
    });
    expect(bind).toEqual([]);
    const grow = (claim: PersistentVolumeClaim) => {
      claim.spec.resources = { requests: { storage: '2Gi' } };
    };
    expect(change(PersistentVolumeClaim, sampleClaim(), grow)[0]).toMatch(
      /^spec: Forbidden: spec is immutable after creation except resources\.requests and volumeAttributesClassName for bound claims\n/,
    );
    const bound = { ...sampleClaim({ volumeName: 'disk' }), status: { phase: 'Bound', capacity: { storage: '1Gi' } } };
    expect(change(PersistentVolumeClaim, bound, grow)).toEqual([]);
    const shrink = change(PersistentVolumeClaim, bound, (claim) => {
      claim.spec.resources = { requests: { storage: '1Mi' } };
    });
    expect(shrink).toEqual(['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity']);
  });

  test('is shown with lists as they were given: an empty one is not null', () => {
    const read = checkTypes(PersistentVolumeClaim.schema, { ...sampleClaim({ accessModes: [] }) })
      .value as unknown as PersistentVolumeClaim;
    expect(messages(PersistentVolumeClaim.validateUpdate(read, sampleClaim()))[0]).toContain('+ "AccessModes": [],');
  });

  test('asks for a size', () => {
    expect(messages(PersistentVolumeClaim.validate(sampleClaim({ resources: {} })))).toEqual(['spec.resources[storage]: Required value']);
  });
});
