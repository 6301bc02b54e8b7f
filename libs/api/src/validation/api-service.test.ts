import { deepClone } from '@berth/machinery';
import { expect, test } from 'vitest';
import { APIService } from '../kinds/api-service.ts';

const remote = (change: Partial<APIService['spec']> = {}, name = 'v1.shop.example.com'): APIService => ({
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  metadata: { name, creationTimestamp: '2026-01-01T00:00:00Z' },
  spec: {
    group: 'shop.example.com',
    version: 'v1',
    groupPriorityMinimum: 1000,
    versionPriority: 15,
    service: { namespace: 'shop', name: 'api' },
    ...change,
  },
});

function errorsOf(object: APIService): string[] {
  const made = deepClone(object);
  APIService.defaults(made);
  return APIService.validate(made).map(({ type, field, detail }) => `${type} ${field}${detail ? `: ${detail}` : ''}`);
}

test('a service that answers is reached by HTTPS unless it says otherwise', () => {
  const made = remote();
  APIService.defaults(made);
  expect(made.spec.service?.port).toBe(443);
  expect(APIService.validate(made)).toEqual([]);
  const local = remote({ service: undefined });
  APIService.defaults(local);
  expect(local.spec.service).toBeUndefined();
});

test('its name is its version and group, as Kubernetes says', () => {
  expect(errorsOf(remote({}, 'v2.shop.example.com'))).toEqual([
    'Invalid metadata.name: must be `spec.version+"."+spec.group`: "v1.shop.example.com"',
  ]);
  expect(errorsOf(remote({ group: '', version: 'v2' }, 'v2.'))).toEqual([
    'Required spec.group: only v1 may have an empty group and it better be legacy kube',
  ]);
  expect(errorsOf(remote({ group: '' }, 'v1.'))).toEqual([]);
  expect(errorsOf(remote({ group: 'Shop', version: '1' }, '1.Shop')).map((line) => line.split(':')[0])).toEqual([
    'Invalid spec.group',
    'Invalid spec.version',
  ]);
});

test('priorities are in bounds', () => {
  expect(errorsOf(remote({ groupPriorityMinimum: 20_001, versionPriority: 0 }))).toEqual([
    'Invalid spec.groupPriorityMinimum: must be positive and less than 20000',
    'Invalid spec.versionPriority: must be positive and less than 1000',
  ]);
  expect(errorsOf(remote({ groupPriorityMinimum: 20_000, versionPriority: 1000 }))).toEqual([]);
});

test('who is dialled is named in full, and trusted in one way', () => {
  expect(errorsOf(remote({ service: { port: 70_000 } }))).toEqual([
    'Required spec.service.namespace',
    'Required spec.service.name',
    'Invalid spec.service.port: port is not valid: must be between 1 and 65535, inclusive',
  ]);
  expect(errorsOf(remote({ insecureSkipTLSVerify: true, caBundle: 'YWJj' }))).toEqual([
    'Invalid spec.insecureSkipTLSVerify: may not be true if caBundle is present',
  ]);
  expect(errorsOf(remote({ service: undefined, caBundle: 'YWJj', insecureSkipTLSVerify: true }))).toEqual([
    'Invalid spec.caBundle: local APIServices may not have a caBundle',
    'Invalid spec.insecureSkipTLSVerify: local APIServices may not have insecureSkipTLSVerify',
  ]);
  const local = remote({ service: undefined, caBundle: 'YWJjZA==' });
  expect(APIService.validate(local).map(({ value }) => value)).toEqual(['4 bytes']);
});

test('a local one is available from the start, and a condition is true, false or unknown', () => {
  const local = remote({ service: undefined });
  APIService.strategy.prepareForCreate?.(local, '2020-01-02T03:04:05Z');
  expect(local.status?.conditions).toEqual([
    {
      type: 'Available',
      status: 'True',
      lastTransitionTime: '2026-01-01T00:00:00Z',
      reason: 'Local',
      message: 'Local APIServices are always available',
    },
  ]);
  const far = remote();
  APIService.strategy.prepareForCreate?.(far, '2020-01-02T03:04:05Z');
  expect(far.status).toBeUndefined();
  far.status = { conditions: [{ type: 'Available', status: 'Perhaps' }] };
  expect(APIService.validateStatusUpdate(far, far).map(({ field }) => field)).toEqual(['status.conditions[0].status']);
});

test('a table shows who answers, and why it cannot', () => {
  const shown = (object: APIService) => APIService.columns.slice(1, 3).map((column) => column.value(object, 0));
  const far = remote();
  expect(shown(far)).toEqual(['shop/api', 'Unknown']);
  far.status = { conditions: [{ type: 'Available', status: 'False', reason: 'ServiceNotFound' }] };
  expect(shown(far)).toEqual(['shop/api', 'False (ServiceNotFound)']);
  const local = remote({ service: undefined });
  APIService.strategy.prepareForCreate?.(local, '2020-01-02T03:04:05Z');
  expect(shown(local)).toEqual(['Local', 'True']);
});
