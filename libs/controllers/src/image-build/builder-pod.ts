// The pod that waits for builds, one after another, with the rights and limits of one that builds once: layers and files of the build before are
// at hand, and nothing has to start. It ends by itself once there was no build for so long. Pure.
import type { Pod } from '@berth/api';
import { type BuildRequest, buildEnvironment, type PodRequest, podOf } from './build-pod.ts';

export const builderLabel = 'berth.io/builder';
export const keepSecondsDefault = 600;

export interface BuilderRequest extends PodRequest {
  name: string;
  namespace: string;
  /** Without a build. */
  keepSeconds: number;
}

export function builderPod(request: BuilderRequest): Pod {
  const { name, namespace, keepSeconds } = request;
  return podOf(request, {
    metadata: { name, namespace, labels: { [builderLabel]: name, 'app.kubernetes.io/managed-by': 'berth' } },
    command: ['/bin/sh', '/usr/bin/berth-builder'],
    environment: { KEEP_SECONDS: String(keepSeconds) },
    mounts: [],
  });
}

/** What a builder is asked to run; files and arguments come on its input. */
export function builderCommand(request: Pick<BuildRequest, 'registry' | 'image' | 'dockerfile' | 'timeoutSeconds'>): string[] {
  const values = { ...buildEnvironment(request), TIMEOUT_SECONDS: String(request.timeoutSeconds) };
  const variables = Object.entries(values).map(([name, value]) => `${name}=${value}`);
  return ['env', ...variables, '/bin/sh', '/usr/bin/berth-builder-run'];
}
