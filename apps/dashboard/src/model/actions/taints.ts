// Taints of nodes: added as kubectl writes them, taken away one by one. Not when somebody has changed the node's taints since they were shown.
import type { Node, Taint } from '@berth/api';
import { kubectlLine } from '../kubectl-line.ts';
import { objectPath } from '../resource-types.ts';
import { type Action, jsonPatch, type WriteRequest } from './action.ts';
import type { Subject } from './subject.ts';

const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];
/** A qualified name, an optional value, an effect. */
const form = /^((?:[a-z0-9]([-a-z0-9.]*[a-z0-9])?\/)?[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?)(?:=([-A-Za-z0-9_.]*))?:(\w+)$/;
/** Those that the control plane sets by itself, and would set again. */
const ofControlPlane = /^node\.kubernetes\.io\/(?!out-of-service)/;

export function taintText({ key, value, effect }: Taint): string {
  return `${key}${value ? `=${value}` : ''}:${effect}`;
}

export function addTaint(subject: Subject): Action {
  const taints = taintsOf(subject);
  return {
    id: 'taint',
    kind: subject.type.kind,
    label: 'Taint',
    title: `Taint ${subject.title}`,
    effect: 'Pods that do not tolerate it are not placed here; with NoExecute, those that run here are evicted.',
    access: [subject.may('patch')],
    before: subject.object,
    field: { label: 'Taint', initial: 'dedicated=maintenance:NoSchedule', wrong: wrongTaint },
    plan: (value) => {
      const [, key = '', , taintValue, effect = ''] = form.exec(value) ?? [];
      const taint: Taint = { key, effect, ...(taintValue && { value: taintValue }) };
      const others = taints.filter((one) => one.key !== key || one.effect !== effect);
      return {
        request: replaced(subject, taints, [...others, taint]),
        kubectl: kubectlLine(undefined, 'taint', 'nodes', subject.name, taintText(taint)),
      };
    },
  };
}

function wrongTaint(value: string): string | undefined {
  const effect = form.exec(value)?.[4];
  return effect && effects.includes(effect) ? undefined : `key=value:Effect, where the effect is ${effects.join(', ')}.`;
}

export function removeTaints(subject: Subject): Action[] {
  const taints = taintsOf(subject);
  const own = taints.filter(({ key }) => !ofControlPlane.test(key));
  return own.map((taint) => ({
    id: `untaint-${taint.key}-${taint.effect}`,
    kind: subject.type.kind,
    label: `Remove taint ${taint.key}`,
    title: `Remove taint ${taintText(taint)} from ${subject.title}`,
    effect: 'Pods that do not tolerate it are placed here again.',
    access: [subject.may('patch')],
    before: subject.object,
    plan: () => ({
      request: replaced(
        subject,
        taints,
        taints.filter((one) => one !== taint),
      ),
      kubectl: kubectlLine(undefined, 'taint', 'nodes', subject.name, `${taint.key}:${taint.effect}-`),
    }),
  }));
}

function taintsOf({ object }: Subject): Taint[] {
  return (object as unknown as Node).spec?.taints ?? [];
}

function replaced({ type, name }: Subject, before: Taint[], after: Taint[]): WriteRequest {
  const test = before.length > 0 ? [{ op: 'test', path: '/spec/taints', value: before }] : [];
  const body = [...test, { op: 'add', path: '/spec/taints', value: after }];
  return { method: 'PATCH', path: objectPath(type, undefined, name), contentType: jsonPatch, body };
}
