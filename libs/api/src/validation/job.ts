// Jobs: sizes that fit their completion mode, a selector that is the job's own, and what may change once there are pods.
import { asGoStruct } from '@berth/machinery';
import type { Job, JobSpec } from '../generated/batch-v1.types.ts';
import { schemas } from '../schemas.ts';
import { jobLabels } from '../strategies/job.ts';
import { isEqual, isSame } from './changes.ts';
import {
  type FieldError,
  immutable,
  invalid,
  invalidAll,
  nonNegative,
  notSupported,
  required,
  shown,
  shownMap,
  shownMember,
  tooLong,
} from './errors.ts';
import { podFailurePolicy, successPolicy } from './job-policies.ts';
import { labelSelector, selects } from './labels.ts';
import { dnsLabel, dnsSubdomain } from './names.ts';
import { endingPodTemplate } from './pod-template.ts';

const indexedParallelismMax = 100_000;
const manyCompletions = 100_000;
const manyIndexesMax = 10_000;
const managedByBytesMax = 63;

export function validateJob(job: Job, old?: Job): FieldError[] {
  return [...generatedSelector(job, old), ...jobSpec(job.spec, 'spec'), ...selector(job.spec), ...hostnames(job)];
}

/** A job's spec as it stands in a template too, that is without a selector. */
export function jobSpec(spec: JobSpec, field: string): FieldError[] {
  return [
    ...(['parallelism', 'completions', 'activeDeadlineSeconds', 'backoffLimit', 'ttlSecondsAfterFinished'] as const).flatMap((key) =>
      nonNegative(`${field}.${key}`, spec[key]),
    ),
    ...(['backoffLimitPerIndex', 'maxFailedIndexes'] as const).flatMap((key) => nonNegative(`${field}.${key}`, spec[key])),
    ...managedBy(spec, `${field}.managedBy`),
    ...completionMode(spec, field),
    ...podFailurePolicy(spec, `${field}.podFailurePolicy`),
    ...successPolicy(spec, `${field}.successPolicy`),
    ...endingPodTemplate(spec.template, `${field}.template`),
    ...restartPolicy(spec, `${field}.template.spec.restartPolicy`),
    ...replacementPolicy(spec, `${field}.podReplacementPolicy`),
  ];
}

/** @param old one whose pods were never labelled with prefixes need not begin to */
function generatedSelector(job: Job, old?: Job): FieldError[] {
  const { spec, metadata } = job;
  if (spec.manualSelector || !spec.selector) return [];
  const expected = jobLabels(job);
  const given = spec.template?.metadata?.labels ?? {};
  const errors: FieldError[] = metadata.uid ? [] : [required('metadata.uid')];
  const isPrefixed = ({ spec: { template } }: Job) =>
    Object.keys(expected).every((key) => !isPrefix(key) || template?.metadata?.labels?.[key] !== undefined);
  const needsPrefixes = !old || isPrefixed(old);
  for (const [key, value] of Object.entries(expected)) {
    if (isPrefix(key) && !needsPrefixes) continue;
    const field = `spec.template.metadata.labels[${key}]`;
    if (!Object.hasOwn(given, key)) errors.push(required(field, `must be '${value}'`));
    else if (given[key] !== value) errors.push(invalid(field, shownMap(given), `must be '${value}'`));
  }
  if (labelSelector(spec.selector, 'spec.selector').length === 0 && !selects(spec.selector, expected))
    errors.push(invalid('spec.selector', shown('meta.v1.LabelSelector', spec.selector), '`selector` not auto-generated'));
  return errors;
}

function isPrefix(key: string): boolean {
  return key.startsWith('batch.kubernetes.io/');
}

function selector({ selector: given, template }: JobSpec): FieldError[] {
  const labels = template?.metadata?.labels;
  const errors = given ? labelSelector(given, 'spec.selector') : [required('spec.selector')];
  if (given && (errors.length > 0 || selects(given, labels))) return errors;
  return [
    ...errors,
    invalid('spec.template.metadata.labels', shownMember(template?.metadata, 'labels'), '`selector` does not match template `labels`'),
  ];
}

/** Pods of an indexed job are named after it, and their names are hostnames. */
function hostnames({ metadata, spec }: Job): FieldError[] {
  if (spec.completionMode !== 'Indexed' || !spec.completions) return [];
  const last = `${metadata.name}-${spec.completions - 1}`;
  if (dnsLabel(last).length === 0) return [];
  return [invalid('metadata.name', metadata.name, `will not able to create pod with invalid DNS label: ${last}`)];
}

function managedBy({ managedBy: name }: JobSpec, field: string): FieldError[] {
  if (name === undefined) return [];
  return [...domainPrefixedPath(field, name), ...(name.length > managedByBytesMax ? [tooLong(field, managedByBytesMax)] : [])];
}

/** `acme.io/foo`: what stands before the first slash is a domain, and what comes after it may stand in a URL. */
function domainPrefixedPath(field: string, name: string): FieldError[] {
  if (name === '') return [required(field)];
  const slash = name.indexOf('/');
  const [domain, path] = [name.slice(0, slash), name.slice(slash + 1)];
  if (slash < 1 || path === '') return [invalid(field, name, 'must be a domain-prefixed path (such as "acme.io/foo")')];
  const errors = invalidAll(field, domain, dnsSubdomain(domain));
  return isUrlPath(path) ? errors : [...errors, invalid(field, path, urlPathRule)];
}

const urlPath = "[A-Za-z0-9/\\-._~%!$&'()*+,;=:]+";
const urlPathRule = `Invalid path (regex used for validation is '${urlPath}')`;

function isUrlPath(path: string): boolean {
  return new RegExp(`^${urlPath}$`).test(path);
}

function completionMode(spec: JobSpec, field: string): FieldError[] {
  const { completionMode: mode, completions, parallelism, backoffLimitPerIndex, maxFailedIndexes } = spec;
  const errors: FieldError[] = [];
  if (mode !== undefined && mode !== 'NonIndexed' && mode !== 'Indexed') {
    errors.push(notSupported(`${field}.completionMode`, mode, ['NonIndexed', 'Indexed']));
  }
  if (mode === 'Indexed') {
    if (completions === undefined) errors.push(required(`${field}.completions`, 'when completion mode is Indexed'));
    const tooWide = `must be less than or equal to ${indexedParallelismMax} when completion mode is Indexed`;
    if ((parallelism ?? 0) > indexedParallelismMax) errors.push(invalid(`${field}.parallelism`, parallelism, tooWide));
    errors.push(...failedIndexes(spec, field));
  }
  if (mode === undefined || mode === 'NonIndexed') {
    if (backoffLimitPerIndex !== undefined) {
      errors.push(invalid(`${field}.backoffLimitPerIndex`, backoffLimitPerIndex, 'requires indexed completion mode'));
    }
    if (maxFailedIndexes !== undefined) {
      errors.push(invalid(`${field}.maxFailedIndexes`, maxFailedIndexes, 'requires indexed completion mode'));
    }
  }
  if (maxFailedIndexes !== undefined && backoffLimitPerIndex === undefined) {
    errors.push(required(`${field}.backoffLimitPerIndex`, 'when maxFailedIndexes is specified'));
  }
  return errors;
}

/** How many indexes may fail: beyond what is tracked well, fewer. */
function failedIndexes({ completions, parallelism, backoffLimitPerIndex, maxFailedIndexes: failed }: JobSpec, field: string): FieldError[] {
  const errors: FieldError[] = [];
  const path = `${field}.maxFailedIndexes`;
  if (completions !== undefined && failed !== undefined && failed > completions)
    errors.push(invalid(path, failed, 'must be less than or equal to completions'));
  if (failed !== undefined && failed > manyCompletions)
    errors.push(invalid(path, failed, `must be less than or equal to ${manyCompletions}`));
  if ((completions ?? 0) <= manyCompletions || backoffLimitPerIndex === undefined) return errors;
  const rule = `must be less than or equal to ${manyIndexesMax} when completions are above ${manyCompletions} and used with backoff limit per index`;
  if (failed === undefined) errors.push(required(path, `must be specified when completions is above ${manyCompletions}`));
  if ((parallelism ?? 0) > manyIndexesMax) errors.push(invalid(`${field}.parallelism`, parallelism, rule));
  if ((failed ?? 0) > manyIndexesMax) errors.push(invalid(path, failed, rule));
  return errors;
}

/** What any job may not have is refused elsewhere. */
function restartPolicy(spec: JobSpec, field: string): FieldError[] {
  const policy = spec.template?.spec?.restartPolicy;
  if (!spec.podFailurePolicy || policy !== 'OnFailure') return [];
  return [invalid(field, policy, 'only "Never" is supported when podFailurePolicy is specified')];
}

function replacementPolicy({ podReplacementPolicy: policy, podFailurePolicy: failures }: JobSpec, field: string): FieldError[] {
  if (policy === undefined) return [];
  const supported = failures ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  return supported.includes(policy) ? [] : [notSupported(field, policy, supported)];
}

const immutableFields = ['selector', 'completionMode', 'podFailurePolicy', 'backoffLimitPerIndex', 'managedBy', 'successPolicy'] as const;

/** As Kubernetes shows it. */
function shownField(spec: JobSpec, key: (typeof immutableFields)[number]): unknown {
  const type = schemas.message('batch.v1.JobSpec').byName.get(key)?.schema;
  return type?.kind === 'message' ? asGoStruct(type.message, spec[key]) : spec[key];
}

export function validateJobUpdate(next: Job, old: Job): FieldError[] {
  const errors = completionsUpdate(next.spec, old.spec);
  for (const key of immutableFields) {
    const [given, was] = [next.spec[key], old.spec[key]];
    // An empty text differs from none where Go has a pointer.
    if (!isEqual(given, was) || (given === undefined) !== (was === undefined))
      errors.push(invalid(`spec.${key}`, shownField(next.spec, key), immutable));
  }
  // Before it first starts, a suspended job may still be told where to run.
  const isMovable = old.spec.suspend === true && old.status?.startTime === undefined;
  const [after, before] = isMovable ? [placed(next.spec), placed(old.spec)] : [next.spec.template, old.spec.template];
  if (!isSame('core.v1.PodTemplateSpec', after, before))
    errors.push(invalid('spec.template', shown('core.v1.PodTemplateSpec', next.spec.template), immutable));
  return errors;
}

/** An indexed job may grow and shrink as long as all its indexes run at once. */
function completionsUpdate(next: JobSpec, old: JobSpec): FieldError[] {
  if (next.completions === old.completions) return [];
  if (next.completionMode === 'Indexed' && next.completions === undefined) return [];
  if (next.completionMode !== 'Indexed') {
    return [invalid('spec.completions', next.completions, immutable)];
  }
  if (next.completions === next.parallelism) return [];
  return [invalid('spec.completions', next.completions, 'can only be modified in tandem with spec.parallelism')];
}

/** The template without what says where its pods go. */
function placed({ template }: JobSpec): JobSpec['template'] {
  const { labels: _labels, annotations: _annotations, ...metadata } = template.metadata ?? {};
  if (!template.spec) return { ...template, metadata };
  const { affinity: _affinity, nodeSelector: _selector, tolerations: _tolerations, schedulingGates: _gates, ...spec } = template.spec;
  return { metadata, spec };
}
