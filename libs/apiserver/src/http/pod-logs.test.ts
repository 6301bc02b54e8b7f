import { StatusError } from '@berth/machinery';
import { expect, test } from 'vitest';
import { checkLogOptions } from '../core/subresources/pod-log.ts';
import { logOptions } from './pod-logs.ts';

function refusal(query: string): StatusError {
  try {
    checkLogOptions(logOptions(new URLSearchParams(query)), 'web');
  } catch (error) {
    if (error instanceof StatusError) return error;
    throw error;
  }
  throw new Error(`${query} was taken`);
}

test('numbers of a log request are those of its query, and absent where it has none', () => {
  const nothing = {
    follow: false,
    previous: false,
    timestamps: false,
    tailLines: undefined,
    limitBytes: undefined,
    sinceSeconds: undefined,
  };
  expect(logOptions(new URLSearchParams())).toMatchObject({ ...nothing, sinceTime: undefined });
  expect(logOptions(new URLSearchParams('tailLines=0&limitBytes=5&follow'))).toMatchObject({
    tailLines: 0,
    limitBytes: 5,
    follow: true,
  });
});

test('what is wrong with a log request is said as kube-apiserver says it, all at once', () => {
  expect(refusal('limitBytes=x')).toMatchObject({ code: 400, message: 'strconv.ParseInt: parsing "x": invalid syntax' });
  expect(refusal('tailLines=-1&limitBytes=0&sinceSeconds=0')).toMatchObject({
    code: 422,
    message:
      'PodLogOptions "web" is invalid: [tailLines: Invalid value: -1: must be greater than or equal to 0, limitBytes: Invalid value: 0: must be greater than 0, sinceSeconds: Invalid value: 0: must be greater than 0]',
  });
  expect(refusal('sinceSeconds=1&sinceTime=2030-01-01T00:00:00Z').message).toContain(
    'Forbidden: at most one of `sinceTime` or `sinceSeconds` may be specified',
  );
});
