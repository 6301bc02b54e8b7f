// Which values are the same to Go: by their type, and without one.
import { expect, test } from 'vitest';
import { isEqual, isSame } from './changes.ts';

test('what is pointed at differs from what is not there, and a list of one empty item from none', () => {
  expect(isSame('core.v1.PodSpec', { hostUsers: false }, {})).toBe(false);
  expect(isSame('core.v1.PodSpec', { hostNetwork: false, tolerations: [], nodeSelector: {} }, {})).toBe(true);
  expect(isSame('core.v1.PodSpec', { tolerations: [{}] }, {})).toBe(false);
  expect(isSame('core.v1.PodSpec', { securityContext: {} }, {})).toBe(false);
  expect(isSame('core.v1.PodSpec', { nodeSelector: { a: '' } }, { nodeSelector: { b: '' } })).toBe(false);
  expect(isEqual({ hostUsers: false }, {})).toBe(true);
});
