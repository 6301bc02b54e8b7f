import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { htmlLinks } from './html-links.ts';
import { rewrittenLink } from './link-rewriting.ts';

const page = { base: '/api/v1/namespaces/n/pods/p/proxy', farHost: '10.0.0.1:80', askedHost: 'localhost:8001' };
const there = `${page.base}/x`;

/** In pieces of so many bytes. */
async function passed(html: string | Buffer, bytes = 1_000_000): Promise<string> {
  const whole = Buffer.from(html as string);
  const pieces = Array.from({ length: Math.ceil(whole.length / bytes) }, (_, index) => whole.subarray(index * bytes, (index + 1) * bytes));
  const out = Readable.from(pieces).pipe(htmlLinks((link) => rewrittenLink(link, page)));
  return (await buffer(out)).toString('utf8');
}

test.each([
  ['/x', there],
  ['/x/', `${there}/`],
  ['/', `${page.base}/`],
  ['/x?a=/b#/c', `${there}?a=/b#/c`],
  ['/a//b/../../x', there],
  ['/../../x', there],
  ['http://10.0.0.1:80/x', there],
  ['//10.0.0.1:80/x', there],
  ['http://localhost:8001/x', `http://localhost:8001${there}`],
  [`http://10.0.0.1:80${there}`, there],
  [there, there],
])('%s leads through the proxy', (link, rewritten) => {
  expect(rewrittenLink(link, page)).toBe(rewritten);
});

test.each([
  'x',
  './x',
  '../x',
  '?a',
  '#a',
  '',
  'mailto:a@b',
  'javascript:x()',
  'http://10.0.0.1/x',
  'https://example.com/x',
  '//example.com/x',
  'data:,/x',
])('%s stays', (link) => expect(rewrittenLink(link, page)).toBe(link));

test.each([
  ['<a href="/x">y</a>', `<a href="${there}">y</a>`],
  ["<A class=b HREF='/x'>", `<A class=b HREF="${there}">`],
  ['<a href=/x>', `<a href="${there}">`],
  ['<a href = "/x" >', `<a href = "${there}" >`],
  ['<img src="/x" longdesc="/x">', `<img src="${there}" longdesc="${there}">`],
  ['<a title="a > b" href="/x">', `<a title="a > b" href="${there}">`],
  ['<a href="/x?a&amp;b">', `<a href="${there}?a&amp;b">`],
  ['<form action="/x"><input formaction="/x">', `<form action="${there}"><input formaction="${there}">`],
  [
    '<script src="/x">var a = \'<a href="/x">\'</script><a href="/x">',
    `<script src="${there}">var a = '<a href="/x">'</script><a href="${there}">`,
  ],
  ['<!-- <a href="/x"> --><a href="/x">', `<!-- <a href="/x"> --><a href="${there}">`],
])('%s', async (html, rewritten) => {
  for (const bytes of [1, 2, 3, 7, 1000]) expect(await passed(html, bytes)).toBe(rewritten);
});

test.each([
  ...[
    '<a href="x">',
    '<a title="/x">',
    '<p href="/x">',
    'a < b /x > c',
    '<',
    '<a',
    '<a href="/x',
    '<!-',
    '<!-- <a href="/x">',
    '</a href="/x">',
  ],
  ...['<textarea><a href="/x"></textarea>', '<constructor href="/x">', '<a data-href="/x">', '<style>a > b {}</style>'],
])('%s stays as it is', async (html) => {
  for (const bytes of [1, 5, 1000]) expect(await passed(html, bytes)).toBe(html);
});

test('every byte but links stays, however a page is cut', async () => {
  const part = fc.constantFrom('<', '>', '"', "'", '=', ' ', '<a ', 'href', '/y', '<!--', '-->', '<script', '</script', 'é', '\n');
  await fc.assert(
    fc.asyncProperty(fc.array(part, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), async (parts, bytes) => {
      const html = parts.join('');
      const whole = await passed(html);
      expect(await passed(html, bytes)).toBe(whole);
      // A link's value may change, and its quotes.
      const bare = (text: string) => text.replaceAll(page.base, '').replaceAll(/["']/g, '');
      expect(bare(whole)).toBe(bare(html));
    }),
  );
});

test('a tag without end takes bounded memory and passes', async () => {
  const html = `<a ${'x'.repeat(300_000)}`;
  const links = htmlLinks((link) => link);
  let out = 0;
  links.on('data', (chunk: Buffer) => {
    out += chunk.length;
  });
  links.write(html);
  expect(html.length - out).toBeLessThan(70_000);
  links.end();
});
