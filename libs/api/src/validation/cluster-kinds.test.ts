// Causes as kube-apiserver 1.35 worded them when it was asked the same (npm run differential): kinds of the cluster.
import { fieldMessage, type KindDefinition, type KubeObject } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import type { PersistentVolumeSpec } from '../generated/core-v1.types.ts';
import {
  CSIDriver,
  CSIStorageCapacity,
  FlowSchema,
  PersistentVolume,
  PersistentVolumeClaim,
  PriorityClass,
  RuntimeClass,
  StorageClass,
  ValidatingAdmissionPolicy,
  ValidatingWebhookConfiguration,
} from '../index.ts';
import { sampleOf } from '../testing.ts';
import type { FieldError } from './errors.ts';

const sample = <T extends KubeObject>(kind: KindDefinition<T>): T => sampleOf(kind as unknown as KindDefinition) as T;
const texts = (errors: FieldError[]) => errors.map((error) => `${error.field}: ${fieldMessage(error)}`);

describe('persistent volumes', () => {
  const volume = (spec: PersistentVolumeSpec): PersistentVolume => {
    const made: PersistentVolume = {
      ...sample(PersistentVolume),
      spec: { accessModes: ['ReadWriteOnce'], capacity: { storage: '1Gi' }, ...spec },
    };
    PersistentVolume.defaults(made);
    return made;
  };
  const causes = (spec: PersistentVolumeSpec) => texts(PersistentVolume.validate(volume(spec)));

  test('have one source, the first of Kubernetes’ order, and a FlexVolume beside it unseen', () => {
    expect(causes({ nfs: { server: 's', path: 'a' }, cephfs: { monitors: [] } })).toEqual([
      'spec.nfs.path: Invalid value: "a": must be an absolute path',
      'spec.cephFS: Forbidden: may not specify more than 1 volume type',
    ]);
    expect(causes({ hostPath: { path: '/a' }, flexVolume: { driver: 'd', options: { 'a.k8s.io/x': '' } } })).toEqual([
      'spec.flexVolume.options[a.k8s.io/x]: Invalid value: "a.k8s.io/x": kubernetes.io and k8s.io namespaces are reserved',
    ]);
    expect(causes({ gcePersistentDisk: { pdName: '', partition: 300 } })).toEqual([
      'spec.persistentDisk.pdName: Required value',
      'spec.persistentDisk.partition: Invalid value: 300: must be between 1 and 255, inclusive',
    ]);
  });

  test('say what each source lacks', () => {
    expect(causes({ iscsi: { targetPortal: 'p', iqn: 'web', lun: 300, chapAuthSession: true } })).toEqual([
      'spec.iscsi.iqn: Invalid value: "web": must be valid format',
      'spec.iscsi.lun: Invalid value: 300: must be between 0 and 255, inclusive',
      'spec.iscsi.secretRef: Required value',
    ]);
    expect(causes({ fc: { targetWWNs: ['a'], wwids: ['b'] } })).toEqual([
      'spec.fc.targetWWNs: Invalid value: ["a"]: targetWWNs and wwids can not be specified simultaneously',
      'spec.fc.lun: Required value: lun is required if targetWWNs is specified',
    ]);
    expect(causes({ azureDisk: { diskName: 'a', diskURI: 'b', kind: 'Managed' } })).toEqual([
      'spec.azureDisk.diskURI: Unsupported value: "b": supported values: "/subscriptions/{sub-id}/resourcegroups/{group-name}/providers/microsoft.compute/disks/{disk-id}"',
    ]);
    expect(causes({ csi: { driver: 'd', volumeHandle: '', nodeStageSecretRef: {}, nodePublishSecretRef: { name: 'a' } } })).toEqual([
      'spec.csi.volumeHandle: Required value',
      'spec.csi.nodePublishSecretRef.namespace: Required value',
    ]);
    expect(causes({ local: { path: '../a' }, volumeAttributesClassName: 'fast' })).toEqual([
      'spec.local.path: Invalid value: "../a": must not contain \'..\'',
      'spec.nodeAffinity: Required value: Local volume requires node affinity',
      'spec.csi: Required value: has to be specified when using volumeAttributesClassName',
    ]);
  });

  test('keep their source, but for the secret for growing, and their nodes, but for labels under their new names', () => {
    const csi = { driver: 'd', volumeHandle: 'h' };
    const on = (key: string) => ({ required: { nodeSelectorTerms: [{ matchExpressions: [{ key, operator: 'In', values: ['a'] }] }] } });
    const old = volume({ csi, nodeAffinity: on('failure-domain.beta.kubernetes.io/zone') });
    const grown = volume({
      csi: { ...csi, controllerExpandSecretRef: { name: 'a', namespace: 'b' } },
      nodeAffinity: on('topology.kubernetes.io/zone'),
    });
    expect(texts(PersistentVolume.validateUpdate(grown, old))).toEqual([]);
    const moved = volume({ csi, nodeAffinity: on('a') });
    expect(texts(PersistentVolume.validateUpdate(moved, old))).toEqual([
      'nodeAffinity: Invalid value: {"Required":{"NodeSelectorTerms":[{"MatchExpressions":[{"Key":"a","Operator":"In","Values":["a"]}],"MatchFields":null}]}}: field is immutable, except for updating from beta label to GA',
    ]);
  });
});

test('a claim that shrinks to what it has been refused is taken back as far as its volume', () => {
  const claim = (storage: string, capacity?: string): PersistentVolumeClaim => ({
    ...sample(PersistentVolumeClaim),
    spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage } } },
    status: { phase: 'Bound', ...(capacity && { capacity: { storage: capacity } }) },
  });
  const shrunk = (capacity?: string) => texts(PersistentVolumeClaim.validateUpdate(claim('1Gi', capacity), claim('2Gi', capacity)));
  expect(shrunk('500Mi')).toEqual([]);
  expect(shrunk()).toEqual([]);
  expect(shrunk('1Gi')).toEqual(['spec.resources.requests.storage: Forbidden: field can not be less than status.capacity']);
  const status = {
    ...claim('1Gi'),
    status: { allocatedResources: { 'requests.storage': '1' }, allocatedResourceStatuses: { storage: 'Lost' } },
  };
  expect(texts(PersistentVolumeClaim.validateStatusUpdate(status, claim('1Gi')))).toEqual([
    expect.stringContaining(
      'status.allocatedResourceStatuses: Unsupported value: "storage": supported values: "ControllerResizeInProgress"',
    ),
    'status.allocatedResources: Unsupported value: "requests.storage": supported values: "storage"',
  ]);
});

test('storage classes name topologies once', () => {
  const term = (...values: string[]) => ({ matchLabelExpressions: [{ key: 'zone', values }] });
  const storageClass = { ...sample(StorageClass), allowedTopologies: [term('a', 'b'), term('b', 'a'), term()] };
  StorageClass.defaults(storageClass);
  expect(texts(StorageClass.validate(storageClass))).toEqual([
    'allowedTopologies[1].matchLabelExpressions: Duplicate value: ""',
    'allowedTopologies[2].matchLabelExpressions[0].values: Required value',
  ]);
});

test('runtime classes, priority classes, drivers and capacities', () => {
  const runtime = {
    ...sample(RuntimeClass),
    overhead: { podFixed: { bogus: '1' } },
    scheduling: { tolerations: [{ key: 'a' }, { key: 'a', tolerationSeconds: 1 }] },
  };
  expect(texts(RuntimeClass.validate(runtime))).toEqual(
    expect.arrayContaining([
      'overhead.limits[bogus]: Invalid value: "bogus": must be a standard resource for containers',
      'scheduling.tolerations[1]: Duplicate value: {"Key":"a","Operator":"","Value":"","Effect":"","TolerationSeconds":1}',
    ]),
  );
  const priority = { ...sample(PriorityClass), value: 2_000_000_000, preemptionPolicy: '' };
  PriorityClass.defaults(priority);
  expect(texts(PriorityClass.validate(priority))).toContain('preemptionPolicy: Required value');
  expect(texts(PriorityClass.validate(priority, priority))).toEqual([]);
  const driver = { ...sample(CSIDriver), spec: { volumeLifecycleModes: ['A'], serviceAccountTokenInSecrets: false } };
  CSIDriver.defaults(driver);
  expect(texts(CSIDriver.validate(driver))).toEqual([
    'spec.volumeLifecycleModes: Unsupported value: "A": supported values: "Persistent", "Ephemeral"',
    'spec.serviceAccountTokenInSecrets: Invalid value: false: serviceAccountTokenInSecrets is set but no tokenRequests are specified',
  ]);
  const capacity = sample(CSIStorageCapacity);
  const moved = { ...capacity, nodeTopology: { matchLabels: { b: '1', a: '2' } } };
  expect(texts(CSIStorageCapacity.validateUpdate(moved, capacity))).toEqual([
    'nodeTopology: Invalid value: {"matchLabels":{"a":"2","b":"1"}}: field is immutable',
  ]);
});

test('flow schemas stop at a wildcard, and look at the subject that their kind names', () => {
  const rules = [
    {
      subjects: [{ kind: 'User', user: { name: '' }, group: { name: 'g' } }],
      resourceRules: [{ verbs: ['*', 'bogus'], apiGroups: [''], resources: ['pods'], namespaces: ['a.b'] }],
      nonResourceRules: [{ verbs: ['get'], nonResourceURLs: ['a b//'] }],
    },
  ];
  const schema = {
    ...sample(FlowSchema),
    spec: { priorityLevelConfiguration: { name: 'x' }, matchingPrecedence: 5, distinguisherMethod: { type: '' }, rules },
    status: { conditions: [{ type: 'A' }, { type: 'A' }, {}] },
  };
  expect(texts(FlowSchema.validate(schema))).toEqual([
    'spec.distinguisherMethod.type: Unsupported value: {"Type":""}: supported values: "ByNamespace", "ByUser"',
    "spec.rules[0].subjects[0].group: Forbidden: group is forbidden when subject kind is not 'Group'",
    'spec.rules[0].subjects[0].user.name: Required value',
    'spec.rules[0].resourceRules[0].verbs: Invalid value: ["*","bogus"]: if \'*\' is present, must not specify other verbs',
    expect.stringMatching(
      /^spec\.rules\[0\]\.resourceRules\[0\]\.namespaces\[0\]: Invalid value: "a\.b": each member of this list must be '\*' or a DNS-1123 label; /,
    ),
    'spec.rules[0].nonResourceRules[0].nonResourceURLs[0]: Invalid value: "a b//": must start with slash',
    'status.conditions[1].type: Duplicate value: "A"',
    'status.conditions[2].type: Required value',
  ]);
});

test('policies name objects, and audit annotations behind their own name', () => {
  const rule = {
    operations: ['CREATE'],
    apiGroups: [''],
    apiVersions: ['v1'],
    resources: ['a/*', 'a/b', 'c', '*'],
    resourceNames: ['x/y', 'z', 'z'],
  };
  const policy = {
    ...sample(ValidatingAdmissionPolicy),
    spec: { failurePolicy: '', matchConstraints: { resourceRules: [rule] }, auditAnnotations: [{ key: '..', valueExpression: '"a"' }] },
  };
  ValidatingAdmissionPolicy.defaults(policy);
  const { name } = policy.metadata;
  expect(texts(ValidatingAdmissionPolicy.validate(policy))).toEqual([
    'spec.failurePolicy: Unsupported value: "": supported values: "Fail", "Ignore"',
    'spec.matchConstraints.resourceRules[0].resourceNames[0]: Invalid value: "x/y": may not contain \'/\'',
    'spec.matchConstraints.resourceRules[0].resourceNames[2]: Duplicate value: "z"',
    'spec.matchConstraints.resourceRules[0].resources[1]: Invalid value: "a/b": if \'a/*\' is present, must not specify a/b',
    expect.stringContaining(`spec.auditAnnotations[0].key: Invalid value: "${name}/..": name part must consist of`),
  ]);
  const hook = {
    name: 'a.b.c',
    sideEffects: 'Some',
    admissionReviewVersions: ['v2'],
    clientConfig: { service: { name: '', namespace: 'n', path: '/A', port: 1 } },
  };
  const hooks = { ...sample(ValidatingWebhookConfiguration), webhooks: [hook] };
  ValidatingWebhookConfiguration.defaults(hooks);
  expect(texts(ValidatingWebhookConfiguration.validate(hooks))).toEqual([
    'webhooks[0].sideEffects: Unsupported value: "Some": supported values: "None", "NoneOnDryRun"',
    'webhooks[0].clientConfig.service.namespace: Required value',
    expect.stringContaining('webhooks[0].clientConfig.service.path: Invalid value: "/A": segment[0]: a lowercase RFC 1123 subdomain'),
    'webhooks[0].admissionReviewVersions: Invalid value: ["v2"]: must include at least one of v1, v1beta1',
  ]);
  // What was there already may stay so.
  expect(texts(ValidatingWebhookConfiguration.validate(hooks, hooks))).toHaveLength(2);
});
