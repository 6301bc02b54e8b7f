import { expect, test } from 'vitest';
import { indexed, search } from './search.ts';

const entry = (kind: string, namespace: string | undefined, name: string, more = '') =>
  indexed({ kind, namespace, name, href: `#/${kind}/${name}`, more });
const all = [
  entry('Pod', 'shop', 'web-1', 'app=web'),
  entry('Deployment', 'shop', 'web'),
  entry('Deployment', 'blog', 'web'),
  entry('Pod', 'shop', 'cobweb-1'),
  entry('Pod', 'web', 'x'),
  entry('Secret', 'shop', 'key', 'owner=webmaster'),
  entry('Page', undefined, 'Pods'),
];
const names = (text: string, max = 10) => search(all, text, max).entries.map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`);

test('what is called so comes first, then what begins so, then the rest', () => {
  expect(names('web')).toEqual([
    'Deployment shop/web',
    'Deployment blog/web',
    'Pod shop/web-1',
    'Pod shop/cobweb-1',
    'Pod web/x',
    'Secret shop/key',
  ]);
});

test('all words must be found, in any case and order', () => {
  expect(names('DEPLOY shop')).toEqual(['Deployment shop/web']);
  expect(names('shop/web depl')).toEqual(['Deployment shop/web']);
  expect(names('app=web')).toEqual(['Pod shop/web-1']);
  expect(names('web nothing')).toEqual([]);
  expect(names('   ')).toEqual([]);
});

test('what is not shown is counted', () => {
  expect(search(all, 'web', 2)).toMatchObject({ more: 4 });
});
