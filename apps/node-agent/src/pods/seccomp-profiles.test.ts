import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { provideSeccompProfiles, seccompProfiles } from './seccomp-profiles.ts';

test('a profile is where a pod names it, as a whole, and again after it was changed', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'berth-seccomp-'));
  try {
    for (let times = 0; times < 2; times++) await provideSeccompProfiles(directory);
    const read = JSON.parse(await readFile(join(directory, 'berth/image-build.json'), 'utf8'));
    expect(read).toEqual(seccompProfiles['berth/image-build.json']);
  } finally {
    await rm(directory, { recursive: true });
  }
});

test('builds make namespaces and mounts, and nothing that changes the kernel, its clock or other processes', () => {
  const { defaultAction, syscalls } = seccompProfiles['berth/image-build.json'];
  expect([defaultAction, syscalls.map(({ action }) => action)]).toEqual(['SCMP_ACT_ERRNO', ['SCMP_ACT_ALLOW']]);
  const names = new Set(syscalls.flatMap((group) => group.names));
  expect(['unshare', 'mount', 'umount2', 'pivot_root', 'chroot', 'clone'].filter((name) => !names.has(name))).toEqual([]);
  const refused = [
    'bpf',
    'init_module',
    'finit_module',
    'delete_module',
    'kexec_load',
    'perf_event_open',
    'keyctl',
    'add_key',
    'request_key',
  ];
  const others = [
    'open_by_handle_at',
    'reboot',
    'settimeofday',
    'clock_settime',
    'swapon',
    'acct',
    'userfaultfd',
    'io_uring_setup',
    'iopl',
  ];
  expect([...refused, ...others, 'process_vm_writev', 'quotactl', 'syslog'].filter((name) => names.has(name))).toEqual([]);
});
