// What an agent makes on its machine for pods and volumes, as it is found there: loop devices, mounts, processes that hold containers,
// network namespaces, cgroups and folders of logs. Whose each is, is in its name or beside it.
import { basename, join } from 'node:path';
import { isRecord } from '@berth/machinery';
import type { Machine } from './machine.ts';
import type { NodePlace } from './places.ts';

export type LeftoverKind = 'loop devices' | 'mounts' | 'shims' | 'network namespaces' | 'cgroups' | 'log folders';

export const leftoverKinds: LeftoverKind[] = ['loop devices', 'mounts', 'shims', 'network namespaces', 'cgroups', 'log folders'];

export interface Trace {
  kind: LeftoverKind;
  name: string;
  /** Undefined where nobody can be named. */
  pod?: string;
  /** The file of a volume. */
  volumeFile?: string;
}

const shimProgram = 'containerd-shim-';
const taskFolder = 'io.containerd.runtime.v2.task/k8s.io';
const podUid = /^[0-9a-f-]{32,36}$/;

/** @throws Error when it may not be read: root may */
export function tracesOf(machine: Machine, node: NodePlace): Trace[] {
  const sandboxes = sandboxesOf(machine, node);
  return [
    ...loopDevices(machine, node),
    ...mounts(machine.text('/proc/self/mountinfo') ?? '', node),
    ...shims(machine, node, sandboxes),
    ...networkNamespaces(machine, node, sandboxes),
    ...cgroups(machine, node),
    ...logFolders(machine, node),
  ];
}

function loopDevices(machine: Machine, { directory }: NodePlace): Trace[] {
  return machine.names('/sys/block').flatMap((name): Trace[] => {
    const file = name.startsWith('loop') ? machine.text(`/sys/block/${name}/loop/backing_file`)?.trim() : undefined;
    if (!file?.startsWith(`${directory}/`)) return [];
    return [{ kind: 'loop devices', name: `/dev/${name} of ${file}`, volumeFile: file.replace(/ \(deleted\)$/, '') }];
  });
}

/** @param mountinfo whose paths have their blanks as \040 */
export function mounts(mountinfo: string, { directory }: Pick<NodePlace, 'directory'>): Trace[] {
  const root = `${join(directory, 'pods')}/`;
  return mountinfo.split('\n').flatMap((line): Trace[] => {
    const path = (line.split(' ')[4] ?? '').replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
    if (!path.startsWith(root)) return [];
    return [{ kind: 'mounts', name: path, pod: path.slice(root.length).split('/')[0] }];
  });
}

interface Sandbox {
  pod: string;
  networkNamespace: string | undefined;
}

/** By id, from what containerd's shims were started with. */
function sandboxesOf(machine: Machine, { directory }: NodePlace): Map<string, Sandbox> {
  const folder = join(directory, 'c', 'state', taskFolder);
  const found = new Map<string, Sandbox>();
  for (const id of machine.names(folder)) {
    const config = machine.text(join(folder, id, 'config.json'));
    const sandbox = config === undefined ? undefined : sandboxIn(config);
    if (sandbox) found.set(id, sandbox);
  }
  return found;
}

/** @param config of a bundle, as runc reads it: its cgroup is below that of its pod */
export function sandboxIn(config: string): Sandbox | undefined {
  const value: unknown = JSON.parse(config);
  if (!isRecord(value) || !isRecord(value.linux)) return undefined;
  const { cgroupsPath, namespaces } = value.linux;
  const pod = /\/pod([0-9a-f-]+)\//.exec(String(cgroupsPath))?.[1];
  if (pod === undefined) return undefined;
  const listed: unknown[] = Array.isArray(namespaces) ? namespaces : [];
  const network = listed.filter(isRecord).find(({ type }) => type === 'network')?.path;
  return { pod, networkNamespace: typeof network === 'string' ? network : undefined };
}

function shims(machine: Machine, { directory }: NodePlace, sandboxes: ReadonlyMap<string, Sandbox>): Trace[] {
  return machine
    .names('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid): Trace[] => {
      const args = (machine.text(`/proc/${pid}/cmdline`) ?? '').split('\0');
      if (!basename(args[0] ?? '').startsWith(shimProgram)) return [];
      const id = args[args.indexOf('-id') + 1] ?? '';
      // Another containerd's are none of ours; its bundles lie elsewhere, and it may listen below /run when its own path is too long.
      const bundle = machine.linkTarget(`/proc/${pid}/cwd`) ?? '';
      if (!bundle.startsWith(`${directory}/`)) return [];
      return [{ kind: 'shims', name: `process ${pid} (${id.slice(0, 12)})`, pod: sandboxes.get(id)?.pod }];
    });
}

function networkNamespaces(machine: Machine, { directory }: NodePlace, sandboxes: ReadonlyMap<string, Sandbox>): Trace[] {
  const folder = join(directory, 'c', 'state', 'io.containerd.grpc.v1.cri', 'netns');
  const owners = new Map([...sandboxes.values()].map(({ networkNamespace = '', pod }) => [basename(networkNamespace), pod]));
  return machine.names(folder).map((name) => ({ kind: 'network namespaces', name: join(folder, name), pod: owners.get(name) }));
}

function cgroups(machine: Machine, { instance }: NodePlace): Trace[] {
  const root = '/sys/fs/cgroup';
  const trees = machine.exists(`${root}/cgroup.controllers`) ? [root] : machine.names(root).map((name) => `${root}/${name}`);
  const found = new Set(trees.flatMap((tree) => machine.names(`${tree}/berth-${instance}`)));
  return [...found]
    .filter((name) => name.startsWith('pod') && podUid.test(name.slice('pod'.length)))
    .map((name) => ({ kind: 'cgroups', name: `/berth-${instance}/${name}`, pod: name.slice('pod'.length) }));
}

/** NAMESPACE_NAME_UID, neither of which has an underscore. */
function logFolders(machine: Machine, { logDirectory }: NodePlace): Trace[] {
  const folder = join(logDirectory, 'pods');
  return machine.names(folder).flatMap((name): Trace[] => {
    const [namespace, pod, uid, ...more] = name.split('_');
    if (!namespace || !pod || !uid || more.length > 0) return [];
    return [{ kind: 'log folders', name: join(folder, name), pod: uid }];
  });
}
