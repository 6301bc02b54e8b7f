// `berth logs` against a server on the loopback interface that has pods and their logs: merged, searched, and followed over pods that
// come, containers that begin again and connections that break.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { painted, plain } from '../terminal.ts';
import { runLogs } from './logs.ts';

let server: Server;
let folder: string;
let pods: object[];
/** By path: the log's lines. */
let logs: Map<string, string[]>;
let asked: URL[];
/** Streams that are open, by pod. */
let streams: Map<string, ServerResponse>;
let watch: ServerResponse | undefined;
/** Whose containers have ended: there is nothing more to follow. */
let ended: Set<string>;

const pod = (
  name: string,
  state: object = { running: { startedAt: '2026-01-01T00:00:00Z' } },
  containerID = 'c://1',
  phase = 'Running',
) => ({
  metadata: { name, namespace: 'default', uid: name, resourceVersion: '2' },
  spec: { containers: [{ name: 'main' }] },
  status: { phase, containerStatuses: [{ name: 'main', containerID, state }] },
});
const at = (second: number, text: string) => `2026-01-01T00:00:${String(second).padStart(2, '0')}Z ${text}`;

beforeEach(async () => {
  [pods, logs, asked, streams, watch, ended] = [[], new Map(), [], new Map(), undefined, new Set()];
  server = createServer((request, response) => {
    const url = new URL(request.url ?? '', 'http://x');
    asked.push(url);
    const name = /\/pods\/(.*)\/log$/.exec(url.pathname)?.[1];
    response.writeHead(200, { 'content-type': 'application/json' });
    if (name !== undefined) return serveLog(name, url, response);
    if (url.searchParams.get('watch') === 'true') {
      watch = response;
      return void response.flushHeaders();
    }
    const isOne = /\/pods\/[^/]+$/.test(url.pathname);
    const isWorkload = url.pathname.includes('/deployments/');
    const body = isWorkload
      ? { metadata: { name: 'web' }, spec: { selector: { matchLabels: { app: 'web' } } } }
      : { items: pods, metadata: { resourceVersion: '1' } };
    response.end(JSON.stringify(isOne ? pods[0] : body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  folder = await mkdtemp(join(tmpdir(), 'berth-logs-'));
  const address = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const kubeconfig = `clusters: [{name: a, cluster: {server: "${address}"}}]
contexts: [{name: a, context: {cluster: a, user: a}}]
users: [{name: a, user: {token: x}}]
current-context: a
`;
  await writeFile(join(folder, 'kubeconfig'), kubeconfig);
});

function serveLog(name: string, url: URL, response: ServerResponse): void {
  const since = url.searchParams.get('sinceTime') ?? '';
  const tail = Number(url.searchParams.get('tailLines') ?? 1_000);
  const lines = (logs.get(`${name}${url.searchParams.has('previous') ? ' previous' : ''}`) ?? [])
    .filter((line) => line >= since)
    .slice(-tail);
  response.write(lines.map((line) => `${line}\n`).join(''));
  if (url.searchParams.get('follow') !== 'true' || ended.has(name)) return void response.end();
  response.flushHeaders();
  streams.set(name, response);
}

afterEach(async () => {
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  await rm(folder, { recursive: true, force: true });
});

function collector(paint = plain) {
  const [lines, notes] = [[] as string[], [] as string[]];
  const output = { write: async (text: string) => void lines.push(text.trimEnd()), note: (text: string) => void notes.push(text), paint };
  const run = (argv: string[], signal?: AbortSignal) => runLogs([...argv, '--kubeconfig', join(folder, 'kubeconfig')], output, signal);
  return { lines, notes, run };
}

test('of all pods, by time, headed by whose they are; those that have none are named beside', async () => {
  pods = [pod('a'), pod('b'), pod('c', { waiting: { reason: 'ContainerCreating' } })];
  logs = new Map([
    ['a', [at(1, 'INFO one'), at(3, 'ERROR three')]],
    ['b', [at(2, 'WARN two'), '2026-01-01T00:00:02.5Z   at x']],
  ]);
  const { lines, notes, run } = collector();
  expect(await run(['deployment/web'])).toBe(0);
  expect(lines).toEqual(['a/main INFO one', 'b/main WARN two', 'b/main   at x', 'a/main ERROR three']);
  expect(notes).toEqual(['c/main: it has not run yet (ContainerCreating)']);
  expect(asked.find(({ pathname }) => pathname.endsWith('/pods'))?.searchParams.get('labelSelector')).toBe('app=web');
  const searched = collector();
  await searched.run(['-l', 'app=web', '--level', 'warn', '--tail', '1', '--timestamps']);
  expect(searched.lines).toEqual(['b/main 2026-01-01T00:00:02.5Z   at x', `a/main ${at(3, 'ERROR three')}`]);
  const json = collector(painted);
  await json.run(['deploy/web', '--grep', 'ONE', '-o', 'json']);
  expect(json.lines.map((line) => JSON.parse(line))).toEqual([
    { time: '2026-01-01T00:00:01Z', pod: 'a', container: 'main', text: 'INFO one' },
  ]);
  const coloured = collector(painted);
  await coloured.run(['deploy/web', '--grep', 'one']);
  expect(coloured.lines).toEqual(['\u001b[36ma/main\u001b[0m INFO one']);
});

test('of the one container of a pod without its name; of one that does not stay up, the run before', async () => {
  pods = [pod('a')];
  logs.set('a', [at(1, 'one')]);
  const first = collector();
  await first.run(['a']);
  expect(first.lines).toEqual(['one']);
  const status = { name: 'main', state: { waiting: { reason: 'CrashLoopBackOff' } }, lastState: { terminated: { exitCode: 1 } } };
  pods = [{ ...pod('a'), status: { phase: 'Running', containerStatuses: [status] } }];
  logs.set('a', [at(2, 'why')]);
  const second = collector();
  await second.run(['a']);
  expect(second.lines).toEqual(['why']);
  const young = { name: 'main', state: { running: { startedAt: new Date().toISOString() } }, lastState: { terminated: { exitCode: 1 } } };
  pods = [{ ...pod('a'), status: { phase: 'Running', containerStatuses: [young] } }];
  logs = new Map([
    ['a previous', [at(2, 'why')]],
    ['a', [at(3, 'again')]],
  ]);
  const both = collector();
  await both.run(['a']);
  expect(both.lines).toEqual(['a/main (previous) why', 'a/main again']);
  await expect(collector().run(['a', '-c', 'other'])).rejects.toThrow('has a container other: there are main');
});

const change = (type: string, object: object) => watch?.write(`${JSON.stringify({ type, object })}\n`);

test('followed: nothing twice, pods that come, containers that begin again, and connections that break', { timeout: 60_000 }, async () => {
  pods = [pod('a')];
  logs.set('a', [at(1, 'one'), at(2, 'two')]);
  const { lines, run } = collector();
  const ending = new AbortController();
  const running = run(['deploy/web', '-f', '--tail', '1'], ending.signal);
  const until = (count: number) => expect.poll(() => lines.length, { timeout: 20_000 }).toBe(count);
  await expect.poll(() => streams.has('a') && watch !== undefined, { timeout: 20_000 }).toBe(true);
  streams.get('a')?.write(`${at(3, 'three')}\n`);
  await until(2);
  // A pod that comes is shown from its beginning, whatever the tail.
  logs.set('b', [at(4, 'b one'), at(5, 'b two')]);
  change('ADDED', pod('b'));
  await until(4);
  // A connection that breaks while the container goes on.
  logs.set('a', [at(1, 'one'), at(2, 'two'), at(3, 'three'), at(6, 'six')]);
  streams.get('a')?.destroy();
  await until(5);
  // It begins again.
  logs.set('a', [at(7, 'again')]);
  streams.get('a')?.end();
  change('MODIFIED', pod('a', undefined, 'c://2'));
  await until(6);
  ending.abort();
  expect(await running).toBe(0);
  expect(lines).toEqual(['a/main two', 'a/main three', 'b/main b one', 'b/main b two', 'a/main six', 'a/main again']);
});

test('followed, one pod: until it has ended', { timeout: 60_000 }, async () => {
  pods = [pod('a')];
  const { lines, run } = collector();
  const running = run(['a', '-f']);
  await expect.poll(() => streams.has('a') && watch !== undefined, { timeout: 20_000 }).toBe(true);
  ended.add('a');
  streams.get('a')?.end(`${at(1, 'bye')}\n`);
  change('MODIFIED', pod('a', { terminated: { exitCode: 0, containerID: 'c://1' } }, 'c://1', 'Succeeded'));
  expect(await running).toBe(0);
  expect(lines).toEqual(['bye']);
});
