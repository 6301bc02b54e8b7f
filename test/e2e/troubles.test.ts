// Troubles that operators know, made on a real cluster: each is found on the dashboard's first page with its cause, `berth why` and
// `berth doctor` say the same, and where a button is offered, pressing it mends it. BERTH_TROUBLES=all makes all of them, on four nodes; names of
// some, with commas between, make those.
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { env, execPath } from 'node:process';
import { selfSigned } from '@berth/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { root } from '../../tools/cluster/layout.ts';
import { nodeLayouts } from '../../tools/cluster/node-layout.ts';
import { CommandError, runCommand } from '../../tools/cluster/run-command.ts';
import { DashboardPage, type ShownProblem } from './dashboard/dashboard-page.ts';
import { makeTroubles, placeOf, removeTroubles, type Surroundings, type Tools } from './dashboard/troubles/make-troubles.ts';
import type { Trouble } from './dashboard/troubles/trouble.ts';
import { troubles } from './dashboard/troubles/troubles.ts';
import { troubleshootingPage } from './dashboard/troubles/troubleshooting-page.ts';
import { apply, cluster, kubectl, until } from './kubectl.ts';
import { lane } from './lane.ts';
import { type PrivateRegistry, privateRegistry } from './private-registry.ts';

const isWhole = env.BERTH_TROUBLES === 'all';
/** Those that need neither further nodes nor minutes. */
const fewIds = env.BERTH_TROUBLES?.split(',') ?? ['config-map', 'crash', 'quota', 'paused'];
const made = troubles.filter(({ id }) => isWhole || fewIds.includes(id));
const nodesWanted = 4;
const dayMs = 86_400_000;
/** A node that says nothing is lost after 40 seconds, a pod that is not ready is one after a minute. */
const foundWithinMs = env.BERTH_TROUBLES ? 240_000 : 60_000;
const mendedWithinMs = env.BERTH_TROUBLES ? 120_000 : 60_000;

let dashboard: DashboardPage;
let registry: PrivateRegistry;
let surroundings: Surroundings;

const tools: Tools = {
  apply: (objects) => apply(...objects),
  kubectl,
  stopAgent: async () => {
    await cluster().processes.stop(`node-agent-${nodesWanted}`);
  },
};

beforeAll(async () => {
  const { layout, helloImage } = lane();
  if (isWhole) await cluster().startAgents(nodesWanted);
  const [firstNode = '', taintedNode = '', cordonedNode = '', lostNode = ''] = nodeLayouts(layout, nodesWanted).map(({ name }) => name);
  registry = await privateRegistry(helloImage, 'robot', 'of this year');
  const [expired, ofOther] = await Promise.all([
    selfSigned(['shop.example.com'], { beginsAtMs: Date.now() - 90 * dayMs, endsAtMs: Date.now() - dayMs }),
    selfSigned(['other.example.com'], { endsAtMs: Date.now() + 90 * dayMs }),
  ]);
  surroundings = {
    certificates: { expired, ofOther },
    image: helloImage,
    privateImage: registry.image,
    firstNode,
    taintedNode,
    cordonedNode,
    lostNode,
  };
  dashboard = await DashboardPage.open({ server: `https://127.0.0.1:${layout.apiPort}` });
  await dashboard.login(await cluster().token((tokens) => tokens.createAccessToken({ name: 'operator', groups: ['system:masters'] })));
  await makeTroubles(made, surroundings, tools);
});

afterAll(async () => {
  await dashboard?.close();
  await removeTroubles(made, surroundings, tools);
  await registry?.[Symbol.asyncDispose]();
});

/** `…` stands for anything. */
function pattern(text: string): RegExp {
  const parts = text.split('…').map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('[^]*')}`);
}

const clusterKinds = new Set(['Node', 'Namespace', 'APIService', 'ValidatingWebhookConfiguration']);

function isCardOf(trouble: Trouble, { kind, name, namespace }: ShownProblem): boolean {
  const place = placeOf(trouble, surroundings);
  const isNamespaced = !clusterKinds.has(trouble.card.kind);
  if (kind !== trouble.card.kind || (isNamespaced && namespace !== place.namespace)) return false;
  return isNamespaced ? name.startsWith(trouble.card.name) : trouble.subject(place).endsWith(`/${name}`);
}

async function cardOf(trouble: Trouble): Promise<ShownProblem | undefined> {
  return (await dashboard.problems()).find((problem) => isCardOf(trouble, problem));
}

/** As it is to be, and as it is where it is not that. */
async function found(trouble: Trouble): Promise<ShownProblem> {
  let last: ShownProblem | undefined;
  try {
    return await until(`a card for ${trouble.id}`, foundWithinMs, async () => {
      last = await cardOf(trouble);
      return last && last.reason === trouble.card.reason && pattern(trouble.card.says).test(last.message) ? last : undefined;
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${JSON.stringify(last ?? (await dashboard.problems()))}`);
  }
}

test('the page about troubles says what is held here', async () => {
  const path = join(root, 'docs', 'troubleshooting.md');
  if (env.UPDATE_GOLDENS) await writeFile(path, troubleshootingPage());
  expect(await readFile(path, 'utf8')).toBe(troubleshootingPage());
});

test('each is one card with its cause, and nothing is an error in the console', async () => {
  for (const trouble of made) await found(trouble);
  const cards = await dashboard.problems();
  for (const trouble of made) {
    const { namespace } = placeOf(trouble, surroundings);
    const own = cards.filter((card) => card.namespace === namespace || isCardOf(trouble, card));
    const others = made.filter((other) => other !== trouble && own.some((card) => isCardOf(other, card)));
    expect(own.length - others.length, `cards of ${trouble.id}: ${JSON.stringify(own)}`).toBe(1);
  }
  expect(dashboard.consoleErrors).toEqual([]);
});

async function berth(...args: string[]): Promise<string> {
  const command = [execPath, join(root, 'apps', 'cli', 'dist', 'main.js'), ...args, '--kubeconfig', cluster().kubeconfig];
  const { stdout } = await runCommand(command).catch((error: unknown) => {
    // 1 says that something is not well, which is what was asked.
    if (error instanceof CommandError && error.exitCode === 1) return error;
    throw error;
  });
  return stdout;
}

interface WhyAnswer {
  isWell: boolean;
  causes: { reason: string; says: string }[];
}

test('berth why and berth doctor say the same', async () => {
  const doctor = JSON.parse(await berth('doctor', '-o', 'json')) as { checks: { check: string; says: string; remedy?: string }[] };
  const found = doctor.checks.filter(({ check }) => check === 'what runs');
  for (const trouble of made) {
    const place = placeOf(trouble, surroundings);
    const why = JSON.parse(await berth('why', trouble.subject(place), '-n', place.namespace, '-o', 'json')) as WhyAnswer;
    expect(why.isWell, trouble.id).toBe(false);
    expect(why.causes[0], trouble.id).toMatchObject({
      reason: trouble.card.reason,
      says: expect.stringMatching(pattern(trouble.card.says)),
    });
    const said = found.find(
      ({ says }) =>
        says.includes(trouble.card.reason) && (says.startsWith(`${place.namespace}: `) || says.startsWith(trouble.subject(place))),
    );
    expect(said?.remedy, `doctor of ${trouble.id}: ${JSON.stringify(found)}`).toBeTruthy();
  }
});

const mendable = made.filter(({ button }) => button);

test.each(mendable.map((trouble): [string, Trouble] => [trouble.id, trouble]))('%s is mended by its button', async (_id, trouble) => {
  const { button, card } = trouble;
  const { kind, namespace = '', name } = await found(trouble);
  const item = dashboard.problem({ kind, namespace, name });
  await dashboard.act(button?.label ?? '', button?.value, item);
  await until(`${trouble.id} being mended, which is ${card.reason}`, mendedWithinMs, async () => (await cardOf(trouble)) === undefined);
});

test('and nothing of it was an error in the console', () => expect(dashboard.consoleErrors).toEqual([]));
