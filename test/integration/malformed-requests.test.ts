// Ten thousand requests that are wrong by construction, and connections that are cut, slow or not HTTP at all, against a server
// in a process of its own: every answer is a 4xx Status with a reason, and the server does not notice in any other way.
// SEED=n repeats a run with other requests.
import { once } from 'node:events';
import { Agent, request as httpsRequest } from 'node:https';
import { connect, type TLSSocket } from 'node:tls';
import { type Random, seededRandom } from '@berth/telemetry';
import { socketClosed } from '@berth/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { sound, targets, yamlLines, yamlOf, yamlSet } from './malformed/bodies.ts';
import { type MalformedRequest, malformedRequest, patched } from './malformed/requests.ts';
import { ServerProcess } from './malformed/server-process.ts';

const seed = Number(process.env.SEED?.split('-')[0] ?? 1);
const requestsTotal = 10_000;
const concurrency = 24;
const stallMsMax = 200;
const attemptsMax = 3;
const growthBytesMax = 256 * 1024 * 1024;

let server: ServerProcess;
let agent: Agent;

interface Answer {
  code: number;
  body: string;
}

function send({ method, path, headers, body }: MalformedRequest, to: ServerProcess = server): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = httpsRequest({ ...to.tls, agent, host: '127.0.0.1', port: to.port, method, path, headers }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve({ code: response.statusCode ?? 0, body: Buffer.concat(chunks).toString() }));
      response.on('error', reject);
    });
    asked.on('error', reject);
    asked.end(body);
  });
}

const resources = /^\/(api\/v1|apis\/[^/]+\/v\d[^/]*)\//;

/** Whether its escapes can be read. */
function isPath(asked: string): boolean {
  try {
    decodeURIComponent(asked.split('?', 1)[0] ?? '');
    return true;
  } catch {
    return false;
  }
}

/** What is wrong with an answer; undefined when nothing is. */
function complaint({ path: asked }: MalformedRequest, { code, body }: Answer): string | undefined {
  // As in Kubernetes, where there is no API nobody speaks of its errors.
  if (code === 404 && !resources.test(asked) && ['404 page not found\n', ''].includes(body)) return undefined;
  // As Go's server does, before anything is known of whoever asks.
  if (code === 400 && !isPath(asked) && body === '400 Bad Request') return undefined;
  if (code < 400 || code > 499) return `${code} ${body.slice(0, 300)}`;
  let status: { kind?: unknown; status?: unknown; reason?: unknown; message?: unknown; code?: unknown };
  try {
    status = JSON.parse(body);
  } catch {
    return `${code} without a Status: ${body.slice(0, 300)}`;
  }
  const isStatus = status.kind === 'Status' && status.status === 'Failure' && status.code === code;
  return isStatus && status.reason && status.message ? undefined : `${code} with an incomplete Status: ${body.slice(0, 300)}`;
}

beforeAll(async () => {
  server = await ServerProcess.start();
  agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const random = seededRandom(seed);
  for (const target of targets) {
    const object = sound(target, random);
    const body = Buffer.from(JSON.stringify({ ...object, metadata: { ...object.metadata, name: patched.pod } }));
    const made = await send({ what: '', method: 'POST', path: target.path, headers: { 'content-type': 'application/json' }, body });
    expect(made.code).toBe(201);
  }
});

afterAll(async () => {
  agent?.destroy();
  await server?.stop();
});

/** Sends as many as asked for, and returns what was wrong with answers. */
async function complaintsOf(count: number, random: Random): Promise<string[]> {
  const complaints: string[] = [];
  let left = count;
  const work = async () => {
    while (left-- > 0) {
      const asked = malformedRequest(random);
      // A server that stops reading may cut a body that is too large before its answer is read.
      const found = await send(asked).then(
        (answer) => complaint(asked, answer),
        (error) => (/3 MiB/.test(asked.what) ? undefined : `no answer: ${error.message}`),
      );
      if (found) complaints.push(`${asked.what} (${asked.method} ${asked.path.slice(0, 100)}): ${found}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, work));
  return complaints;
}

test(`${requestsTotal} malformed requests are all refused, and nobody notices them (seed ${seed})`, async () => {
  // The first of everything compiles code; that is not what is measured.
  await complaintsOf(300, seededRandom(seed));
  const before = await server.measured('reset');
  const stallsMs: number[] = [];
  // What a request brings about it does every time; what a busy machine adds it does not.
  for (let attempt = 0; attempt < attemptsMax && Math.min(...stallsMs) >= stallMsMax; attempt++) {
    const complaints = await complaintsOf(requestsTotal, seededRandom(seed));
    expect(complaints.slice(0, 20)).toEqual([]);
    expect(server.isRunning).toBe(true);
    const after = await server.measured('reset');
    expect(after.residentBytes - before.residentBytes).toBeLessThan(growthBytesMax);
    stallsMs.push(after.stallMsMax);
  }
  expect(Math.min(...stallsMs)).toBeLessThan(stallMsMax);
}, 240_000);

const path = '/api/v1/namespaces/default/configmaps?fieldValidation=Ignore';
const asYaml = (text: string): MalformedRequest => {
  return { what: '', method: 'POST', path, headers: { 'content-type': 'application/yaml' }, body: Buffer.from(text) };
};

test.each(yamlLines.map((line) => [line(0), line] as const))('3 MiB of YAML are read, and nobody notices: %s', async (_, line) => {
  const stallsMs: number[] = [];
  for (let attempt = 0; attempt < attemptsMax && Math.min(...stallsMs) >= stallMsMax; attempt++) {
    const asked = asYaml(yamlOf(`full-${attempt}-${yamlLines.indexOf(line)}`, line, 3 * 1024 * 1024));
    await server.measured('reset');
    expect(await send(asked)).toMatchObject({ code: 201 });
    stallsMs.push((await server.measured()).stallMsMax);
  }
  expect(Math.min(...stallsMs)).toBeLessThan(stallMsMax);
});

test('3 MiB of YAML are read, if they take as long as JSON would', async () => {
  expect(await send(asYaml(yamlOf('set', yamlSet, 3 * 1024 * 1024)))).toMatchObject({ code: 201 });
});

test('the bundle reads YAML in a thread of its own as well', async () => {
  const bundle = await ServerProcess.start('dist/main.js');
  const answer = await send(asYaml(yamlOf('full', () => '- a', 1024 * 1024)), bundle).finally(() => bundle.stop());
  expect(answer).toMatchObject({ code: 201 });
});

async function dial(): Promise<TLSSocket> {
  const socket = connect({ ...server.tls, host: '127.0.0.1', port: server.port, servername: 'localhost' });
  await once(socket, 'secureConnect');
  // What the server thinks of it is in what it sends, or in that it hangs up.
  socket.on('error', () => undefined);
  return socket;
}

async function answerTo(text: string): Promise<string> {
  const socket = await dial();
  let answer = '';
  socket.on('data', (chunk) => {
    answer += chunk;
  });
  const closed = socketClosed(socket);
  socket.write(text);
  await closed;
  return answer;
}

const post = 'POST /api/v1/namespaces/default/configmaps HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n';
const upgrade = 'GET /api/v1/namespaces/default/pods/patched/exec?command=sh&stdout=true HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n';

test.each([
  ['no HTTP', 'garbage\r\n\r\n'],
  ['another protocol', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
  ['a header without a name', 'GET /api HTTP/1.1\r\n: x\r\n\r\n'],
  ['a header of 20 KB', `GET /api HTTP/1.1\r\nHost: x\r\nX-Long: ${'x'.repeat(20_000)}\r\n\r\n`],
  ['two lengths', `${post}Content-Length: 3\r\nContent-Length: 4\r\n\r\n{}`],
  ['a length that is none', `${post}Content-Length: -5\r\n\r\n`],
  ['a length and chunks', `${post}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ['more than 3 MiB in chunks', `${post}Transfer-Encoding: chunked\r\n\r\n400000\r\n${' '.repeat(3 * 1024 * 1024 + 1)}`],
  ['chunks that are none', `${post}Transfer-Encoding: chunked\r\n\r\nzz\r\n`],
  [
    'a WebSocket without a key',
    `${upgrade}Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n`,
  ],
  ['an upgrade to nothing known', `${upgrade}Upgrade: nonsense\r\n\r\n`],
])('%s is answered and hung up on', async (_, text) => {
  expect(await answerTo(text)).toMatch(/^HTTP\/1\.1 4\d\d /);
  expect(server.isRunning).toBe(true);
});

test('streams that are cut in the middle leave nothing behind', async () => {
  const before = await server.measured('reset');
  for (let count = 0; count < 300; count++) {
    const socket = await dial();
    socket.write(
      count % 3 === 0
        ? `${post}Content-Length: 1000\r\n\r\n{"a":`
        : count % 3 === 1
          ? post
          : 'GET /api/v1/pods?watch=true HTTP/1.1\r\nHost: x\r\n\r\n',
    );
    if (count % 3 === 2) await once(socket, 'data');
    socket.destroy();
  }
  const after = await server.measured();
  expect(after.residentBytes - before.residentBytes).toBeLessThan(growthBytesMax);
  expect(after.stallMsMax).toBeLessThan(stallMsMax);
});

test('slow bodies are given up on, while others are served', async () => {
  const slow = await Promise.all(
    Array.from({ length: 50 }, async () => {
      const socket = await dial();
      socket.write(`${post}Content-Length: 100000\r\n\r\n{`);
      const timer = setInterval(() => socket.write(' '), 1_000);
      let answer = '';
      socket.on('data', (chunk) => {
        answer += chunk;
      });
      await socketClosed(socket);
      clearInterval(timer);
      return answer;
    }),
  );
  for (const answer of slow) expect(answer).toMatch(/^HTTP\/1\.1 504 [\s\S]*"reason":"Timeout"/);
  const asked: MalformedRequest = { what: '', method: 'GET', path: '/api/v1/pods/none', headers: {} };
  expect(complaint(asked, await send(asked))).toBeUndefined();
});
