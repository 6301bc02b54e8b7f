// What both servers publish about their resources, piece by piece: paths with their verbs, parameters and answers, definitions with
// their fields, types, formats and extensions. Descriptions are worded by us, and what only one of them serves is left out.
import { isRecord } from '@berth/machinery';
import { eventually } from '../../tools/cluster/eventually.ts';
import { compareValues } from './compare.ts';
import type { Report } from './report.ts';
import type { Servers } from './run.ts';

/** Of what Kubernetes makes once it runs. */
const startTimeoutMs = 60_000;

type Part = Record<string, unknown>;

export async function compareOpenApi({ kubernetes, berth }: Servers, report: Report): Promise<void> {
  const read = async (path: string) => {
    const answers = await Promise.all([kubernetes, berth].map((server) => server.send({ method: 'GET', path })));
    for (const [index, { code }] of answers.entries()) {
      if (code !== 200) throw new Error(`${index === 0 ? 'kubernetes' : 'berth'} answered ${code} to ${path}`);
    }
    return answers.map(({ body }) => body as Part) as [Part, Part];
  };
  const compare = (path: string, documents: [Part, Part], parts: string[]) => {
    for (const part of parts) {
      const [theirs, ours] = documents.map((document) => recordAt(document, part)) as [Part, Part];
      for (const name of new Set([...Object.keys(theirs), ...Object.keys(ours)])) {
        const differences = compareValues('', withoutWords(theirs[name]), withoutWords(ours[name]));
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
  compare('/openapi/v2', await read('/openapi/v2'), ['paths', 'definitions', 'securityDefinitions', 'parameters']);
  // Kubernetes builds these one after the other once it runs.
  const indexes = await eventually('all of /openapi/v3', startTimeoutMs, async () => {
    const found = await read('/openapi/v3');
    const [theirs, ours] = found.map((index) =>
      Object.keys(recordAt(index, 'paths')).filter((name) => name.includes('k8s.io') || name === 'api/v1'),
    );
    return (theirs?.length ?? 0) >= (ours?.length ?? 0) ? found : undefined;
  });
  const [theirs, ours] = indexes.map((index) => new Set(Object.keys(recordAt(index, 'paths')))) as [Set<string>, Set<string>];
  const path = '/openapi/v3';
  const missing = (name: string) => [
    { at: 'group version', kubernetes: theirs.has(name) ? name : undefined, berth: ours.has(name) ? name : undefined },
  ];
  for (const name of new Set([...theirs, ...ours])) {
    report.add(path, name, 0, { method: 'GET', path: `${path}/${name}` }, theirs.has(name) && ours.has(name) ? [] : missing(name));
    if (!theirs.has(name) || !ours.has(name)) continue;
    compare(`${path}/${name}`, await read(`${path}/${name}`), ['paths', 'components.schemas', 'components.securitySchemes']);
  }
}

function recordAt(document: Part, path: string): Part {
  const found = path.split('.').reduce<unknown>((part, name) => (isRecord(part) ? part[name] : undefined), document);
  return isRecord(found) ? found : {};
}

/** A field may be named `description` as well: that is a schema and no text. Lists of parameters and kinds have no order. */
function withoutWords(part: unknown): unknown {
  if (Array.isArray(part)) return part.map(withoutWords).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  if (!isRecord(part)) return part;
  return Object.fromEntries(
    Object.entries(part)
      .filter(([name, value]) => name !== 'description' || typeof value !== 'string')
      .map(([name, value]) => [name, withoutWords(value)]),
  );
}
