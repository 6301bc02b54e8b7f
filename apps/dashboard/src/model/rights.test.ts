import { expect, test } from 'vitest';
import { namedNamespaces } from './rights.ts';

test('namespaces are those that rules of namespaces name, and of rules for all of them none', () => {
  const rule = { verbs: ['get'], apiGroups: [''], resources: ['namespaces'] };
  expect(
    namedNamespaces([
      { ...rule, resourceNames: ['shop', 'billing'] },
      { ...rule, verbs: ['*'], apiGroups: ['*'], resourceNames: ['shop'] },
      { ...rule, verbs: ['delete'], resourceNames: ['old'] },
      { ...rule, resources: ['pods'], resourceNames: ['web'] },
      { ...rule, apiGroups: ['example.com'], resourceNames: ['other'] },
      rule,
    ]),
  ).toEqual(['billing', 'shop']);
  expect(namedNamespaces([{}])).toEqual([]);
});
