// Who listens where on this machine, from /proc/net and the open files of processes.
import type { Machine } from './machine.ts';

export interface Listener {
  protocol: 'tcp' | 'udp';
  /** `0.0.0.0` and `::` are every address. */
  host: string;
  port: number;
  inode: string;
}

export interface Holder {
  pid: number;
  name: string;
  command: string;
}

/** Of TCP, that somebody listens; of UDP, that somebody receives from anybody. */
const listening = { tcp: '0A', udp: '07' };

/** @param table /proc/net/tcp, tcp6, udp or udp6 */
export function listenersIn(table: string, protocol: 'tcp' | 'udp'): Listener[] {
  return table
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const fields = line.trim().split(/\s+/);
      const [, local = '', , state] = fields;
      const [address = '', port = ''] = local.split(':');
      const inode = fields[9];
      if (state !== listening[protocol] || inode === undefined) return [];
      return [{ protocol, host: hostOf(address), port: Number.parseInt(port, 16), inode }];
    });
}

/** The kernel writes addresses in words of four bytes, each in the machine's order. */
function hostOf(hex: string): string {
  const bytes = [...hex.matchAll(/.{8}/g)].flatMap(([word]) => [...Buffer.from(word, 'hex')].reverse());
  if (bytes.length === 4) return bytes.join('.');
  const isMapped = bytes.slice(0, 10).every((byte) => byte === 0) && bytes[10] === 255 && bytes[11] === 255;
  if (isMapped) return bytes.slice(12).join('.');
  if (bytes.every((byte) => byte === 0)) return '::';
  return [...Buffer.from(bytes).toString('hex').matchAll(/.{4}/g)].map(([group]) => group).join(':');
}

export function allListeners(machine: Machine): Listener[] {
  const table = (name: string, protocol: 'tcp' | 'udp') => listenersIn(machine.text(`/proc/net/${name}`) ?? '', protocol);
  return [...table('tcp', 'tcp'), ...table('tcp6', 'tcp'), ...table('udp', 'udp'), ...table('udp6', 'udp')];
}

/** By inode of the socket. Only root sees the open files of others. */
export function holdersOf(machine: Machine, inodes: ReadonlySet<string>): Map<string, Holder> {
  const found = new Map<string, Holder>();
  for (const pid of machine.names('/proc').filter((name) => /^\d+$/.test(name))) {
    for (const inode of socketsOf(machine, pid)) {
      if (inodes.has(inode) && !found.has(inode)) found.set(inode, holder(machine, pid));
    }
    if (found.size === inodes.size) break;
  }
  return found;
}

function socketsOf(machine: Machine, pid: string): string[] {
  const folder = `/proc/${pid}/fd`;
  try {
    return machine.names(folder).flatMap((fd) => {
      const inode = /^socket:\[(\d+)\]$/.exec(machine.linkTarget(`${folder}/${fd}`) ?? '')?.[1];
      return inode === undefined ? [] : [inode];
    });
  } catch (error) {
    // Another user's: that its holder is unknown is said where it is asked for.
    if ((error as NodeJS.ErrnoException).code === 'EACCES') return [];
    throw error;
  }
}

function holder(machine: Machine, pid: string): Holder {
  const command = (machine.text(`/proc/${pid}/cmdline`) ?? '').split('\0').join(' ').trim();
  return { pid: Number(pid), name: (machine.text(`/proc/${pid}/comm`) ?? '').trim(), command };
}
