// What mends a cause by itself, as the engine that found it says (`Fix`), as actions: made, pointed to the right thing, raised.
import type { Fix } from '@berth/causes';
import { isQuantity, parseQuantity } from '@berth/machinery';
import { kubectlLine } from '../kubectl-line.ts';
import type { KubernetesObject } from '../kubernetes-object.ts';
import { builtInType, collectionPath, objectPath, type ResourceType, types } from '../resource-types.ts';
import { type AccessQuestion, type Action, type ActionField, jsonPatch, mergePatch } from './action.ts';
import { remove } from './object-actions.ts';
import { subjectOf } from './subject.ts';
import { scale } from './workload-actions.ts';

type Of<T extends Fix['type']> = Extract<Fix, { type: T }>;

/** @param object what the fix changes, if it is known; without it there is nothing to compare with, and no button */
export function fixAction(fix: Fix, object: KubernetesObject | undefined): Action | undefined {
  if (fix.type === 'Create') return create(fix);
  if (!object) return undefined;
  if (fix.type === 'SetSelector') return setSelector(fix, object);
  if (fix.type === 'SetTargetPort') return setTargetPort(fix, object);
  if (fix.type === 'RaiseQuota') return raiseQuota(fix, object);
  if (fix.type === 'RemoveFinalizers') return removeFinalizers(fix, object);
  if (fix.type === 'Enlarge') return enlarge(fix, object);
  const type = builtInType(fix.kind);
  if (fix.type === 'Delete') return type && { ...remove(subjectOf(type, object)), label: `Delete ${fix.kind.toLowerCase()}` };
  const action = type && scale(subjectOf(type, object), 0);
  // To none is what it is.
  return (
    action && { ...action, label: `Scale ${fix.kind.toLowerCase()}`, ...(action.field && { field: { ...action.field, initial: '1' } }) }
  );
}

const changedKinds = { RaiseQuota: 'ResourceQuota', SetSelector: 'Service', SetTargetPort: 'Service', Enlarge: 'PersistentVolumeClaim' };

/** What a fix changes; undefined of what it makes. */
export function fixedObject(fix: Fix): { type: ResourceType; namespace: string | undefined; name: string } | undefined {
  const { namespace, name } = fix;
  if (fix.type === 'Create') return undefined;
  const kind = 'kind' in fix ? fix.kind : changedKinds[fix.type];
  const type = builtInType(kind);
  return type && { type, namespace, name };
}

function may(verb: string, { group, resource }: ResourceType, { namespace, name }: Fix): AccessQuestion {
  return { verb, group, resource, namespace, ...(verb !== 'create' && { name }) };
}

const entry = /^([-._A-Za-z0-9]+)=(.*)$/;
const entriesField: ActionField = {
  label: 'Entries, as KEY=VALUE with commas between',
  initial: '',
  wrong: (value) => (value === '' || value.split(',').every((one) => entry.test(one)) ? undefined : 'KEY=VALUE, or nothing at all.'),
};
const sizeField: ActionField = {
  label: 'Size',
  initial: '1Gi',
  wrong: (value) => (isQuantity(value) && parseQuantity(value).toNumber() > 0 ? undefined : 'A quantity such as 1Gi.'),
};

function create(fix: Of<'Create'>): Action {
  const { kind, namespace, name } = fix;
  const type = types[kind];
  const word = kind === 'PersistentVolumeClaim' ? 'claim' : kind.toLowerCase();
  const field = kind === 'PersistentVolumeClaim' ? sizeField : kind === 'ServiceAccount' ? undefined : entriesField;
  return {
    id: 'create',
    kind,
    label: `Create ${word} ${name}`,
    title: `Create ${word} ${name} in ${namespace}`,
    effect: 'It is made as it is asked for; what waits for it goes on by itself.',
    access: [may('create', type, fix)],
    ...(field && { field }),
    before: {},
    plan: (value) => {
      const body = { apiVersion: 'v1', kind, metadata: { name, namespace }, ...contentOf(kind, value) };
      return {
        request: { method: 'POST', path: collectionPath(type, namespace), contentType: 'application/json', body },
        kubectl: createLine(fix, value, body),
      };
    },
  };
}

function contentOf(kind: string, value: string): object {
  const entries = Object.fromEntries((value === '' ? [] : value.split(',')).map((one) => entry.exec(one)?.slice(1) ?? []));
  if (kind === 'ConfigMap') return { data: entries };
  if (kind === 'Secret') return { stringData: entries };
  if (kind === 'ServiceAccount') return {};
  return { spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: value } } } };
}

function createLine({ kind, namespace, name }: Of<'Create'>, value: string, body: object): string {
  if (kind === 'PersistentVolumeClaim') return `echo '${JSON.stringify(body)}' | kubectl create -f -`;
  const words = kind === 'Secret' ? ['secret', 'generic'] : [kind.toLowerCase()];
  const literals = value === '' ? [] : value.split(',').map((one) => `--from-literal=${one}`);
  return kubectlLine(namespace, 'create', ...words, name, ...literals);
}

function pairs(labels: Record<string, string>): string {
  return Object.entries(labels)
    .map((pair) => pair.join('='))
    .join(',');
}

function setSelector(fix: Of<'SetSelector'>, before: KubernetesObject): Action {
  const { namespace, name, selector, former } = fix;
  const test = { op: 'test', path: '/spec/selector', value: former };
  const body = [test, { op: 'replace', path: '/spec/selector', value: selector }];
  return {
    id: 'set-selector',
    kind: 'Service',
    label: `Select ${pairs(selector)}`,
    title: `Let service/${name} select ${pairs(selector)}`,
    effect: `It selects ${pairs(former)} now, which no pod has. Its clients then reach the pods that have these.`,
    access: [may('patch', types.Service, fix)],
    before,
    plan: () => ({
      request: { method: 'PATCH', path: objectPath(types.Service, namespace, name), contentType: jsonPatch, body },
      kubectl: kubectlLine(namespace, 'set', 'selector', `service/${name}`, pairs(selector)),
    }),
  };
}

function setTargetPort(fix: Of<'SetTargetPort'>, before: KubernetesObject): Action {
  const { namespace, name, index, port, former, targetPort } = fix;
  const path = `/spec/ports/${index}/targetPort`;
  const replace = { op: 'replace', path, value: targetPort };
  return {
    id: 'set-target-port',
    kind: 'Service',
    label: `Lead port ${port} to ${targetPort}`,
    title: `Lead port ${port} of service/${name} to ${targetPort}`,
    effect: `It leads to ${former} now, which no pod has.`,
    access: [may('patch', types.Service, fix)],
    before,
    plan: () => ({
      request: {
        method: 'PATCH',
        path: objectPath(types.Service, namespace, name),
        contentType: jsonPatch,
        body: [{ op: 'test', path, value: former }, replace],
      },
      kubectl: kubectlLine(namespace, 'patch', 'service', name, '--type', 'json', '-p', JSON.stringify([replace])),
    }),
  };
}

function raiseQuota(fix: Of<'RaiseQuota'>, before: KubernetesObject): Action {
  const { namespace, name, resource, hard, lacks } = fix;
  const least = parseQuantity(hard).toNumber();
  const wrong = (value: string) => {
    if (!isQuantity(value)) return 'A quantity such as 10 or 4Gi.';
    return parseQuantity(value).toNumber() > least ? undefined : `More than it is, ${hard}.`;
  };
  const isWhole = /^\d+$/.test(hard) && /^\d+$/.test(lacks);
  return {
    id: 'raise-quota',
    kind: 'ResourceQuota',
    label: `Raise quota ${name}`,
    title: `Raise ${resource} of resourcequota/${name}`,
    effect: `It is ${hard} now, and ${lacks} more was asked for. What was refused is tried again by itself, within minutes.`,
    access: [may('patch', types.ResourceQuota, fix)],
    before,
    field: { label: resource, initial: isWhole ? `${Number(hard) + Number(lacks)}` : hard, wrong },
    plan: (value) => {
      const body = { spec: { hard: { [resource]: value } } };
      return {
        request: { method: 'PATCH', path: objectPath(types.ResourceQuota, namespace, name), contentType: mergePatch, body },
        kubectl: kubectlLine(namespace, 'patch', 'resourcequota', name, '--type', 'merge', '-p', JSON.stringify(body)),
      };
    },
  };
}

function enlarge({ namespace, name, size }: Of<'Enlarge'>, before: KubernetesObject): Action {
  const subject = subjectOf(types.PersistentVolumeClaim, before);
  const least = parseQuantity(size).toNumber();
  const wrong = (value: string) => {
    if (!isQuantity(value)) return 'A quantity such as 10Gi.';
    return parseQuantity(value).toNumber() > least ? undefined : `More than it asks for, ${size}: volumes do not shrink.`;
  };
  return {
    id: 'enlarge',
    kind: 'PersistentVolumeClaim',
    label: 'Enlarge claim',
    title: `Enlarge ${subject.title}`,
    effect: `It asks for ${size} now. Its volume grows while it is in use, and the file system on it with it, or once its pods start again where the kernel wants that. Neither shrinks again.`,
    access: [subject.may('patch')],
    before,
    field: { label: 'Size', initial: size, wrong },
    plan: (value) => {
      const body = { spec: { resources: { requests: { storage: value } } } };
      return {
        request: { method: 'PATCH', path: objectPath(types.PersistentVolumeClaim, namespace, name), contentType: mergePatch, body },
        kubectl: kubectlLine(namespace, 'patch', 'pvc', name, '--type', 'merge', '-p', JSON.stringify(body)),
      };
    },
  };
}

function removeFinalizers(fix: Of<'RemoveFinalizers'>, before: KubernetesObject): Action {
  const { namespace, name, kind } = fix;
  const type = builtInType(kind) ?? types.Pod;
  const body = { metadata: { finalizers: null } };
  return {
    id: 'remove-finalizers',
    kind,
    label: 'Remove finalizers',
    title: `Remove the finalizers of ${kind.toLowerCase()}/${name}`,
    effect: 'It goes at once; what its finalizers wait for is then not done. This cannot be undone.',
    isDangerous: true,
    access: [may('patch', type, fix)],
    before,
    plan: () => ({
      request: { method: 'PATCH', path: objectPath(type, namespace, name), contentType: mergePatch, body },
      kubectl: kubectlLine(namespace, 'patch', kind.toLowerCase(), name, '--type', 'merge', '-p', JSON.stringify(body)),
    }),
  };
}
