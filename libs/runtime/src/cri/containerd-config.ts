// The configuration of Berth's own containerd (config.toml, version 2). Pure. Plugins for file systems that are not used are
// off, as each of them costs start-up time. Network namespaces and runc's state lie below its own state, so that what is left behind
// is known to be its own. Network namespaces are mounted below the state folder, so that those of one agent can be
// told from another's.

export interface ContainerdPaths {
  root: string;
  state: string;
  socket: string;
  cniConfigDirectory: string;
  registryConfigDirectory: string;
}

export interface ContainerdConfigOptions extends ContainerdPaths {
  pauseImage: string;
  /** Without CAP_SYS_RESOURCE, oom_score_adj cannot be lowered, and containerd must not try. */
  restrictOomScoreAdj: boolean;
}

const disabledPlugins = [
  'io.containerd.snapshotter.v1.aufs',
  'io.containerd.snapshotter.v1.btrfs',
  'io.containerd.snapshotter.v1.devmapper',
  'io.containerd.snapshotter.v1.zfs',
  'io.containerd.internal.v1.opt',
  'io.containerd.tracing.processor.v1.otlp',
  'io.containerd.internal.v1.tracing',
];

export function containerdConfig(options: ContainerdConfigOptions): string {
  const text = JSON.stringify;
  return `version = 2
root = ${text(options.root)}
state = ${text(options.state)}
disabled_plugins = ${text(disabledPlugins)}

[grpc]
address = ${text(options.socket)}

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = ${text(options.pauseImage)}
restrict_oom_score_adj = ${options.restrictOomScoreAdj}
stream_server_address = "127.0.0.1"
stream_server_port = "0"
max_container_log_line_size = 262144
enable_unprivileged_ports = true
disable_apparmor = true
tolerate_missing_hugetlb_controller = true
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "overlayfs"
default_runtime_name = "runc"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
SystemdCgroup = false
Root = ${text(`${options.state}/runc`)}

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = ${text(options.cniConfigDirectory)}
max_conf_num = 1

[plugins."io.containerd.grpc.v1.cri".registry]
config_path = ${text(options.registryConfigDirectory)}
`;
}
