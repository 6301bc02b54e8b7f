// DaemonSets, and the revisions that they and stateful sets keep.
import { deepEqual, isRecord } from '@berth/machinery';
import type { ControllerRevision, DaemonSet } from '../generated/apps-v1.types.ts';
import { type FieldError, immutable, invalid, nonNegative, notSupported, required, shown } from './errors.ts';
import { intOrPercent, isZero, notMoreThanAll, selectorAndTemplate } from './workloads.ts';

export function validateDaemonSetSpec({ spec }: DaemonSet): FieldError[] {
  const { type, rollingUpdate } = spec.updateStrategy ?? {};
  const path = 'spec.updateStrategy';
  const errors = [
    ...selectorAndTemplate(spec.selector, spec.template, 'DaemonSet'),
    ...nonNegative('spec.minReadySeconds', spec.minReadySeconds),
    ...nonNegative('spec.revisionHistoryLimit', spec.revisionHistoryLimit),
  ];
  if (type === 'OnDelete') return errors;
  if (type !== 'RollingUpdate')
    return [...errors, notSupported(path, shown('apps.v1.DaemonSetUpdateStrategy', spec.updateStrategy), ['RollingUpdate', 'OnDelete'])];
  if (!rollingUpdate) return [...errors, required(`${path}.rollingUpdate`)];
  const { maxUnavailable, maxSurge } = rollingUpdate;
  errors.push(...intOrPercent(maxUnavailable, `${path}.rollingUpdate.maxUnavailable`));
  errors.push(...intOrPercent(maxSurge, `${path}.rollingUpdate.maxSurge`));
  errors.push(...notMoreThanAll(maxUnavailable, `${path}.rollingUpdate.maxUnavailable`));
  errors.push(...notMoreThanAll(maxSurge, `${path}.rollingUpdate.maxSurge`));
  const [hasUnavailable, hasSurge] = [!isZero(maxUnavailable ?? 0), !isZero(maxSurge ?? 0)];
  if (hasUnavailable && hasSurge) {
    errors.push(invalid(`${path}.rollingUpdate.maxSurge`, maxSurge, 'may not be set when maxUnavailable is non-zero'));
  }
  if (!hasUnavailable && !hasSurge) {
    errors.push({ ...required(`${path}.rollingUpdate.maxUnavailable`), detail: 'cannot be 0 when maxSurge is 0' });
  }
  return errors;
}

export function validateControllerRevision({ data, revision }: ControllerRevision, old?: ControllerRevision): FieldError[] {
  const errors = nonNegative('revision', revision);
  // Of another revision the data cannot become anything anyhow.
  if (old) return errors;
  if (data === undefined || data === null) errors.push(required('data', 'data is mandatory'));
  else if (!isRecord(data)) errors.push(required('data', 'data must be a valid JSON object'));
  return errors;
}

export function validateControllerRevisionUpdate(next: ControllerRevision, old: ControllerRevision): FieldError[] {
  return deepEqual(next.data, old.data) ? [] : [invalid('data', next.data ?? null, immutable)];
}
