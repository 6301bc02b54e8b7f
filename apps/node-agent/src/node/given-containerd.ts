// A containerd that somebody else runs: where it looks for the network's configuration and keeps its images, found out from itself.
import { CriRuntime } from '@berth/runtime';

export interface GivenContainerd {
  rootDirectory: string;
  cniConfigDirectory: string;
}

/** @throws Error naming the remedy where pods could not run in it */
export async function givenContainerd(socket: string): Promise<GivenContainerd> {
  const runtime = new CriRuntime(socket);
  try {
    const { rootDirectory, cniConfigDirectory, systemdHandlers } = await runtime.configuration();
    if (rootDirectory === undefined || cniConfigDirectory === undefined)
      throw new Error(
        `--runtime-endpoint: the containerd at ${socket} does not say how it is configured; leave the option out for our own`,
      );
    if (systemdHandlers.length > 0)
      throw new Error(
        `--runtime-endpoint: the containerd at ${socket} has systemd make the cgroups of ${systemdHandlers.join(', ')}, and Berth makes those of pods itself: set SystemdCgroup = false there`,
      );
    return { rootDirectory, cniConfigDirectory };
  } finally {
    runtime.close();
  }
}
