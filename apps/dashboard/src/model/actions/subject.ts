// The object that actions are about, with the words and questions that all of them need.
import type { KubernetesObject } from '../kubernetes-object.ts';
import { kubectlName, objectPath, type ResourceType } from '../resource-types.ts';
import { type AccessQuestion, type Action, mergePatch } from './action.ts';

export interface Subject {
  type: ResourceType;
  object: KubernetesObject;
  namespace: string | undefined;
  name: string;
  /** `deployment/web` */
  title: string;
  may(verb: string, subresource?: string): AccessQuestion;
}

export function subjectOf(type: ResourceType, object: KubernetesObject): Subject {
  const { namespace, name = '' } = object.metadata;
  const { group, resource } = type;
  const may = (verb: string, subresource?: string) => ({
    verb,
    group,
    resource,
    ...(subresource && { subresource }),
    ...(namespace && { namespace }),
    name,
  });
  return { type, object, namespace, name, title: kubectlName(type, name), may };
}

interface SimplePatch {
  id: string;
  label: string;
  effect: string;
  body: unknown;
  kubectl: string;
}

/** A merge patch of a few fields. */
export function simplePatch(subject: Subject, { id, label, effect, body, kubectl }: SimplePatch): Action {
  const { type, namespace, name, object, title } = subject;
  const path = objectPath(type, namespace, name);
  return {
    id,
    kind: subject.type.kind,
    label,
    title: `${label} ${title}`,
    effect,
    access: [subject.may('patch')],
    before: object,
    plan: () => ({ request: { method: 'PATCH', path, contentType: mergePatch, body }, kubectl }),
  };
}
