// Settings of the kernel without which pods reach nothing, or policies do not act. Pure.
import { error, notChecked, type Outcome, ok, warning } from './outcome.ts';

const restart = 'start the agent again, which sets it; look whether something else on this machine (sysctl.d, a firewall) sets it back';

/** @param setting text of a file below /proc/sys; undefined where this kernel has none */
export function kernelOutcomes(setting: (path: string) => string | undefined): Outcome[] {
  const forwarding = setting('net/ipv4/ip_forward')?.trim();
  const bridges = setting('net/bridge/bridge-nf-call-iptables')?.trim();
  return [
    forwarding === '1'
      ? ok('kernel: IP forwarding', 'on')
      : error('kernel: IP forwarding', 'net.ipv4.ip_forward is off: pods reach no other node, and nobody outside', restart),
    bridgeOutcome(bridges),
  ];
}

function bridgeOutcome(value: string | undefined): Outcome {
  const check = 'kernel: filter of bridges';
  if (value === '1') return ok(check, 'on');
  if (value === undefined) {
    const says = 'there is none: network policies do not act between pods of this node';
    return warning(check, says, 'load the kernel module br_netfilter (modprobe br_netfilter), and start the agent again');
  }
  return error(check, 'net.bridge.bridge-nf-call-iptables is off: network policies do not act between pods of this node', restart);
}

/** cgroup version and which parts of the kernel pods need. @param hasUnified /sys/fs/cgroup/cgroup.controllers is there */
export function cgroupOutcome(hasUnified: boolean, controllers: readonly string[]): Outcome {
  const check = 'kernel: cgroups';
  const missing = ['cpu', 'memory', 'pids'].filter((name) => !controllers.includes(name));
  if (controllers.length === 0) return notChecked(check, 'no cgroups are mounted at /sys/fs/cgroup');
  const version = hasUnified ? 'version 2' : 'version 1';
  if (missing.length === 0) return ok(check, version);
  const remedy = `start the kernel with them (cgroup_enable=${missing.join(',')})`;
  return error(check, `${version} without ${missing.join(', ')}: limits of pods do not act`, remedy);
}
