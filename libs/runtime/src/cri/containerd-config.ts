// The configuration of Berth's own containerd (config.toml): version 2 of it for containerd 1, version 3 for 2, where CRI's part has been divided in
// three. Pure. Plugins for file systems that are not used are off, as each of them costs start-up time. Network namespaces and the state of OCI
// runtimes lie below its own state, so that what is left behind is known to be its own.
import type { ContainerdVersion, OciRuntime } from './containerd-programs.ts';

export interface ContainerdPaths {
  root: string;
  state: string;
  socket: string;
  cniConfigDirectory: string;
  registryConfigDirectory: string;
}

export interface ContainerdConfigOptions extends ContainerdPaths {
  version: ContainerdVersion;
  pauseImage: string;
  /** The first one is for pods that choose none. */
  runtimes: readonly [OciRuntime, ...OciRuntime[]];
  /** Without CAP_SYS_RESOURCE, oom_score_adj cannot be lowered, and containerd must not try. */
  restrictOomScoreAdj: boolean;
}

const cniPlugins = '/usr/lib/cni';
const disabledPlugins = [
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.blockfile',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.erofs',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.internal.v1.opt',
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.internal.v1.tracing',
];

const text = JSON.stringify;

export function containerdConfig(options: ContainerdConfigOptions): string {
  const { version } = options;
  const head = `version = ${version.major < 2 ? 2 : 3}
root = ${text(options.root)}
state = ${text(options.state)}
disabled_plugins = ${text(disabledPlugins)}

[grpc]
address = ${text(options.socket)}
`;
  return `${head}\n${version.major < 2 ? ofVersion1(options) : ofVersion2(options)}`;
}

function ofVersion1(options: ContainerdConfigOptions): string {
  const cri = '[plugins."io.containerd.grpc.v1.cri"';
  return `${cri}]
sandbox_image = ${text(options.pauseImage)}
stream_server_address = "127.0.0.1"
stream_server_port = "0"
${podSettings(options)}
${cri}.containerd]
snapshotter = "overlayfs"
${runtimeSettings(cri, options)}
${cri}.cni]
bin_dir = ${text(cniPlugins)}
${networkSettings(options)}
${cri}.registry]
config_path = ${text(options.registryConfigDirectory)}
`;
}

function ofVersion2(options: ContainerdConfigOptions): string {
  const [images, runtime] = ['[plugins."io.containerd.cri.v1.images"', '[plugins."io.containerd.cri.v1.runtime"'];
  // Since 2.1 there may be several, and 2.4 knows the old name no more.
  const plugins =
    options.version.major === 2 && options.version.minor < 1 ? `bin_dir = ${text(cniPlugins)}` : `bin_dirs = [${text(cniPlugins)}]`;
  return `[plugins."io.containerd.grpc.v1.cri"]
stream_server_address = "127.0.0.1"
stream_server_port = "0"

[plugins."io.containerd.nri.v1.nri"]
disable = true

${images}]
snapshotter = "overlayfs"

${images}.pinned_images]
sandbox = ${text(options.pauseImage)}

${images}.registry]
config_path = ${text(options.registryConfigDirectory)}

${runtime}]
${podSettings(options)}
${runtime}.containerd]
${runtimeSettings(runtime, options)}
${runtime}.cni]
${plugins}
${networkSettings(options)}`;
}

function podSettings({ restrictOomScoreAdj }: ContainerdConfigOptions): string {
  return `restrict_oom_score_adj = ${restrictOomScoreAdj}
max_container_log_line_size = 262144
enable_unprivileged_ports = true
disable_apparmor = true
tolerate_missing_hugetlb_controller = true
netns_mounts_under_state_dir = true
`;
}

/** @param part the beginning of the table's name */
function runtimeSettings(part: string, { runtimes, state }: ContainerdConfigOptions): string {
  const handlers = runtimes.map(
    ({ name, path }) => `
${part}.containerd.runtimes.${text(name)}]
runtime_type = "io.containerd.runc.v2"

${part}.containerd.runtimes.${text(name)}.options]
BinaryName = ${text(path)}
SystemdCgroup = false
Root = ${text(`${state}/${name}`)}
`,
  );
  return `default_runtime_name = ${text(runtimes[0].name)}\n${handlers.join('')}`;
}

function networkSettings({ cniConfigDirectory }: ContainerdConfigOptions): string {
  return `conf_dir = ${text(cniConfigDirectory)}
max_conf_num = 1
`;
}
