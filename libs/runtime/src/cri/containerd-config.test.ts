import { expect, test } from 'vitest';
import { containerdConfig } from './containerd-config.ts';

const options = {
  ...{ root: '/r', state: '/s', socket: '/c.sock', cniConfigDirectory: '/cni', registryConfigDirectory: '/registries' },
  pauseImage: 'pause:1',
  restrictOomScoreAdj: false,
  runtimes: [
    { name: 'crun', path: '/usr/bin/crun' },
    { name: 'runc', path: '/usr/sbin/runc' },
  ] as const,
};
const config = (major: number, minor: number) =>
  containerdConfig({ ...options, version: { major, minor }, runtimes: [...options.runtimes] });

/** Lines of one table. */
function table(text: string, name: string): string[] {
  const [, after] = text.split(`[${name}]\n`);
  return (
    after
      ?.split('\n\n')[0]
      ?.split('\n')
      .filter((line) => line !== '') ?? []
  );
}

test('CRI is one part of containerd 1, and three of containerd 2', () => {
  expect(config(1, 7)).toMatch(/^version = 2\n/);
  expect(config(1, 6)).toBe(config(1, 7));
  expect(table(config(1, 6), 'plugins."io.containerd.grpc.v1.cri"')).toContain('sandbox_image = "pause:1"');
  expect(config(2, 0)).toMatch(/^version = 3\n/);
  expect(table(config(2, 4), 'plugins."io.containerd.cri.v1.images".pinned_images')).toEqual(['sandbox = "pause:1"']);
  expect(table(config(2, 4), 'plugins."io.containerd.cri.v1.runtime"')).toContain('netns_mounts_under_state_dir = true');
});

test('where CNI plugins are is a list since 2.1', () => {
  expect(table(config(2, 0), 'plugins."io.containerd.cri.v1.runtime".cni')[0]).toBe('bin_dir = "/usr/lib/cni"');
  expect(table(config(2, 1), 'plugins."io.containerd.cri.v1.runtime".cni')[0]).toBe('bin_dirs = ["/usr/lib/cni"]');
});

test.each([1, 2])('each OCI runtime is a handler of containerd %i, and the first one that of pods which choose none', (major) => {
  const runtime = major === 1 ? 'plugins."io.containerd.grpc.v1.cri".containerd' : 'plugins."io.containerd.cri.v1.runtime".containerd';
  const text = config(major, 4);
  expect(table(text, runtime)).toContain('default_runtime_name = "crun"');
  for (const { name, path } of options.runtimes)
    expect(table(text, `${runtime}.runtimes."${name}".options`)).toEqual([
      `BinaryName = ${JSON.stringify(path)}`,
      'SystemdCgroup = false',
      `Root = "/s/${name}"`,
    ]);
});
