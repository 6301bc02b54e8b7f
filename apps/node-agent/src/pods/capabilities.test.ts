import { expect, test } from 'vitest';
import { missingCapabilities, nodeCapabilities } from './capabilities.ts';

test('names what the node lacks, however the pod spells it', () => {
  const available = new Set(['NET_ADMIN', 'CHOWN']);
  expect(missingCapabilities(['NET_ADMIN', 'cap_chown', 'ALL'], available)).toEqual([]);
  expect(missingCapabilities(['SYS_TIME', 'CAP_IMAGINARY'], available)).toEqual(['CAP_SYS_TIME', 'CAP_IMAGINARY']);
});

test('reads the bounding set of this machine', () => {
  expect(nodeCapabilities().has('CHOWN')).toBe(true);
});
