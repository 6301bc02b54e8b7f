// Options that say what runs containers: a containerd of our own, by which programs, or one that somebody else runs.
import { resolve } from 'node:path';
import { type OptionValues, UsageError } from '@berth/telemetry/command-line';
import type { AgentConfig } from './config.ts';

export const runtimeUsage = `  --containerd PROGRAM        our own containerd, 1.6 to 2.x; a path brings the shim and ctr that lie beside it. Default: containerd
  --oci-runtime PROGRAM       what it runs containers with that choose no other by a RuntimeClass; default: runc, or crun where there is no runc
  --runtime-endpoint SOCKET   a containerd that somebody else runs; default: our own`;

export const runtimeOptions = {
  containerd: { type: 'string' },
  'oci-runtime': { type: 'string' },
  'runtime-endpoint': { type: 'string' },
} as const;

export function parseRuntime(values: OptionValues<typeof runtimeOptions>): Pick<AgentConfig, 'runtimeEndpoint' | 'programs'> {
  const { containerd, 'oci-runtime': ociRuntime, 'runtime-endpoint': runtimeEndpoint } = values;
  for (const own of ['containerd', 'oci-runtime'] as const) {
    if (values[own] === '') throw new UsageError(`--${own}: say which program`);
    if (values[own] !== undefined && runtimeEndpoint !== undefined)
      throw new UsageError(
        `--${own} and --runtime-endpoint exclude each other: configure the containerd that somebody else runs by itself`,
      );
  }
  return { runtimeEndpoint, programs: { containerd: program(containerd ?? 'containerd'), ociRuntime: ociRuntime && program(ociRuntime) } };
}

/** Names are looked up when they are needed; paths are of where the agent was started. */
function program(text: string): string {
  return text.includes('/') ? resolve(text) : text;
}
