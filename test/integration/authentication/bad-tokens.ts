// Bearer tokens that prove nothing, each for a reason of its own, made from one that does.
import { createPublicKey, generateKeyPair, type KeyObject } from 'node:crypto';
import { promisify } from 'node:util';
import { type JWTHeaderParameters, SignJWT } from 'jose';

export interface GoodToken {
  text: string;
  /** The cluster's own signing key. */
  key: KeyObject;
}

type Claims = Record<string, unknown>;
export type BadToken = [why: string, token: string];

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
const decode = (part: string | undefined) => JSON.parse(Buffer.from(part ?? '', 'base64url').toString()) as Claims;
const generate = promisify(generateKeyPair);

function sign(header: object, claims: Claims, key: KeyObject | Uint8Array): Promise<string> {
  return new SignJWT(claims).setProtectedHeader(header as JWTHeaderParameters).sign(key);
}

export async function badTokens({ text, key }: GoodToken): Promise<BadToken[]> {
  const [head, body, signature = ''] = text.split('.');
  const [header, claims] = [decode(head), decode(body)];
  return [
    ...cut(text),
    ...bent(header, claims, signature),
    ...(await confused(header, claims, key)),
    ...(await forged(header, claims)),
    ...(await wrongClaims(header, claims, key)),
    ...(await misspelt(header, claims, key)),
    ...garbage(text),
  ];
}

function cut(text: string): BadToken[] {
  const step = Math.floor(text.length / 80);
  return Array.from({ length: 79 }, (_, index) => [`cut at ${(index + 1) * step}`, text.slice(0, (index + 1) * step)]);
}

/** Everything as it was, but for one claim, and the signature of what it was before. */
function bent(header: Claims, claims: Claims, signature: string): BadToken[] {
  const changes: [string, Claims][] = Object.keys(claims).map((name) => [name, { ...claims, [name]: name === 'exp' ? 9e9 : 'other' }]);
  changes.push(['a claim more', { ...claims, admin: true }], ['a user', { ...claims, sub: 'system:admin' }]);
  const headers: [string, Claims][] = [
    ['another kid', { ...header, kid: 'other' }],
    ['no kid', { alg: header.alg }],
    ['a type', { ...header, typ: 'x' }],
  ];
  return [
    ...changes.map(([name, changed]): BadToken => [`${name} changed`, `${encode(header)}.${encode(changed)}.${signature}`]),
    ...headers.map(([name, changed]): BadToken => [`${name} in the header`, `${encode(changed)}.${encode(claims)}.${signature}`]),
  ];
}

/** Algorithms that take a key for what it is not. */
async function confused(header: Claims, claims: Claims, key: KeyObject): Promise<BadToken[]> {
  const unsigned = ['none', 'None', 'NONE', 'nOnE', ''].flatMap((alg): BadToken[] => [
    [`alg ${alg}, unsigned`, `${encode({ ...header, alg })}.${encode(claims)}.`],
    [`alg ${alg}, without a signature's dot`, `${encode({ ...header, alg })}.${encode(claims)}`],
  ]);
  const publicKey = createPublicKey(key);
  const secrets: [string, Uint8Array][] = [
    ['the public key', Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }))],
    ['the public key in DER', publicKey.export({ type: 'spki', format: 'der' })],
    ['the public JWK', Buffer.from(JSON.stringify(publicKey.export({ format: 'jwk' })))],
    ['a word', Buffer.from('a secret that is a good many bytes long, for HS512 wants sixty-four')],
  ];
  const symmetric: BadToken[] = [];
  for (const alg of ['HS256', 'HS384', 'HS512']) {
    for (const [name, secret] of secrets) {
      const long = secret.length < 64 ? Buffer.concat([secret, Buffer.alloc(64 - secret.length)]) : secret;
      symmetric.push([`${alg} with ${name}`, await sign({ ...header, alg }, claims, long)]);
    }
  }
  return [...unsigned, ...symmetric];
}

/** Sound tokens of somebody else. */
async function forged(header: Claims, claims: Claims): Promise<BadToken[]> {
  const ec = await generate('ec', { namedCurve: 'P-256' });
  const rsa = await generate('rsa', { modulusLength: 2048 });
  const ed = await generate('ed25519');
  const jwk = createPublicKey(ec.privateKey).export({ format: 'jwk' });
  const tricks: [string, object][] = [
    ['our kid', {}],
    ['its own key in the header', { jwk }],
    ['an address of keys', { jku: 'https://127.0.0.1:1/keys' }],
    ['a path as kid', { kid: '../../../../dev/null' }],
    ['an SQL kid', { kid: "x' UNION SELECT 'key" }],
    ['a kid of a prototype', { kid: '__proto__' }],
    ['a long kid', { kid: 'k'.repeat(2_000) }],
    ['another type', { typ: 'at+jwt' }],
  ];
  const tokens: BadToken[] = [];
  for (const [name, more] of tricks)
    tokens.push([`forged, with ${name}`, await sign({ ...header, alg: 'ES256', ...more }, claims, ec.privateKey)]);
  for (const alg of ['RS256', 'PS256', 'RS512'])
    tokens.push([`forged with ${alg}`, await sign({ ...header, alg }, claims, rsa.privateKey)]);
  tokens.push(['forged with EdDSA', await sign({ ...header, alg: 'EdDSA' }, claims, ed.privateKey)]);
  return tokens;
}

/** Signed by the cluster itself, and still not to be believed. */
async function wrongClaims(header: Claims, claims: Claims, key: KeyObject): Promise<BadToken[]> {
  const own = claims['kubernetes.io'] as Claims;
  const account = own.serviceaccount as Claims;
  const nowSeconds = Math.floor(Date.now() / 1000);
  const within = (more: object) => ({ ...claims, 'kubernetes.io': { ...own, ...more } });
  const without = (name: string) => Object.fromEntries(Object.entries(claims).filter(([claim]) => claim !== name));
  const changes: [string, Claims][] = [
    ['expired an hour ago', { ...claims, exp: nowSeconds - 3600 }],
    ['expired in 1970', { ...claims, exp: 1 }],
    ['not valid yet', { ...claims, nbf: nowSeconds + 3600 }],
    ['of another issuer', { ...claims, iss: 'https://elsewhere.example' }],
    ['of an issuer that begins alike', { ...claims, iss: `${claims.iss}.evil` }],
    ['without an issuer', without('iss')],
    ['for another audience', { ...claims, aud: ['vault'] }],
    ['for no audience', { ...claims, aud: [] }],
    ['without an audience', without('aud')],
    ['without what Kubernetes says', without('kubernetes.io')],
    ['of another namespace', within({ namespace: 'kube-system' })],
    ['without a namespace', within({ namespace: undefined })],
    ['of an account that is not there', within({ serviceaccount: { ...account, name: 'nobody' } })],
    ['of an account that was made anew', within({ serviceaccount: { ...account, uid: '00000000-0000-0000-0000-000000000000' } })],
    ['without an account’s uid', within({ serviceaccount: { name: account.name } })],
    ['without an account', within({ serviceaccount: undefined })],
    ['bound to a pod that is not there', within({ pod: { name: 'none', uid: 'x' } })],
    ['bound to a secret that is not there', within({ secret: { name: 'none', uid: 'x' } })],
  ];
  const tokens: BadToken[] = [];
  for (const [name, changed] of changes) tokens.push([name, await sign(header, JSON.parse(JSON.stringify(changed)), key)]);
  return tokens;
}

/** The cluster's own tokens in alphabets that lenient decoders take for the right one. */
async function misspelt(header: Claims, claims: Claims, key: KeyObject): Promise<BadToken[]> {
  // However a run of either falls into groups of three bytes, one of them is written with a minus, or with an underscore.
  const text = await sign(header, { ...claims, note: '>>>>>?????' }, key);
  return [
    ['in the alphabet of base64', text.replaceAll('-', '+').replaceAll('_', '/')],
    ['with plus for minus', text.replaceAll('-', '+')],
    ['with a slash for an underscore', text.replaceAll('_', '/')],
    ['padded', `${text}==`],
  ];
}

function garbage(text: string): BadToken[] {
  const bootstrap = [
    'abcdef.0123456789abcdef',
    'abcdef.',
    '.0123456789abcdef',
    'ABCDEF.0123456789abcdef',
    'known1.wrongwrongwrong1',
    'oldold.0123456789abcdef',
    'unused.0123456789abcdef',
  ];
  const words = [
    'x',
    'null',
    'undefined',
    '{}',
    '...',
    '..',
    '.',
    'a.b',
    'a.b.c',
    'a.b.c.d',
    '0',
    'true',
    '*',
    '%00',
    '../admin',
    'system:admin',
  ];
  const shapes: BadToken[] = [
    ['with a part more', `${text}.x`],
    ['with a sign more', `${text}x`],
    ['twice', `${text}${text}`],
    ['in the wrong order', text.split('.').reverse().join('.')],
    ['of 12 KB', 'x'.repeat(12_000)],
    ['with 3,000 dots', '.'.repeat(3_000)],
    ['in base64', Buffer.from(text).toString('base64url')],
  ];
  return [
    ...bootstrap.map((token): BadToken => [`a bootstrap token ${token}`, token]),
    ...words.map((word): BadToken => [`the word ${word}`, word]),
    ...shapes.map(([name, token]): BadToken => [`a token ${name}`, token]),
  ];
}
