// The keys of a service, as the Compose specification names them. A key that Berth does not act on says why.
import { type Fields, inert, mapping, type Shape, text, textOrTexts, texts } from './shape.ts';

const any: Shape = 'anything';
const kernel = 'the cgroups of pods have cpu and memory limits alone';
const network = 'all services share the network of the pods';

const healthcheck: Shape = {
  fields: {
    test: textOrTexts,
    interval: text,
    timeout: text,
    retries: 'integer',
    start_period: text,
    start_interval: text,
    disable: 'boolean',
  },
};

const portFields: Fields = {
  target: text,
  published: text,
  protocol: text,
  host_ip: text,
  name: text,
  app_protocol: text,
  mode: inert(text, 'a published port leads to every replica'),
};

const mountFields: Fields = {
  type: text,
  source: text,
  target: text,
  read_only: 'boolean',
  consistency: inert(text, 'a volume is always consistent'),
  bind: {
    fields: {
      propagation: text,
      create_host_path: 'boolean',
      selinux: inert(text, 'nothing is relabelled'),
      recursive: inert(text, 'mounts within it are as they are on the node'),
    },
  },
  volume: { fields: { nocopy: 'boolean', subpath: text, labels: inert(mapping, 'label the volume itself') } },
  tmpfs: { fields: { size: text, mode: inert(text, 'such a volume has mode 1777') } },
  image: { fields: { subpath: text } },
};

const fileUse: Shape = {
  list: {
    oneOf: [
      'text',
      {
        fields: {
          source: text,
          target: text,
          mode: text,
          uid: inert(text, 'files belong to root'),
          gid: inert(text, 'files belong to root'),
        },
      },
    ],
  },
};

const amounts: Fields = {
  cpus: text,
  memory: text,
  pids: inert('integer', kernel),
  devices: inert(any, 'ask for devices with a claim of resource.k8s.io'),
  generic_resources: inert(any, 'they are of Swarm'),
};

const updates: Fields = {
  parallelism: 'integer',
  order: text,
  delay: inert(text, 'a replica is replaced once the one before is ready'),
  monitor: inert(text, 'a rollout waits for readiness'),
  failure_action: inert(text, 'kubectl rollout undo goes back'),
  max_failure_ratio: inert('number', 'a rollout waits for readiness'),
};

const deploy: Shape = {
  fields: {
    mode: text,
    replicas: 'integer',
    labels: mapping,
    resources: { fields: { limits: { fields: amounts }, reservations: { fields: amounts } } },
    restart_policy: {
      fields: {
        condition: text,
        max_attempts: 'integer',
        delay: inert(text, 'restarts back off by themselves'),
        window: inert(text, 'restarts back off by themselves'),
      },
    },
    update_config: { fields: updates },
    rollback_config: inert({ fields: updates }, 'kubectl rollout undo goes back'),
    placement: inert(any, 'the scheduler places pods'),
    endpoint_mode: inert(text, 'names of services lead to the replicas'),
  },
};

const own = 'the pod that builds is like all others';

const build: Shape = {
  oneOf: [
    text,
    {
      fields: {
        context: text,
        dockerfile: text,
        dockerfile_inline: text,
        args: mapping,
        labels: mapping,
        target: text,
        no_cache: 'boolean',
        secrets: fileUse,
        additional_contexts: inert(any, 'copy from an image of its own: COPY --from=IMAGE'),
        cache_from: inert(any, 'layers of earlier builds are used by themselves'),
        cache_to: inert(any, 'layers of earlier builds are used by themselves'),
        entitlements: inert(any, own),
        extra_hosts: inert(any, own),
        isolation: inert(text, 'it is of Windows'),
        network: inert(text, own),
        platforms: inert(any, 'nodes are x86-64'),
        privileged: inert('boolean', 'builds have no privileges'),
        provenance: inert(any, 'none is recorded'),
        pull: inert('boolean', 'base images are looked up by their names with every build'),
        sbom: inert(any, 'none is made'),
        shm_size: inert(text, own),
        ssh: inert(any, 'use a secret'),
        tags: inert(any, 'the image has the name that image says'),
        ulimits: inert(any, own),
      },
    },
  ],
};

const conditions: Shape = {
  map: { fields: { condition: text, required: 'boolean', restart: inert('boolean', 'nothing restarts with it') } },
};

export const serviceFields: Fields = {
  annotations: mapping,
  attach: inert('boolean', 'up does not stay with the output: berth compose logs -f shows it'),
  blkio_config: inert(any, kernel),
  build,
  cap_add: texts,
  cap_drop: texts,
  cgroup: inert(text, 'pods have cgroups of their own'),
  cgroup_parent: inert(text, 'pods have cgroups of their own'),
  command: textOrTexts,
  configs: fileUse,
  container_name: text,
  cpu_count: inert(text, 'use cpus'),
  cpu_percent: inert(text, 'use cpus'),
  cpu_period: inert(text, 'use cpus'),
  cpu_quota: inert(text, 'use cpus'),
  cpu_rt_period: inert(text, kernel),
  cpu_rt_runtime: inert(text, kernel),
  cpu_shares: inert(text, 'use deploy.resources.reservations.cpus'),
  cpus: text,
  cpuset: inert(text, kernel),
  credential_spec: inert(any, 'it is of Windows'),
  depends_on: { oneOf: [texts, conditions] },
  deploy,
  develop: inert(any, 'there is no berth compose watch'),
  device_cgroup_rules: inert(texts, 'use privileged'),
  devices: inert(any, 'use privileged, which gives all devices of the node'),
  dns: textOrTexts,
  dns_opt: texts,
  dns_search: textOrTexts,
  domainname: inert(text, 'pods are in the domain of the cluster'),
  driver_opts: inert(any, network),
  entrypoint: textOrTexts,
  env_file: { oneOf: [text, { list: { oneOf: ['text', { fields: { path: text, required: 'boolean', format: text } }] } }] },
  environment: mapping,
  expose: texts,
  extends: { oneOf: ['text', { fields: { service: text, file: text } }] },
  external_links: inert(texts, 'name services of other projects as SERVICE.PROJECT'),
  extra_hosts: mapping,
  gpus: inert(any, 'ask for devices with a claim of resource.k8s.io'),
  group_add: texts,
  healthcheck,
  hostname: text,
  image: text,
  init: 'boolean',
  ipc: text,
  isolation: inert(text, 'it is of Windows'),
  label_file: inert(textOrTexts, 'write the labels under labels'),
  labels: mapping,
  links: texts,
  logging: inert(any, 'the node keeps and rotates logs: berth compose logs shows them'),
  mac_address: inert(text, network),
  mem_limit: text,
  mem_reservation: text,
  mem_swappiness: inert(text, kernel),
  memswap_limit: inert(text, kernel),
  models: inert(any, 'there are no models'),
  network_mode: text,
  networks: {
    oneOf: [
      texts,
      {
        map: {
          fields: {
            aliases: texts,
            ipv4_address: inert(text, 'pods get their addresses from the node'),
            ipv6_address: inert(text, 'pods get their addresses from the node'),
            link_local_ips: inert(texts, 'pods get their addresses from the node'),
            mac_address: inert(text, network),
            driver_opts: inert(any, network),
            interface_name: inert(text, network),
            gw_priority: inert('number', network),
            priority: inert('number', network),
          },
        },
      },
    ],
  },
  oom_kill_disable: inert('boolean', kernel),
  oom_score_adj: inert('integer', 'the node sets it by what memory is reserved'),
  pid: text,
  pids_limit: inert('integer', kernel),
  platform: text,
  ports: { list: { oneOf: ['text', { fields: portFields }] } },
  post_start: inert(any, 'run it in the container itself'),
  pre_stop: inert(any, 'handle the signal in the container itself'),
  privileged: 'boolean',
  profiles: texts,
  provider: inert(any, 'nothing but containers is run'),
  pull_policy: text,
  pull_refresh_after: inert(text, 'use pull_policy: always'),
  read_only: 'boolean',
  restart: text,
  runtime: inert(text, 'the runtime is that of the node'),
  scale: 'integer',
  secrets: fileUse,
  security_opt: texts,
  shm_size: text,
  stdin_open: 'boolean',
  stop_grace_period: text,
  stop_signal: inert(text, "the image's own signal is sent"),
  storage_opt: inert(any, 'containers have the disk of the node'),
  sysctls: mapping,
  tmpfs: textOrTexts,
  tty: 'boolean',
  ulimits: inert(any, 'limits are those of the node'),
  use_api_socket: inert('boolean', 'there is no Docker socket'),
  user: text,
  userns_mode: inert(text, 'containers have the users of the node'),
  uts: inert(text, 'pods have host names of their own'),
  volumes: { list: { oneOf: ['text', { fields: mountFields }] } },
  volumes_from: inert(texts, 'name the volumes in both services'),
  working_dir: text,
};
