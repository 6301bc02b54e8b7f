// What controllers say that they write is held against what there is: a name that is misspelt would forbid what it is to allow.
import { kinds } from '@berth/api';
import { groupResourceOf } from '@berth/machinery';
import { systemClock } from '@berth/telemetry';
import { expect, test } from 'vitest';
import { controllersFor } from './controllers.ts';
import { AttendedTime } from './nodes/attended-time.ts';

/** Of groups that Berth defines with CustomResourceDefinitions of its own. */
const defined = /^\w+\.(snapshot\.storage\.k8s\.io|build\.berth\.io)$/;

test('every kind and subresource that a controller says it writes is there', () => {
  const attendance = new AttendedTime(systemClock, async () => {});
  const controllers = controllersFor({ caCertificate: 'x', attendance, timeZone: 'UTC', usages: () => undefined });
  const byName = new Map(kinds.map((kind) => [groupResourceOf(kind), kind]));
  const unknown = controllers.flatMap(({ name, writes }) =>
    writes
      .filter((written) => {
        const [resource = '', subresource] = written.split('/');
        return !(written === '*' || defined.test(resource) || (byName.has(resource) && (!subresource || subresource === 'status')));
      })
      .map((written) => `${name}: ${written}`),
  );
  expect(unknown).toEqual([]);
});
