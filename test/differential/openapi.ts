// What both servers publish about their resources, piece by piece: paths with their verbs, parameters and answers, definitions with
// their fields, types, formats and extensions. Descriptions are worded by us, and what Berth alone serves is left out.
import { eventually } from '../../tools/cluster/eventually.ts';
import type { ApiServer } from './api-server.ts';
import { compareValues } from './compare.ts';
import { digestOf, documentParts, further, recordAt, withoutWords, withParameters } from './openapi-shape.ts';
import type { Report } from './report.ts';
import type { Servers } from './run.ts';

/** Of what Kubernetes makes once it runs. */
const startTimeoutMs = 60_000;

type Part = Record<string, unknown>;

/** What unit tests hold Berth's documents against, without Kubernetes. */
export interface OpenApiDigests {
  /** `apps/v1`: what there is, of which there are options as well. */
  versions: string[];
  /** By path. */
  documents: Record<string, string>;
}

/** @returns what Kubernetes' documents are known by */
export async function compareOpenApi({ kubernetes, berth }: Servers, report: Report): Promise<OpenApiDigests> {
  const read = async (path: string) => {
    const answers = await Promise.all([kubernetes, berth].map((server) => server.send({ method: 'GET', path })));
    for (const [index, { code }] of answers.entries()) {
      if (code !== 200) throw new Error(`${index === 0 ? 'kubernetes' : 'berth'} answered ${code} to ${path}`);
    }
    // Of their indexes, both say that they are texts.
    return answers.map(({ body }) => (typeof body === 'string' ? JSON.parse(body) : body) as Part) as [Part, Part];
  };
  const versions = await versionsOf(kubernetes);
  const digests: Record<string, string> = {};
  const compare = (path: string, documents: [Part, Part]) => {
    digests[path] = digestOf(documents[0], versions);
    for (const part of documentParts) {
      const [theirs, ours] = documents.map((document) => recordAt(document, part)) as [Part, Part];
      for (const name of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
        if (!(name in theirs) && further.test(name)) continue;
        const [theirPart, ourPart] = [theirs, ours].map((all, i) =>
          withoutWords(withParameters(all[name], documents[i] as Part), versions),
        ) as [unknown, unknown];
        const differences = compareValues('', theirPart, ourPart);
        report.add(
          path,
          part,
          0,
          { method: 'GET', path: `${path} ${name}` },
          differences.map((found) => ({ ...found, at: `${part} ${name}${found.at}` })),
        );
      }
    }
  };
  compare('/openapi/v2', await read('/openapi/v2'));
  // Kubernetes builds these one after the other once it runs.
  const indexes = await eventually('all of /openapi/v3', startTimeoutMs, async () => {
    const found = await read('/openapi/v3');
    const [theirs, ours] = found.map((index) => Object.keys(recordAt(index, 'paths')).filter((name) => !further.test(name)));
    return (theirs?.length ?? 0) >= (ours?.length ?? 0) ? found : undefined;
  });
  const [theirs, ours] = indexes.map((index) => new Set(Object.keys(recordAt(index, 'paths')))) as [Set<string>, Set<string>];
  const path = '/openapi/v3';
  const missing = (name: string) => [
    { at: 'group version', kubernetes: theirs.has(name) ? name : undefined, berth: ours.has(name) ? name : undefined },
  ];
  for (const name of new Set([...theirs, ...ours])) {
    if (further.test(name)) continue;
    report.add(path, name, 0, { method: 'GET', path: `${path}/${name}` }, theirs.has(name) && ours.has(name) ? [] : missing(name));
    if (!theirs.has(name) || !ours.has(name)) continue;
    compare(`${path}/${name}`, await read(`${path}/${name}`));
  }
  return { versions: [...versions].sort(), documents: digests };
}

/** All that one serves, in groups as a client finds them. */
async function versionsOf(server: ApiServer): Promise<Set<string>> {
  const { body } = await server.send({ method: 'GET', path: '/apis' });
  const groups = (body as { groups: { versions: { groupVersion: string }[] }[] }).groups;
  return new Set(['v1', ...groups.flatMap((group) => group.versions.map(({ groupVersion }) => groupVersion))]);
}
