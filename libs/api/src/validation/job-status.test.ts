// Statuses of jobs as kube-apiserver 1.35.4 takes and refuses them.
import { fieldMessage } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import type { Job, JobSpec, JobStatus } from '../generated/batch-v1.types.ts';
import { validateJobStatus } from './job-status.ts';

const at = (second: number) => `2026-01-02T03:04:0${second}Z`;
const conditions = (...types: string[]) => ({ conditions: types.map((type) => ({ type, status: 'True' })) });

function job(status: JobStatus, spec: Partial<JobSpec> = {}): Job {
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name: 'a' }, spec: { template: {}, ...spec }, status } as Job;
}

function wrong(status: JobStatus, old: JobStatus = {}, spec: Partial<JobSpec> = {}): string[] {
  return validateJobStatus(job(status, spec), job(old, spec)).map((error) => `${error.field}: ${fieldMessage(error)}`);
}

test('ready pods are active ones', () => {
  expect(wrong({ ready: 2, active: 1 })).toEqual(['status.ready: Invalid value: 2: cannot set more ready pods than active']);
  expect(wrong({ ready: 2, active: 1, failed: 1 }, { ready: 2, active: 1 })).toEqual([]);
});

describe('a job that ends', () => {
  const complete = { ...conditions('SuccessCriteriaMet', 'Complete'), startTime: at(1), completionTime: at(2) };

  test('says when, and why', () => {
    expect(wrong(complete)).toEqual([]);
    expect(wrong(conditions('Complete'))).toEqual([
      'status.conditions: Invalid value: cannot set Complete=True condition without the SuccessCriteriaMet=true condition',
      'status.completionTime: Required value: completionTime is required for Complete jobs',
      'status.startTime: Required value: startTime is required for finished job',
    ]);
    expect(wrong({ ...conditions('Failed'), startTime: at(1), active: 1, terminating: 2 })).toEqual([
      'status.conditions: Invalid value: cannot set Failed=True condition without the FailureTarget=true condition',
      'status.active: Invalid value: 1: active>0 is invalid for finished job',
      'status.terminating: Invalid value: 2: terminating>0 is invalid for finished job',
    ]);
    expect(wrong({ ...complete, completionTime: at(0) })).toEqual([
      `status.completionTime: Invalid value: "${at(0)}": must be equal to or after \`startTime\``,
    ]);
    expect(wrong({ ...complete, uncountedTerminatedPods: { failed: ['a'] } })).toEqual([
      'status.uncountedTerminatedPods: Invalid value: {"failed":["a"]}: must be empty for finished job',
    ]);
  });

  test('stays as it is', () => {
    expect(wrong({ ...complete, completionTime: at(3) }, complete)).toEqual([
      `status.completionTime: Invalid value: "${at(3)}": field is immutable`,
    ]);
    expect(wrong({ startTime: at(1) }, { ...complete })).toEqual([
      'status.conditions: Invalid value: cannot disable the terminal Complete=True condition',
      'status.conditions: Invalid value: cannot disable the SuccessCriteriaMet=True condition',
    ]);
    expect(wrong({ failed: 1, succeeded: 1 }, { failed: 2, succeeded: 2 })).toEqual([
      'status.failed: Invalid value: 1: cannot decrease the failed counter',
      'status.succeeded: Invalid value: 1: cannot decrease the succeeded counter',
    ]);
    expect(wrong({}, { startTime: at(1) })).toEqual(['status.startTime: Required value: startTime cannot be removed for unsuspended job']);
    expect(wrong({}, { startTime: at(1) }, { suspend: true })).toEqual([]);
  });
});

test('indexes are in order, within bounds, and either completed or failed', () => {
  const indexed: Partial<JobSpec> = { completionMode: 'Indexed', completions: 5, backoffLimitPerIndex: 1 };
  expect(wrong({ completedIndexes: '0,2-3', failedIndexes: '1,4' }, {}, indexed)).toEqual([]);
  expect(wrong({ completedIndexes: '0,2-3', failedIndexes: '3-4' }, {}, indexed)).toEqual([
    'status.failedIndexes: Invalid value: "3-4": failedIndexes and completedIndexes overlap at index: 3',
  ]);
  expect(wrong({ completedIndexes: '7' }, {}, indexed)).toEqual([
    'status.completedIndexes: Invalid value: "7": error parsing completedIndexes: too large index: "7"',
  ]);
  expect(wrong({ completedIndexes: '0', failedIndexes: '' })).toEqual([
    'status.completedIndexes: Invalid value: "0": cannot set non-empty completedIndexes when non-indexed completion mode',
    'status.failedIndexes: Invalid value: "": cannot set non-null failedIndexes when backoffLimitPerIndex is null',
  ]);
});
