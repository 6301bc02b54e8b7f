import { expect, test } from 'vitest';
import { criConfiguration } from './cri-configuration.ts';

test('a containerd says where it looks, and which handlers leave cgroups to systemd', () => {
  const runtimes = {
    runc: { options: { SystemdCgroup: true, BinaryName: '' } },
    crun: { options: { SystemdCgroup: false } },
    kata: { options: null },
  };
  const said = { containerdRootDir: '/r', stateDir: '/s', cni: { binDir: '/b', confDir: '/etc/cni/net.d' }, containerd: { runtimes } };
  expect(criConfiguration(JSON.stringify(said))).toEqual({
    rootDirectory: '/r',
    stateDirectory: '/s',
    cniConfigDirectory: '/etc/cni/net.d',
    systemdHandlers: ['runc'],
  });
});

test('one that says nothing is not guessed at', () => {
  for (const info of [undefined, '{}'])
    expect(criConfiguration(info)).toEqual({
      rootDirectory: undefined,
      stateDirectory: undefined,
      cniConfigDirectory: undefined,
      systemdHandlers: [],
    });
});
