// npm run differential -- [--of extensions|requests|openapi] [--requests N] [--seed N] [--kind NAME]... [--only NUMBER] [--out FILE]: Kubernetes' own API server and Berth are asked the
// same, and what they answer differently is printed, most frequent first. Fails when docs/differences.md does not name it. With --out FILE
// every request that differs is written there, a line of JSON each.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { kinds, kindViews } from '@berth/api';
import { startBerth } from '../test/differential/berth.ts';
import { extensionScenario } from '../test/differential/extensions.ts';
import { oddScenario } from '../test/differential/odd-requests.ts';
import { compareOpenApi } from '../test/differential/openapi.ts';
import { originalPrograms, startOriginal } from '../test/differential/original.ts';
import { Report } from '../test/differential/report.ts';
import { prepare, runScenario, type Servers, servedByBoth } from '../test/differential/run.ts';
import { scenarioOf } from '../test/differential/scenarios.ts';

const serviceCidr = '10.97.0.0/16';
const digestsFile = join(import.meta.dirname, '..', 'test', 'differential', 'openapi-digests.json');
/** Scenarios at a time; each has an object of its own. */
const width = 4;
const print = (line: string) => console.error(line);
const { values } = parseArgs({
  options: {
    requests: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    kind: { type: 'string', multiple: true },
    out: { type: 'string' },
    only: { type: 'string' },
    of: { type: 'string' },
  },
});
const { of = 'objects' } = values;
/** Of extensions, what is off by default is turned on. */
const options =
  of === 'extensions'
    ? ['--runtime-config', 'admissionregistration.k8s.io/v1beta1=true', '--feature-gates', 'MutatingAdmissionPolicy=true']
    : [];
if (!['objects', 'extensions', 'requests', 'openapi'].includes(of))
  throw new Error(`--of ${of}: objects, extensions, requests or openapi can be asked for`);
const [requests, seed] = [Number(values.requests), Number(values.seed)];

async function run(servers: Servers, report: Report): Promise<void> {
  const served = await servedByBoth(servers, [...kinds, ...kindViews]);
  const chosen = served.filter(({ kind }) => values.kind === undefined || values.kind.includes(kind));
  if (chosen.length === 0) throw new Error(`--kind ${values.kind}: no kind that both serve`);
  await prepare(servers);
  if (of === 'openapi') {
    const digests = await compareOpenApi(servers, report);
    if (process.env.UPDATE_GOLDENS) await writeFile(digestsFile, `${JSON.stringify(digests, null, 2)}\n`);
    return;
  }
  const scenario = (number: number) => {
    if (of === 'extensions') return extensionScenario(seed, number);
    return of === 'requests' ? oddScenario(seed, number, chosen) : scenarioOf(seed, number, chosen);
  };
  print(`differential: seed ${seed}, ${chosen.length} kinds of ${kinds.length + kindViews.length}`);
  if (values.only !== undefined) return runScenario(servers, scenario(Number(values.only)), report, print);
  let next = 0;
  const worker = async () => {
    while (report.requests < requests) await runScenario(servers, scenario(next++), report);
  };
  await Promise.all(Array.from({ length: width }, worker));
}

const directory = await mkdtemp(join(tmpdir(), 'berth-differential-'));
const report = new Report();
const closing: (() => Promise<unknown>)[] = [() => rm(directory, { recursive: true, force: true })];
try {
  const kubernetes = await startOriginal(originalPrograms(print), join(directory, 'kubernetes'), serviceCidr, options);
  closing.unshift(kubernetes.stop);
  const berth = await startBerth(join(directory, 'berth'), serviceCidr, options);
  closing.unshift(berth.stop);
  await run({ kubernetes, berth, serviceCidr }, report);
} finally {
  for (const close of closing) await close();
}
console.log(report.text());
if (values.out !== undefined) await writeFile(values.out, report.sightings.map((sighting) => `${JSON.stringify(sighting)}\n`).join(''));
process.exit(report.differing > 0 ? 1 : 0);
