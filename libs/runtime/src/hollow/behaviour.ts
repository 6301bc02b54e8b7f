// What a simulated container does, read from its image's name, so that plain YAML can ask for any failure:
//   hollow/exit:3              ends with code 3 at once        hollow/exit:3-after-5000   … after 5,000 ms
//   hollow/crash:60000         ends with 1 after a random time, 60,000 ms on average
//   hollow/oom:2000            is OOM killed after 2,000 ms    hollow/stubborn            ignores the stop signal
//   hollow/start-error         cannot be started               hollow/echo:8080           answers on TCP port 8080
//   hollow/create-error        cannot be created
//   hollow/missing             cannot be pulled                hollow/slow-pull:3000      takes 3,000 ms longer to pull
// Every other image runs until it is stopped.
import type { Random } from '@berth/telemetry';

export interface HollowBehaviour {
  /** How it ends by itself; absent runs until stopped. */
  end?: { afterMs: number; exitCode: number; reason: 'Completed' | 'Error' | 'OOMKilled' };
  ignoresStopSignal: boolean;
  createError?: string;
  startError?: string;
  listensOn?: number;
}

export interface HollowPull {
  extraDelayMs: number;
  error?: string;
}

interface HollowImage {
  name: string;
  argument: string;
}

function parse(image: string): HollowImage {
  const match = /(?:^|\/)hollow\/([a-z-]+)(?::([A-Za-z0-9_.-]+))?(?:@.*)?$/.exec(image);
  return { name: match?.[1] ?? '', argument: match?.[2] ?? '' };
}

const leadingNumber = (text: string, otherwise: number) => Number(/^\d+/.exec(text)?.[0] ?? otherwise);

function endOf(image: HollowImage, random: Random): HollowBehaviour['end'] {
  switch (image.name) {
    case 'exit': {
      const exitCode = leadingNumber(image.argument, 0);
      const afterMs = Number(/-after-(\d+)/.exec(image.argument)?.[1] ?? 0);
      return { afterMs, exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' };
    }
    case 'crash':
      return { afterMs: Math.round(-Math.log(1 - random.next()) * leadingNumber(image.argument, 60_000)), exitCode: 1, reason: 'Error' };
    case 'oom':
      return { afterMs: leadingNumber(image.argument, 0), exitCode: 137, reason: 'OOMKilled' };
    default:
      return undefined;
  }
}

export function hollowBehaviour(imageName: string, random: Random): HollowBehaviour {
  const image = parse(imageName);
  return {
    end: endOf(image, random),
    ignoresStopSignal: image.name === 'stubborn',
    createError: image.name === 'create-error' ? 'failed to generate container spec: no command specified' : undefined,
    startError: image.name === 'start-error' ? 'exec: "/missing": stat /missing: no such file or directory' : undefined,
    listensOn: image.name === 'echo' ? leadingNumber(image.argument, 80) : undefined,
  };
}

export function hollowPull(imageName: string): HollowPull {
  const image = parse(imageName);
  if (image.name === 'missing') return { extraDelayMs: 0, error: 'not found' };
  return { extraDelayMs: image.name === 'slow-pull' ? leadingNumber(image.argument, 1000) : 0 };
}
