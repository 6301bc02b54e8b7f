// A service in one form, whichever of its forms the file has: lists of what has a name are mappings, paths are absolute.

export interface Port {
  target: number;
  /** Absent: some port of the node. */
  published?: number;
  protocol: 'TCP' | 'UDP' | 'SCTP';
  hostIp?: string;
  name?: string;
  appProtocol?: string;
}

export interface Mount {
  type: 'volume' | 'bind' | 'tmpfs' | 'image';
  /** Absent of a volume without a name. Of a bind mount, absolute. */
  source?: string;
  target: string;
  readOnly?: boolean;
  subpath?: string;
  noCopy?: boolean;
  propagation?: string;
  /** Absent: made when it is not there. */
  createHostPath?: boolean;
  /** As it is written. */
  size?: string;
}

export interface FileUse {
  source: string;
  /** Absent: at its usual place. */
  target?: string;
  /** As it is written, octal. */
  mode?: string;
}

export type DependencyCondition = 'service_started' | 'service_healthy' | 'service_completed_successfully';

export interface Dependency {
  condition: DependencyCondition;
  required: boolean;
}

export interface EnvFile {
  path: string;
  required: boolean;
  isRaw: boolean;
}

export interface Healthcheck {
  test?: string[];
  interval?: string;
  timeout?: string;
  retries?: number;
  start_period?: string;
  start_interval?: string;
  disable?: boolean;
}

export interface Amounts {
  cpus?: string;
  memory?: string;
}

export interface Deploy {
  mode?: string;
  replicas?: number;
  labels?: Record<string, string | null>;
  resources?: { limits?: Amounts; reservations?: Amounts };
  restart_policy?: { condition?: string; max_attempts?: number };
  update_config?: { parallelism?: number; order?: string };
}

export interface Build {
  /** Absolute; absent: the project's folder. */
  context?: string;
  /** Relative to the context, in which it need not be; absent: Dockerfile. */
  dockerfile?: string;
  args?: Record<string, string | null>;
  labels?: Record<string, string | null>;
  target?: string;
  no_cache?: boolean;
  secrets?: Record<string, FileUse>;
}

export interface Service {
  annotations?: Record<string, string | null>;
  build?: Build;
  cap_add?: string[];
  cap_drop?: string[];
  command?: string[];
  configs?: Record<string, FileUse>;
  container_name?: string;
  cpus?: string;
  depends_on?: Record<string, Dependency>;
  deploy?: Deploy;
  dns?: string[];
  dns_opt?: string[];
  dns_search?: string[];
  entrypoint?: string[];
  env_file?: EnvFile[];
  environment?: Record<string, string | null>;
  expose?: string[];
  extra_hosts?: Record<string, string | null>;
  group_add?: string[];
  healthcheck?: Healthcheck;
  hostname?: string;
  image?: string;
  init?: boolean;
  ipc?: string;
  labels?: Record<string, string | null>;
  /** Alias → service. */
  links?: Record<string, string>;
  mem_limit?: string;
  mem_reservation?: string;
  network_mode?: string;
  networks?: Record<string, { aliases?: string[] }>;
  pid?: string;
  platform?: string;
  ports?: Record<string, Port>;
  privileged?: boolean;
  profiles?: string[];
  pull_policy?: string;
  read_only?: boolean;
  restart?: string;
  scale?: number;
  secrets?: Record<string, FileUse>;
  security_opt?: string[];
  shm_size?: string;
  stdin_open?: boolean;
  stop_grace_period?: string;
  sysctls?: Record<string, string | null>;
  tmpfs?: string[];
  tty?: boolean;
  user?: string;
  volumes?: Record<string, Mount>;
  working_dir?: string;
}

export interface VolumeDefinition {
  name?: string;
  external?: boolean;
  driver?: string;
  driver_opts?: Record<string, string | null>;
  labels?: Record<string, string | null>;
}

export interface FileDefinition {
  /** Absolute. */
  file?: string;
  environment?: string;
  content?: string;
  external?: boolean;
  name?: string;
}

export interface Model {
  name?: string;
  services: Record<string, Service>;
  volumes: Record<string, VolumeDefinition>;
  networks: Record<string, unknown>;
  configs: Record<string, FileDefinition>;
  secrets: Record<string, FileDefinition>;
}
