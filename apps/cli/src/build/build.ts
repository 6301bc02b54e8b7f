// `berth build`: what is typed and shown. Exit codes: 0 built and pushed, 1 not (the reason is on the standard error), 2 wrong usage.
import { CustomResourceDefinition } from '@berth/api';
import { imageBuildDefinition } from '@berth/controllers/image-build';
import { systemClock } from '@berth/telemetry';
import { UsageError } from '@berth/telemetry/command-line';
import { type Asked, readAsked } from '../ask/cluster-options.ts';
import type { Paint } from '../terminal.ts';
import { provideBuildAccess } from './build-access.ts';
import { buildOptions, buildUsage, buildWish } from './build-options.ts';
import { buildImage } from './image-build.ts';
import { builderImageName } from './provide-builder.ts';
import { ClusterRegistry } from './registry.ts';

/** Of a build that was quiet and failed. */
const linesShown = 40;

export interface BuildTerminal {
  print(text: string): void;
  /** On the standard error. */
  note(text: string): void;
  isTerminal: boolean;
  paint: Paint;
  environment: NodeJS.ProcessEnv;
  signal: AbortSignal;
}

export async function runBuild(argv: string[], terminal: BuildTerminal): Promise<number> {
  const asked = readAsked(argv, buildOptions);
  const { print, note, paint, signal, environment } = terminal;
  if (asked.isHelp) {
    print(buildUsage);
    return 0;
  }
  if (asked.isSet('prepare')) return prepare(asked, terminal);
  const wish = buildWish(asked, environment);
  const kept: string[] = [];
  const isShown = showsLines(asked.text('progress'), terminal.isTerminal) && !asked.isSet('quiet');
  const line = (text: string) => {
    if (isShown) return note(lineText(text, paint));
    kept.push(text);
    if (kept.length > linesShown) kept.shift();
  };
  const progress = (text: string) => isShown && note(paint('grey', text));
  const startMs = systemClock.monotonicMs();
  try {
    return await asked.ask(async ({ client, namespace }) => {
      const built = await buildImage(wish, { client, namespace, environment, progress, line, signal });
      const seconds = Number(((systemClock.monotonicMs() - startMs) / 1000).toFixed(1));
      const name = `${built.image}@${built.digest}`;
      progress(`built and pushed in ${seconds} s; nodes pull it as`);
      print(asked.isJson ? JSON.stringify({ ...built, seconds }, undefined, 2) : name);
      return 0;
    });
  } catch (error) {
    for (const text of kept) note(text);
    throw error;
  }
}

/** What ImageBuild objects need, which a controller could not make without rights of an administrator. */
async function prepare(asked: Asked, { print, note, paint, signal }: BuildTerminal): Promise<number> {
  if (asked.positionals.length > 0) throw new UsageError('it is: berth build --prepare [-n NAMESPACE]');
  return asked.ask(async ({ client, namespace }) => {
    const registry = await ClusterRegistry.of(client);
    const builderImage = await builderImageName({ registry, progress: (text) => note(paint('grey', text)), signal });
    await builderImage.provide();
    await provideBuildAccess(client, namespace);
    const definition = imageBuildDefinition({ registry: registry.host, builderImage: builderImage.name });
    const options = { fieldManager: 'berth-build', force: true };
    await client.patch(CustomResourceDefinition, definition.metadata, 'apply', definition, options);
    print(`ImageBuild objects of the namespace ${namespace} are built`);
    return 0;
  });
}

function showsLines(progress: string | undefined, isTerminal: boolean): boolean {
  if (progress === undefined || progress === 'auto') return isTerminal;
  if (progress !== 'plain' && progress !== 'none')
    throw new UsageError(`--progress: ${JSON.stringify(progress)} is none of auto, plain, none`);
  return progress === 'plain';
}

function lineText(text: string, paint: Paint): string {
  if (/^(?:\[\d+\/\d+\] )?STEP \d/.test(text)) return paint('cyan', text);
  if (/^Error\b/.test(text)) return paint('red', text);
  return /^--> Using cache/.test(text) ? paint('green', text) : text;
}
