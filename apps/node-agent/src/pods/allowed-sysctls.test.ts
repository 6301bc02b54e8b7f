import { expect, test } from 'vitest';
import { forbiddenSysctl, safeSysctls, sysctlNamespace } from './allowed-sysctls.ts';

const own = { network: false, ipc: false };

test.each([
  ['net.ipv4.tcp_syncookies', own, undefined],
  ['net/ipv4/tcp_syncookies', own, undefined],
  ['net.core.somaxconn', own, '"net.core.somaxconn" not allowlisted'],
  ['kernel.msgmax', own, undefined],
  ['kernel.shmmax', own, '"kernel.shmmax" not allowlisted'],
  ['net.ipv4.tcp_syncookies', { network: true, ipc: false }, '"net.ipv4.tcp_syncookies" not allowed with host Net enabled'],
  ['kernel.shm_rmid_forced', { network: false, ipc: true }, '"kernel.shm_rmid_forced" not allowed with host IPC enabled'],
  ['kernel.msgmax', { network: true, ipc: false }, undefined],
])('%s with the host’s %o: %j', (name, host, expected) => {
  expect(forbiddenSysctl(name, [...safeSysctls, 'kernel.msg*'], host)).toBe(expected);
});

test.each([
  ['kernel.msg*', 'IPC'],
  ['net.*', 'Net'],
  ['fs.mqueue.msg_max', 'IPC'],
  ['kernel.panic', undefined],
  ['vm.swappiness', undefined],
  ['*', undefined],
])('%s is kept apart by %s', (pattern, namespace) => {
  expect(sysctlNamespace(pattern)).toBe(namespace);
});
