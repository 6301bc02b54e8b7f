// How a containerd is configured, as its CRI says when it is asked for more than usual: in one form from 1.6 to 2.x. For one that somebody else
// runs there is no other way to know where it looks for what the agent writes. Pure.

export interface CriConfiguration {
  /** Of all of containerd. */
  rootDirectory: string | undefined;
  /** Of its CRI. */
  stateDirectory: string | undefined;
  cniConfigDirectory: string | undefined;
  /** Names of the handlers that have systemd make their cgroups. */
  systemdHandlers: string[];
}

interface Said {
  containerdRootDir?: string;
  stateDir?: string;
  cni?: { confDir?: string };
  containerd?: { runtimes?: Record<string, { options?: { SystemdCgroup?: boolean } | null }> };
}

/** @param info the `config` of a verbose status */
export function criConfiguration(info: string | undefined): CriConfiguration {
  const { containerdRootDir, stateDir, cni, containerd }: Said = JSON.parse(info ?? '{}');
  const handlers = Object.entries(containerd?.runtimes ?? {});
  return {
    rootDirectory: containerdRootDir,
    stateDirectory: stateDir,
    cniConfigDirectory: cni?.confDir,
    systemdHandlers: handlers.filter(([, { options }]) => options?.SystemdCgroup === true).map(([name]) => name),
  };
}
