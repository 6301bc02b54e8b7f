// What is done to workloads as a whole: restarted, rolled back, scaled, paused.
import type { Deployment, PodTemplateSpec } from '@berth/api';
import { kubectlLine } from '../kubectl-line.ts';
import { kubectlName, objectPath } from '../resource-types.ts';
import type { Revision } from '../revisions.ts';
import { type Action, jsonPatch, mergePatch, strategicPatch } from './action.ts';
import { type Subject, simplePatch } from './subject.ts';

/** Every whole number that the API takes for replicas. */
const replicasMax = 2 ** 31 - 1;

export function restart(subject: Subject): Action {
  const { type, namespace, name, object, title } = subject;
  return {
    id: 'restart',
    kind: subject.type.kind,
    label: 'Restart',
    title: `Restart ${title}`,
    effect: 'Its pods are replaced one after the other, as its strategy says, by new ones of the same template.',
    access: [subject.may('patch')],
    before: object,
    plan: (_value, now) => ({
      request: {
        method: 'PATCH',
        path: objectPath(type, namespace, name),
        contentType: strategicPatch,
        body: { spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': wholeSeconds(now) } } } } },
      },
      kubectl: kubectlLine(namespace, 'rollout', 'restart', kubectlName(type, name)),
    }),
  };
}

function wholeSeconds(now: Date): string {
  return now.toISOString().replace(/\.\d+Z$/, 'Z');
}

/** To one of the revisions before the present one; undefined when there is none. @param revisions newest first */
export function rollBack(subject: Subject, revisions: Revision[]): Action | undefined {
  const { type, namespace, name, object, title } = subject;
  const former = revisions.filter(({ isCurrent }) => !isCurrent);
  const [latest] = former;
  if (!latest) return undefined;
  const chosen = (value: string) => former.find(({ number }) => `${number}` === value) ?? latest;
  return {
    id: 'roll-back',
    kind: subject.type.kind,
    label: 'Roll back',
    title: `Roll back ${title}`,
    effect: 'Its template becomes that of the revision again, and its pods are replaced as its strategy says.',
    access: [subject.may('patch')],
    before: object,
    field: {
      label: 'To revision',
      initial: `${latest.number}`,
      options: former.map(({ number, cause, template }) => ({ value: `${number}`, label: revisionLabel(number, cause, template) })),
      wrong: () => undefined,
    },
    plan: (value) => {
      const { number, template } = chosen(value);
      const path = objectPath(type, namespace, name);
      const isDeployment = type.kind === 'Deployment';
      return {
        request: isDeployment
          ? { method: 'PATCH', path, contentType: jsonPatch, body: replacedTemplate(object as Deployment, template) }
          : { method: 'PATCH', path, contentType: strategicPatch, body: { spec: { template: { ...template, $patch: 'replace' } } } },
        kubectl: kubectlLine(namespace, 'rollout', 'undo', kubectlName(type, name), `--to-revision=${number}`),
      };
    },
  };
}

/** Not when somebody has changed it since it was shown. */
function replacedTemplate({ metadata }: Deployment, template: PodTemplateSpec) {
  return [
    { op: 'test', path: '/metadata/generation', value: metadata.generation },
    { op: 'replace', path: '/spec/template', value: template },
  ];
}

function revisionLabel(number: number, cause: string | undefined, { spec }: PodTemplateSpec): string {
  const images = (spec?.containers ?? []).map(({ image }) => image).join(', ');
  return `${number}: ${cause || images}`;
}

/** @param replicas what it wants now */
export function scale(subject: Subject, replicas: number): Action {
  const { type, namespace, name, title } = subject;
  return {
    id: 'scale',
    kind: subject.type.kind,
    label: 'Scale',
    title: `Scale ${title}`,
    effect: `It wants ${replicas} replicas now.`,
    access: [subject.may('patch', 'scale')],
    before: { spec: { replicas } },
    field: { label: 'Replicas', initial: `${replicas}`, wrong: wrongReplicas },
    plan: (value) => ({
      request: {
        method: 'PATCH',
        path: objectPath(type, namespace, name, 'scale'),
        contentType: mergePatch,
        body: { spec: { replicas: Number(value) } },
      },
      kubectl: kubectlLine(namespace, 'scale', kubectlName(type, name), `--replicas=${value}`),
    }),
  };
}

export function wrongReplicas(value: string): string | undefined {
  const isRight = /^\d{1,10}$/.test(value) && Number(value) <= replicasMax;
  return isRight ? undefined : 'A whole number from 0 on.';
}

/** Of a rollout. */
export function pauseOrResume(subject: Subject, isPaused: boolean): Action {
  const { type, namespace, name } = subject;
  const verb = isPaused ? 'resume' : 'pause';
  return simplePatch(subject, {
    id: verb,
    label: isPaused ? 'Resume' : 'Pause',
    effect: isPaused ? 'Its rollout goes on.' : 'Changes of its template start no new pods until it is resumed.',
    body: { spec: { paused: isPaused ? null : true } },
    kubectl: kubectlLine(namespace, 'rollout', verb, kubectlName(type, name)),
  });
}

/** Of Jobs and CronJobs. */
export function suspendOrResume(subject: Subject, isSuspended: boolean): Action {
  const { type, namespace, name } = subject;
  const body = { spec: { suspend: !isSuspended } };
  const isJob = type.kind === 'Job';
  return simplePatch(subject, {
    id: isSuspended ? 'resume' : 'suspend',
    label: isSuspended ? 'Resume' : 'Suspend',
    effect: isSuspended
      ? 'It starts pods again.'
      : isJob
        ? 'Its running pods are deleted, and none are started until it is resumed.'
        : 'It starts no more jobs until it is resumed; those that run go on.',
    body,
    kubectl: kubectlLine(namespace, 'patch', kubectlName(type, name), '--type=merge', '-p', JSON.stringify(body)),
  });
}
