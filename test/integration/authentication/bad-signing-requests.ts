// Requests for certificates that no signer may fulfil, each for a reason of its own.
import { type SigningRequestParts, signingObject, signingRequest } from '@berth/pki/testing';

export type BadRequest = [why: string, object: { metadata: { name: string } }];

const client: SigningRequestParts = { signerName: 'kubernetes.io/kube-apiserver-client', usages: ['client auth'], subject: 'CN=carl' };
const kubelet: SigningRequestParts = {
  signerName: 'kubernetes.io/kube-apiserver-client-kubelet',
  usages: ['digital signature', 'client auth'],
  subject: 'O=system:nodes, CN=system:node:n1',
};
const serving: SigningRequestParts = {
  signerName: 'kubernetes.io/kubelet-serving',
  usages: ['digital signature', 'server auth'],
  subject: 'O=system:nodes, CN=system:node:n1',
  dns: ['n1'],
};

const changed: [string, SigningRequestParts][] = [
  ['an administrator’s group', { ...client, subject: 'O=system:masters, CN=carl' }],
  ['an administrator’s group among others', { ...client, subject: 'O=dev, O=system:masters, CN=carl' }],
  ['a server’s usage for a client', { ...client, usages: ['client auth', 'server auth'] }],
  ['a CA’s usage', { ...client, usages: ['client auth', 'cert sign'] }],
  ['no client’s usage', { ...client, usages: ['digital signature'] }],
  ['an unknown usage', { ...client, usages: ['client auth', 'world domination'] }],
  ['no usage', { ...client, usages: [] }],
  ['a usage twice', { ...client, usages: ['client auth', 'client auth'] }],
  ['no signer', { ...client, signerName: '' }],
  ['a signer without a domain', { ...client, signerName: 'signer' }],
  ['a signer with two names', { ...client, signerName: 'example.com/a/b' }],
  ['the legacy signer', { ...client, signerName: 'kubernetes.io/legacy-unknown' }],
  ['a life of a minute', { ...client, expirationSeconds: 60 }],
  ['a life of less than nothing', { ...client, expirationSeconds: -1 }],
  ['a small key', { ...client, algorithm: { name: 'RSASSA-PKCS1-v1_5', modulusLength: 512 } }],
  ['a node’s name in no node’s group', { ...kubelet, subject: 'O=dev, CN=system:node:n1' }],
  ['no node’s name', { ...kubelet, subject: 'O=system:nodes, CN=carl' }],
  ['a node without a group', { ...kubelet, subject: 'CN=system:node:n1' }],
  ['a node in two groups', { ...kubelet, subject: 'O=system:nodes, O=dev, CN=system:node:n1' }],
  ['a node’s client with a DNS name', { ...kubelet, dns: ['n1'] }],
  ['a node’s client with an address', { ...kubelet, ips: ['10.0.0.1'] }],
  ['a node’s client with a mail address', { ...kubelet, emails: ['a@b.example'] }],
  ['a node’s client with a URI', { ...kubelet, uris: ['https://a.example'] }],
  ['a node’s client with a server’s usage', { ...kubelet, usages: ['digital signature', 'server auth'] }],
  ['a node’s server without a name', { ...serving, dns: [] }],
  ['a node’s server in no node’s group', { ...serving, subject: 'O=dev, CN=system:node:n1' }],
  ['a node’s server of no node’s name', { ...serving, subject: 'O=system:nodes, CN=carl' }],
  ['a node’s server with a mail address', { ...serving, emails: ['a@b.example'] }],
  ['a node’s server with a URI', { ...serving, uris: ['https://a.example'] }],
  ['a node’s server with a client’s usage', { ...serving, usages: ['digital signature', 'client auth'] }],
];

export async function badSigningRequests(): Promise<BadRequest[]> {
  const requests: BadRequest[] = [];
  for (const [why, parts] of changed) requests.push([why, (await signingRequest(nameOf(requests), parts)).object]);
  const sound = await signingRequest('sound', client);
  const pem = Buffer.from(sound.object.spec.request, 'base64').toString();
  const bytes = sound.der.slice();
  bytes[bytes.length - 3] = (bytes[bytes.length - 3] ?? 0) ^ 1;
  const wrap = (der: Uint8Array, label = 'CERTIFICATE REQUEST') =>
    `-----BEGIN ${label}-----\n${Buffer.from(der).toString('base64')}\n-----END ${label}-----\n`;
  const texts: [string, string][] = [
    ['nothing', ''],
    ['words', 'please'],
    ['PEM of something else', pem.replaceAll('CERTIFICATE REQUEST', 'CERTIFICATE')],
    ['half a PEM block', pem.slice(0, pem.length / 2)],
    ['half a request', wrap(sound.der.slice(0, sound.der.length / 2))],
    ['zeros', wrap(new Uint8Array(100))],
    ['a bent signature', wrap(bytes)],
  ];
  for (const [why, text] of texts) requests.push([why, signingObject(nameOf(requests), client, text)]);
  return requests;
}

function nameOf(requests: BadRequest[]): string {
  return `bad-${requests.length}`;
}
