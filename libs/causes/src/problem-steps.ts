// What to do about a problem that nothing else lies behind: a sentence, the command, and where there is one, the same as data.
import type { policyV1 } from '@berth/api';
import { runningOf } from './cron-job-problems.ts';
import type { Problem, ProblemKind } from './problem.ts';
import { refusalStep } from './refusal-steps.ts';
import { type Known, kubectl, type Step } from './why.ts';

const words: Partial<Record<ProblemKind, string>> = {
  HorizontalPodAutoscaler: 'hpa',
  PodDisruptionBudget: 'pdb',
  PersistentVolume: 'pv',
  PersistentVolumeClaim: 'pvc',
};

export function wordOf(kind: ProblemKind): string {
  return words[kind] ?? kind.toLowerCase();
}

/** By kind; what is not here has everything that is known of it shown. */
const byKind: Partial<Record<ProblemKind, (problem: Problem, known: Known) => Step[] | undefined>> = {
  Ingress: (problem) => (certificateReasons.test(problem.reason) ? certificateSteps(problem) : ingressSteps(problem)),
  HorizontalPodAutoscaler: autoscalerSteps,
  PodDisruptionBudget: budgetSteps,
  Namespace: namespaceSteps,
  CronJob: cronJobSteps,
  APIService: (problem) => (certificateReasons.test(problem.reason) ? bundleSteps(problem) : apiServiceSteps(problem)),
  ValidatingWebhookConfiguration: webhookSteps,
  MutatingWebhookConfiguration: webhookSteps,
  PersistentVolumeClaim: (problem, known) => (problem.reason === 'FillingUp' ? fillingSteps(problem, known) : undefined),
  Node: ({ reason }) => (certificateReasons.test(reason) ? [renewal('systemctl restart berth-agent')] : undefined),
  ControlPlane: () => [renewal('systemctl restart berth-server')],
};

export function stepsOf(problem: Problem, known: Known): Step[] {
  const { kind, namespace, name } = problem;
  const found = byKind[kind]?.(problem, known);
  return found ?? [{ text: 'everything that is known of it', command: kubectl(namespace, 'describe', wordOf(kind), name) }];
}

const certificateReasons = /^(SecretNotFound|InvalidCertificate|CertificateExpired|CertificateEnding|HostNotCovered)$/;

function certificateSteps({ namespace, name, message, reason }: Problem): Step[] {
  const secret = /\bsecret (\S+)/.exec(message)?.[1]?.replace(/[;:,]$/, '') ?? 'NAME';
  const what = {
    SecretNotFound: 'make the secret, of a certificate and its key',
    HostNotCovered: 'a certificate that is for this host, or a secret of its own for it in spec.tls',
  }[reason as string];
  const text = what ?? 'a new certificate and its key; or look why whoever renews it does not';
  const files = '--cert=FILE --key=FILE --dry-run=client -o yaml';
  const command = `${kubectl(namespace, 'create', 'secret', 'tls', secret, files)} | kubectl apply -f -`;
  return [
    { text, command },
    { text: 'see which certificates it names', command: kubectl(namespace, 'get', 'ingress', name, '-o', "jsonpath='{.spec.tls}'") },
  ];
}

function ingressSteps({ namespace, name, message }: Problem): Step[] {
  const service = /service (\S+) does not exist/.exec(message)?.[1];
  const text = service ? `make service ${service}, or name another` : 'name a service and a port that there is';
  return [{ text, command: kubectl(namespace, 'edit', 'ingress', name) }];
}

function autoscalerSteps({ namespace, name, message }: Problem, known: Known): Step[] | undefined {
  const [, resource] = /missing request for (\w+)/.exec(message) ?? [];
  const target = targetOf(namespace, name, known);
  const command = resource && target && kubectl(namespace, 'set', 'resources', target, `--requests=${resource}=AMOUNT`);
  if (command) return [{ text: `give the containers a request for ${resource}: a share of it is what it counts`, command }];
  const [, group] = /\b((?:custom|external)\.metrics\.k8s\.io)\b/.exec(message) ?? [];
  if (!group) return undefined;
  return [{ text: `look who serves ${group}: its numbers come from there`, command: `kubectl get apiservices | grep ${group}` }];
}

function budgetSteps({ namespace, name }: Problem, known: Known): Step[] {
  const text = 'more replicas, or a budget that lets one go: until then a drain of the node waits';
  return [{ text, command: kubectl(namespace, 'get', 'pods', '-l', `'${selectorOf(namespace, name, known.budgets)}'`) }];
}

function namespaceSteps({ name, reason }: Problem, known: Known): Step[] {
  const text = reason === 'SomeFinalizersRemain' ? 'whoever set the finalizer does its work; or take it away' : 'see what is left in it';
  return [{ text, command: `kubectl get ${contentOf(name, known) ?? 'all'} -n ${name}` }];
}

function cronJobSteps({ namespace, name, reason, message }: Problem, known: Known): Step[] {
  if (reason === 'MissedSchedule')
    return [
      { text: 'look whether the controllers run, and the clock is right', command: 'kubectl get componentstatuses' },
      { text: 'run it now', command: kubectl(namespace, 'create', 'job', `${name}-again`, `--from=cronjob/${name}`) },
    ];
  if (reason !== 'RunStillActive') return [refusalStep(reason, message, namespace)];
  const cronJob = known.cronJobs.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  const job = (cronJob && runningOf(cronJob, known.jobs)?.metadata.name) ?? 'NAME';
  const fix = { type: 'Delete' as const, kind: 'Job', namespace, name: job };
  return [
    { text: 'see what it waits for', command: kubectl(namespace, 'logs', `job/${job}`, '--all-containers') },
    {
      text: 'end it; spec.jobTemplate.spec.activeDeadlineSeconds does so by itself',
      command: kubectl(namespace, 'delete', 'job', job),
      fix,
    },
  ];
}

function apiServiceSteps({ name, explainedBy = [] }: Problem): Step[] {
  const [, namespace, service] = explainedBy[0]?.split('/') ?? [];
  const remove = { text: 'or take it away, if nobody is to answer any more', command: `kubectl delete apiservice ${name}` };
  if (!service || service === 'undefined') return [remove];
  return [
    { text: `start what answers behind service ${namespace}/${service}`, command: `berth why service/${service} -n ${namespace}` },
    remove,
  ];
}

function webhookSteps(problem: Problem): Step[] {
  const { kind, name, reason, explainedBy = [] } = problem;
  if (certificateReasons.test(reason)) return bundleSteps(problem);
  const [, namespace, service] = explainedBy[0]?.split('/') ?? [];
  const remove = { text: 'or take it away, if nobody is to be asked any more', command: `kubectl delete ${wordOf(kind)} ${name}` };
  const start: Step = { text: 'start what answers there', command: `berth why service/${service} -n ${namespace}` };
  return reason === 'ServiceNotFound' ? [{ text: `make service ${namespace}/${service}` }, remove] : [start, remove];
}

function bundleSteps({ kind, name }: Problem): Step[] {
  const text = 'set caBundle to whoever signs its certificate now; or look why whoever injects it does not';
  return [{ text, command: `kubectl edit ${wordOf(kind)} ${name}` }];
}

function fillingSteps({ namespace, name }: Problem, known: Known): Step[] {
  const claim = known.claims.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  const storageClass = known.classes.find(({ metadata }) => metadata.name === claim?.spec.storageClassName);
  const size = claim?.spec.resources?.requests?.storage;
  const see = { text: 'see what fills it, and remove what need not be there', command: kubectl(namespace, 'describe', 'pvc', name) };
  if (!storageClass?.allowVolumeExpansion || size === undefined) return [see];
  const patch = `'{"spec":{"resources":{"requests":{"storage":"SIZE"}}}}'`;
  const fix = { type: 'Enlarge' as const, namespace, name, size };
  return [{ text: `make it larger: it asks for ${size}`, command: kubectl(namespace, 'patch', 'pvc', name, '-p', patch), fix }, see];
}

/** Of the cluster's own certificates. */
export function renewal(restart: string): Step {
  return { text: 'it renews itself, and has not: its log says why; to try at once, start it again', command: restart };
}

function targetOf(namespace: string | undefined, name: string, { autoscalers }: Known): string | undefined {
  const found = autoscalers.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  const { kind = '', name: target } = found?.spec?.scaleTargetRef ?? {};
  return target && `${kind.toLowerCase()}/${target}`;
}

function selectorOf(namespace: string | undefined, name: string, budgets: policyV1.PodDisruptionBudget[]): string {
  const found = budgets.find(({ metadata }) => metadata.name === name && metadata.namespace === namespace);
  return Object.entries(found?.spec.selector?.matchLabels ?? {})
    .map((pair) => pair.join('='))
    .join(',');
}

/** As the namespace's condition names it: `configmaps has 1 resource instances`. */
function contentOf(name: string, { namespaces }: Known): string | undefined {
  const found = namespaces.find(({ metadata }) => metadata.name === name);
  const message = found?.status?.conditions?.find(({ type }) => type === 'NamespaceContentRemaining')?.message ?? '';
  return /remaining: (\S+) has/.exec(message)?.[1];
}
