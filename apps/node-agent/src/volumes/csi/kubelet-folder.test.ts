import { expect, test } from 'vitest';
import { KubeletFolder, namesKubeletFolder } from './kubelet-folder.ts';

const folder = new KubeletFolder('/srv/berth/node');

test.each([
  ['/var/lib/kubelet/pods', '/srv/berth/node/pods'],
  ['/var/lib/kubelet/plugins/x/csi.sock', '/srv/berth/node/plugins/x/csi.sock'],
  ['/var/lib/kubelet', '/srv/berth/node'],
  ['/var/lib/kubelet/', '/srv/berth/node'],
  ['/var/lib/kubelet/../secrets', '/var/lib/kubelet/../secrets'],
  ['/var/lib/kubelet-of-another', '/var/lib/kubelet-of-another'],
  ['/var/lib', '/var/lib'],
  ['/var/lib/kubelet/..data', '/srv/berth/node/..data'],
])('what pods know as %s is %s on this host', (path, onHost) => {
  expect(folder.onHost(path)).toBe(onHost);
});

test.each([
  ['/srv/berth/node/pods/u/volumes/v', '/var/lib/kubelet/pods/u/volumes/v'],
  ['/srv/berth/node-2/pods/u', '/srv/berth/node-2/pods/u'],
])('a driver in a pod knows %s as %s', (path, inPods) => {
  expect(folder.inPods(path)).toBe(inPods);
});

test('a driver knows the kubelet’s folder where its socket is below it', () => {
  expect(['/var/lib/kubelet/plugins/x/csi.sock', '/run/x/csi.sock'].map(namesKubeletFolder)).toEqual([true, false]);
});
