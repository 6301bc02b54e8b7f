// Messages that people and programs match on, word for word.
import { expect, it, test } from 'vitest';
import type { FieldError } from './kind.ts';
import { fieldMessage, isReason, StatusError } from './status.ts';

const pods = { group: '', plural: 'pods' };
const deployments = { group: 'apps', plural: 'deployments' };

it.each([
  [StatusError.notFound(pods, 'web'), 404, 'NotFound', 'pods "web" not found'],
  [StatusError.notFound(deployments, 'web'), 404, 'NotFound', 'deployments.apps "web" not found'],
  [StatusError.alreadyExists(pods, 'web'), 409, 'AlreadyExists', 'pods "web" already exists'],
  [
    StatusError.conflict(pods, 'web', 'the object has been modified; please apply your changes to the latest version and try again'),
    409,
    'Conflict',
    'Operation cannot be fulfilled on pods "web": the object has been modified; please apply your changes to the latest version and try again',
  ],
  [StatusError.forbidden(pods, 'web', 'no'), 403, 'Forbidden', 'pods "web" is forbidden: no'],
  [StatusError.forbidden(pods, '', 'no'), 403, 'Forbidden', 'pods is forbidden: no'],
  [StatusError.unauthorized(), 401, 'Unauthorized', 'Unauthorized'],
  [StatusError.internal('x'), 500, 'InternalError', 'Internal error occurred: x'],
])('%s', (error, code, reason, message) => {
  expect([error.code, error.reason, error.message]).toEqual([code, reason, message]);
  expect(error.status).toMatchObject({ kind: 'Status', apiVersion: 'v1', status: 'Failure', message, reason, code });
  expect(StatusError.from(error.status).status).toEqual(error.status);
  expect(isReason(error, reason)).toBe(true);
});

test('in what is shown of an object, nothing could be taken for markup', () => {
  const shown = (value: unknown) => fieldMessage({ type: 'Invalid', field: 'a', value, detail: 'no <b>' });
  expect(shown({ rule: 'a > 1 && b' })).toBe(String.raw`Invalid value: {"rule":"a \u003e 1 \u0026\u0026 b"}: no <b>`);
  expect(shown('a > 1')).toBe('Invalid value: "a > 1": no <b>');
});

test('invalid objects name every field, one without brackets and several within', () => {
  const errors: FieldError[] = [
    { type: 'Required', field: 'spec.containers[0].image', detail: '' },
    { type: 'Invalid', field: 'spec.replicas', value: -1, detail: 'must be greater than or equal to 0' },
    { type: 'NotSupported', field: 'spec.restartPolicy', value: 'Often', detail: 'supported values: "Always", "Never"' },
    { type: 'Forbidden', field: 'spec', detail: 'field is immutable' },
  ];
  const one = StatusError.invalid({ group: '', kind: 'Pod' }, 'web', errors.slice(0, 1));
  expect(one.message).toBe('Pod "web" is invalid: spec.containers[0].image: Required value');
  const several = StatusError.invalid({ group: 'apps', kind: 'Deployment' }, 'web', errors);
  expect(several.message).toBe(
    'Deployment.apps "web" is invalid: [spec.containers[0].image: Required value, ' +
      'spec.replicas: Invalid value: -1: must be greater than or equal to 0, ' +
      'spec.restartPolicy: Unsupported value: "Often": supported values: "Always", "Never", spec: Forbidden: field is immutable]',
  );
  expect(several.status.details).toMatchObject({
    name: 'web',
    group: 'apps',
    kind: 'Deployment',
    causes: [
      { reason: 'FieldValueRequired', message: 'Required value', field: 'spec.containers[0].image' },
      { reason: 'FieldValueInvalid', message: 'Invalid value: -1: must be greater than or equal to 0', field: 'spec.replicas' },
      { reason: 'FieldValueNotSupported' },
      { reason: 'FieldValueForbidden' },
    ],
  });
});
