// Gives both servers the same scenarios and compares each pair of answers.
import type { KindDefinition } from '@berth/machinery';
import { isRecord } from '@berth/machinery';
import type { Answer, ApiServer, Request } from './api-server.ts';
import { compareAnswers } from './compare.ts';
import { normalised, withoutControllers } from './normalise.ts';
import type { Report } from './report.ts';
import type { Scenario } from './scenarios.ts';
import { collectionOf } from './scenarios.ts';
import { settled } from './settling.ts';

type Fields = Record<string, unknown>;

export interface Servers {
  kubernetes: ApiServer;
  berth: ApiServer;
  serviceCidr: string;
}

/** Kinds that both servers list in discovery. */
export async function servedByBoth({ kubernetes, berth }: Servers, kinds: KindDefinition[]): Promise<KindDefinition[]> {
  const groups = new Map<string, Promise<Set<string>[]>>();
  const served = (path: string) => {
    const known = groups.get(path) ?? Promise.all([kubernetes, berth].map((server) => resourcesOf(server, path)));
    groups.set(path, known);
    return known;
  };
  const found = await Promise.all(
    kinds.map(async (kind) => {
      const both = await served(kind.group ? `/apis/${kind.group}/${kind.version}` : `/api/${kind.version}`);
      return both.every((names) => names.has(kind.plural));
    }),
  );
  return kinds.filter((_, index) => found[index]);
}

async function resourcesOf(server: ApiServer, path: string): Promise<Set<string>> {
  const { body } = await server.send({ method: 'GET', path });
  const resources = isRecord(body) && Array.isArray(body.resources) ? (body.resources as { name: string }[]) : [];
  return new Set(resources.map(({ name }) => name));
}

/** The namespaces, and the account that pods run as: without controllers nobody makes it. */
export async function prepare({ kubernetes, berth }: Servers): Promise<void> {
  // Berth brings a default class for claims and one for ingresses along.
  await berth.send({ method: 'DELETE', path: '/apis/storage.k8s.io/v1/storageclasses/local' });
  await berth.send({ method: 'DELETE', path: '/apis/networking.k8s.io/v1/ingressclasses/berth' });
  for (const server of [kubernetes, berth]) {
    for (const name of ['differential', 'differential-limits']) {
      const made = await server.send({ method: 'POST', path: '/api/v1/namespaces', body: { metadata: { name } } });
      if (made.code !== 201) throw new Error(`${server.name} did not make the namespace ${name}: ${JSON.stringify(made.body)}`);
    }
    const accounts = '/api/v1/namespaces/differential/serviceaccounts';
    const made = await server.send({ method: 'POST', path: accounts, body: { metadata: { name: 'default' } } });
    if (made.code !== 201) throw new Error(`${server.name} did not make the service account: ${JSON.stringify(made.body)}`);
  }
}

/** @param show of every request, for a single scenario that is looked at */
export async function runScenario(servers: Servers, scenario: Scenario, report: Report, show?: (line: string) => void): Promise<void> {
  const previous: [Fields | undefined, Fields | undefined] = [undefined, undefined];
  for (const { verb, request } of scenario.steps) {
    const theirs = previous[0];
    const asked = [request(theirs), request(theirs && previous[1] && (alike(theirs, previous[1]) as Fields))] as [Request, Request];
    const answers = await Promise.all([servers.kubernetes.send(asked[0]), servers.berth.send(asked[1])]);
    for (const [index, answer] of answers.entries()) if (isObject(answer)) previous[index] = answer.body as Fields;
    const [theirAnswer, ourAnswer] = answers.map((answer) => withoutChance(answer, asked, servers.serviceCidr)) as [Answer, Answer];
    show?.(`${verb}: ${JSON.stringify(asked[0])}\n  Kubernetes ${JSON.stringify(theirAnswer)}\n  Berth      ${JSON.stringify(ourAnswer)}`);
    report.add(scenario.kind.kind, verb, scenario.number, asked[1], compareAnswers(theirAnswer, ourAnswer));
    // From here on they would be asked about different objects.
    if (isDone(theirAnswer) !== isDone(ourAnswer)) break;
    const later = await Promise.all(
      [servers.kubernetes, servers.berth].map((server, index) =>
        settled(server, scenario.kind, asked[index] as Request, answers[index] as Answer),
      ),
    );
    for (const [index, answer] of later.entries()) if (answer && isObject(answer)) previous[index] = answer.body as Fields;
  }
  await Promise.all([servers.kubernetes, servers.berth].map((server) => cleanUp(server, scenario)));
}

/**
 * The original's object with what this server chose for itself: where their keys differ, which was noted when the object was answered,
 * seeded changes would be drawn for other fields and say nothing more.
 */
function alike(theirs: unknown, given: unknown, key = ''): unknown {
  const ours = withoutControllers(given, key);
  if (Array.isArray(theirs)) return Array.isArray(ours) ? theirs.map((item, index) => alike(item, ours[index])) : theirs;
  if (isRecord(theirs)) {
    return isRecord(ours)
      ? Object.fromEntries(Object.entries(theirs).map(([name, value]) => [name, alike(value, ours[name], name)]))
      : theirs;
  }
  return theirs === null ? null : (ours ?? theirs);
}

/** Not so when the server was cut off. */
function isDone({ code }: Pick<Answer, 'code'>): boolean {
  return code >= 200 && code < 300;
}

function isObject({ code, body }: Answer): boolean {
  return isDone({ code }) && isRecord(body) && isRecord(body.metadata) && 'uid' in body.metadata && body.kind !== 'Status';
}

function withoutChance(answer: Answer, asked: Request[], serviceCidr: string): Answer {
  const texts = asked.map((request) => JSON.stringify(request));
  const body = normalised(withoutTimedBookmarks(answer.body), texts, serviceCidr);
  return { ...answer, body, warnings: normalised(answer.warnings, texts, serviceCidr) as string[] };
}

/** A watch's events but the bookmarks that come now and then: those that end the initial events say so. */
function withoutTimedBookmarks(body: unknown): unknown {
  if (!Array.isArray(body)) return body;
  return body.filter((event) => !isRecord(event) || event.type !== 'BOOKMARK' || JSON.stringify(event).includes('initial-events-end'));
}

/** Whatever the scenario left: without finalizers, without grace. */
async function cleanUp(server: ApiServer, { kind, number, steps }: Scenario): Promise<void> {
  const collection = collectionOf(kind);
  const path = objectPath(steps, collection);
  if (path === undefined) return;
  const found = await server.send({ method: 'GET', path });
  if (found.code !== 200) return;
  const contentType = 'application/merge-patch+json';
  await server.send({ method: 'PATCH', path, body: { metadata: { finalizers: null } }, contentType });
  await server.send({ method: 'DELETE', path, body: { gracePeriodSeconds: 0, propagationPolicy: 'Background' } });
  if (kind.kind !== 'Namespace') return;
  const name = `s${number}`;
  await server.send({
    method: 'PUT',
    path: `${path}/finalize`,
    body: { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } },
  });
}

function objectPath(steps: Scenario['steps'], collection: string): string | undefined {
  const created = steps
    .map(({ request }) => request(undefined))
    .find(({ body, path }) => path.startsWith(collection) && isRecord(body) && isRecord(body.metadata));
  const metadata = isRecord(created?.body) ? created.body.metadata : undefined;
  const name = isRecord(metadata) ? metadata.name : undefined;
  return typeof name === 'string' && /^[a-z0-9.-]+$/.test(name) ? `${collection}/${name}` : undefined;
}
