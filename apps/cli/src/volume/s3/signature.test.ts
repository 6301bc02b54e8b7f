// Amazon's published examples ("Signature Calculations for the Authorization Header", section "Examples").
import { expect, test } from 'vitest';
import { sha256, signedHeaders, uriEncoded } from './signature.ts';

const credentials = { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
const host = 'examplebucket.s3.amazonaws.com';
const atMs = Date.UTC(2013, 4, 24);
const nothing = sha256('');

test.each([
  [
    { method: 'GET', path: '/test.txt', query: {}, headers: { range: 'bytes=0-9' }, bodyDigest: nothing },
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    {
      ...{ method: 'PUT', path: '/test$file.text', query: {}, bodyDigest: sha256('Welcome to Amazon S3.') },
      headers: { date: 'Fri, 24 May 2013 00:00:00 GMT', 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
    },
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  ],
  [
    { method: 'GET', path: '/', query: { lifecycle: '' }, headers: {}, bodyDigest: nothing },
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ],
  [
    { method: 'GET', path: '/', query: { prefix: 'J', 'max-keys': '2' }, headers: {}, bodyDigest: nothing },
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
])('%j', (request, signature) => {
  expect(signedHeaders({ ...request, host }, credentials, 'us-east-1', atMs).authorization).toContain(`Signature=${signature}`);
});

test('what is no plain letter is escaped byte by byte, slashes of paths aside', () => {
  expect(uriEncoded("a/b ä+*'()!~", '/')).toBe('a/b%20%C3%A4%2B%2A%27%28%29%21~');
  expect(uriEncoded('a/b')).toBe('a%2Fb');
});

test('a session token is signed too', () => {
  const request = { method: 'GET', host, path: '/', query: {}, headers: {}, bodyDigest: nothing };
  const headers = signedHeaders(request, { ...credentials, sessionToken: 't' }, 'eu-west-1', atMs);
  expect(headers).toMatchObject({ 'x-amz-security-token': 't', 'x-amz-date': '20130524T000000Z' });
  expect(headers.authorization).toContain(
    '/20130524/eu-west-1/s3/aws4_request, SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token',
  );
});
