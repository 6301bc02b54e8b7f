// `berth build`: what is typed and shown. Exit codes: 0 built and pushed, 1 not (the reason is on the standard error), 2 wrong usage.
import { systemClock } from '@berth/telemetry';
import { UsageError } from '@berth/telemetry/command-line';
import { readAsked } from '../ask/cluster-options.ts';
import type { Paint } from '../terminal.ts';
import { buildOptions, buildUsage, buildWish } from './build-options.ts';
import { buildImage } from './image-build.ts';

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
