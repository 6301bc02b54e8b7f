// Which of the capabilities that a container asks for this node can give. runc leaves out the others without a word, so that the
// container fails later and elsewhere; here they are told of. Names by number: capabilities(7), linux/capability.h.
import { readFileSync } from 'node:fs';

const names = [
  ...['CHOWN', 'DAC_OVERRIDE', 'DAC_READ_SEARCH', 'FOWNER', 'FSETID', 'KILL', 'SETGID', 'SETUID', 'SETPCAP', 'LINUX_IMMUTABLE'],
  ...['NET_BIND_SERVICE', 'NET_BROADCAST', 'NET_ADMIN', 'NET_RAW', 'IPC_LOCK', 'IPC_OWNER', 'SYS_MODULE', 'SYS_RAWIO', 'SYS_CHROOT'],
  ...['SYS_PTRACE', 'SYS_PACCT', 'SYS_ADMIN', 'SYS_BOOT', 'SYS_NICE', 'SYS_RESOURCE', 'SYS_TIME', 'SYS_TTY_CONFIG', 'MKNOD', 'LEASE'],
  ...['AUDIT_WRITE', 'AUDIT_CONTROL', 'SETFCAP', 'MAC_OVERRIDE', 'MAC_ADMIN', 'SYSLOG', 'WAKE_ALARM', 'BLOCK_SUSPEND', 'AUDIT_READ'],
  ...['PERFMON', 'BPF', 'CHECKPOINT_RESTORE'],
];

/** The bounding set of this process, which containers inherit, e.g. `NET_ADMIN`. */
export function nodeCapabilities(): Set<string> {
  const mask = /^CapBnd:\s*([0-9a-f]+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  if (mask === undefined) throw new Error('/proc/self/status does not state CapBnd');
  const bits = BigInt(`0x${mask}`);
  return new Set(names.filter((_name, number) => (bits & (1n << BigInt(number))) !== 0n));
}

/** @param added as a pod states them: with or without `CAP_`, in any case; `ALL` asks for no particular one */
export function missingCapabilities(added: string[], available: ReadonlySet<string>): string[] {
  const wanted = added.map((name) => name.toUpperCase().replace(/^CAP_/, '')).filter((name) => name !== 'ALL');
  return wanted.filter((name) => !available.has(name)).map((name) => `CAP_${name}`);
}
