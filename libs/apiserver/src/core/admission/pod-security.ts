// The Pod Security Standards, as a namespace's labels ask for them: pods that violate what is enforced are refused; pods and
// workloads that violate what is warned about are let in, and whoever writes them is told; the audit log, of what violates its own level.
import {
  type CronJob,
  compareLevels,
  type LevelVersion,
  levelVersionText,
  type Namespace,
  type Pod,
  type PodLike,
  type PodSecurityPolicy,
  type PodTemplate,
  podSecurityPolicy,
  podSecurityViolations,
  violationDetails,
  violationReasons,
} from '@berth/api';
import { deepEqual, type FieldError, fieldMessage, type KubeObject, StatusError } from '@berth/machinery';
import type { Entry } from '../object-codec.ts';
import type { Annotated } from '../types.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { namespaceFor } from './namespace-lifecycle.ts';
import { isSignificantUpdate, podWarnings } from './pod-security-updates.ts';
import { isAbout, isKind } from './request-predicates.ts';

/** Kinds that make pods from a template. */
const workloads: Record<string, string[]> = {
  '': ['replicationcontrollers', 'podtemplates'],
  apps: ['replicasets', 'deployments', 'statefulsets', 'daemonsets'],
  batch: ['jobs', 'cronjobs'],
};

export interface PodSecurityPorts {
  recentNamespace(name: string): Promise<Entry | undefined>;
  pods(namespace: string): Iterable<Pod>;
}

const auditPrefix = 'pod-security.kubernetes.io/';

interface Judged {
  /** Whether the enforced level counts: for pods, not for what makes them. */
  isEnforced: boolean;
  isSignificant: boolean;
}

interface Read {
  policy: PodSecurityPolicy;
  errors: FieldError[];
}

export class PodSecurity implements AdmissionPlugin {
  readonly name = 'PodSecurity';
  readonly #ports: PodSecurityPorts;
  /** By the namespace object, which is frozen. */
  readonly #policies = new WeakMap<KubeObject, Read>();

  constructor(ports: PodSecurityPorts) {
    this.#ports = ports;
  }

  /** Most kinds have nothing to do with it, and must not wait. */
  validate(request: AdmissionRequest): Promise<void> | void {
    const { kind, subresource, old } = request;
    if (isAbout(request, '', 'Namespace')) return this.#validateNamespace(request);
    if (subresource === 'status') return;
    if (isKind(kind, '', 'Pod')) {
      const isSignificant = !old || isSignificantUpdate(request.object as Pod, old as Pod);
      if (!isSignificant && !request.audit) return;
      return this.#judge(request, request.object as Pod, { isEnforced: true, isSignificant });
    }
    if (subresource || !workloads[kind.group]?.includes(kind.plural)) return;
    const template = templateOf(request.object);
    if (template?.spec) return this.#judge(request, template, { isEnforced: false, isSignificant: true });
  }

  async #judge(request: AdmissionRequest, pod: PodLike, { isEnforced, isSignificant }: Judged): Promise<void> {
    const entry = await namespaceFor(request, this.#ports.recentNamespace);
    if (!entry) return;
    const { policy, errors } = this.#read(entry.object);
    const { enforce, audit, warn } = policy;
    const isFree = errors.length === 0 && [enforce, audit, warn].every(({ level }) => level === 'privileged');
    if (isFree && isEnforced) request.audit?.annotate(`${auditPrefix}enforce-policy`, 'privileged:latest');
    if (isFree || !isSignificant) return;
    if (request.audit) this.#tell(request.audit, policy, errors, pod, isEnforced);
    const violations = isEnforced ? podSecurityViolations(enforce, pod) : [];
    if (violations.length > 0) {
      throw StatusError.forbidden(
        request.kind,
        request.name,
        `violates PodSecurity ${JSON.stringify(levelVersionText(enforce))}: ${violationDetails(violations)}`,
      );
    }
    const warned = podSecurityViolations(warn, pod);
    if (warned.length === 0) return;
    request.warnings.push(`would violate PodSecurity ${JSON.stringify(levelVersionText(warn))}: ${violationDetails(warned)}`);
  }

  /** What the audit log is told, also of a pod that is refused. */
  #tell(record: Annotated, { enforce, audit }: PodSecurityPolicy, errors: FieldError[], pod: PodLike, isEnforced: boolean): void {
    if (errors.length > 0) {
      const problems = errors.map((error) => `${error.field}: ${fieldMessage(error)}`);
      record.annotate(`${auditPrefix}error`, `Failed to parse policy: ${problems.length === 1 ? problems[0] : `[${problems.join(', ')}]`}`);
    }
    if (isEnforced) record.annotate(`${auditPrefix}enforce-policy`, levelVersionText(enforce));
    const violations = podSecurityViolations(audit, pod);
    if (violations.length === 0) return;
    const text = `would violate PodSecurity ${JSON.stringify(levelVersionText(audit))}: ${violationDetails(violations)}`;
    record.annotate(`${auditPrefix}audit-violations`, text);
  }

  #read(namespace: KubeObject): Read {
    const known = this.#policies.get(namespace);
    if (known) return known;
    const read = podSecurityPolicy(namespace.metadata.labels);
    this.#policies.set(namespace, read);
    return read;
  }

  #validateNamespace(request: AdmissionRequest): void {
    const { object, old } = request;
    const { policy, errors } = podSecurityPolicy(object.metadata.labels);
    const before = old && this.#read(old);
    if (errors.length > 0 && !(before && deepEqual(errors, before.errors))) throw StatusError.invalid(request.kind, request.name, errors);
    if (!before || !isStricter(policy.enforce, before.policy.enforce)) return;
    const check = (pod: Pod) => violationReasons(podSecurityViolations(policy.enforce, pod));
    request.warnings.push(...podWarnings((object as Namespace).metadata.name, levelVersionText(policy.enforce), this.#ports.pods, check));
  }
}

function isStricter(next: LevelVersion, old: LevelVersion): boolean {
  if (next.level === 'privileged' || deepEqual(next, old)) return false;
  return next.version !== old.version || compareLevels(next.level, old.level) > 0;
}

function templateOf(object: KubeObject): PodLike | undefined {
  const { template } = object as PodTemplate;
  if (template) return template as PodLike;
  const { spec } = object as unknown as { spec?: { template?: PodLike; jobTemplate?: CronJob['spec']['jobTemplate'] } };
  return spec?.template ?? (spec?.jobTemplate?.spec?.template as PodLike | undefined);
}
