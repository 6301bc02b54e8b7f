// The types of `request` and `namespaceObject` in expressions of admission (k8s.io/apiserver, pkg/admission/plugin/cel).
import type { ExpressionType } from '../../../cel/environment.ts';

const text = 'string';
const texts = 'list<string>';

const fieldsByType: Record<string, Record<string, string>> = {
  'kubernetes.GroupVersionKind': { group: text, version: text, kind: text },
  'kubernetes.GroupVersionResource': { group: text, version: text, resource: text },
  'kubernetes.UserInfo': { username: text, uid: text, groups: texts, extra: `map<string, ${texts}>` },
  'kubernetes.AdmissionRequest': {
    kind: 'kubernetes.GroupVersionKind',
    resource: 'kubernetes.GroupVersionResource',
    subResource: text,
    requestKind: 'kubernetes.GroupVersionKind',
    requestResource: 'kubernetes.GroupVersionResource',
    requestSubResource: text,
    name: text,
    namespace: text,
    operation: text,
    userInfo: 'kubernetes.UserInfo',
    dryRun: 'bool',
    options: 'dyn',
  },
  'kubernetes.NamespaceSpec': { finalizers: texts },
  'kubernetes.NamespaceCondition': {
    status: text,
    type: text,
    lastTransitionTime: 'google.protobuf.Timestamp',
    message: text,
    reason: text,
  },
  'kubernetes.NamespaceStatus': { conditions: 'list<kubernetes.NamespaceCondition>', phase: text },
  'kubernetes.NamespaceMetadata': {
    name: text,
    generateName: text,
    namespace: text,
    labels: 'map<string, string>',
    annotations: 'map<string, string>',
    UID: text,
    creationTimestamp: 'google.protobuf.Timestamp',
    deletionGracePeriodSeconds: 'int',
    deletionTimestamp: 'google.protobuf.Timestamp',
    generation: 'int',
    resourceVersion: text,
    finalizers: texts,
  },
  'kubernetes.Namespace': {
    metadata: 'kubernetes.NamespaceMetadata',
    spec: 'kubernetes.NamespaceSpec',
    status: 'kubernetes.NamespaceStatus',
  },
};

/** Those that others name come first. */
export const requestTypes: ExpressionType[] = Object.entries(fieldsByType).map(([name, fields]) => ({ name, fields }));
