// `berth doctor`: what is amiss with this machine and its cluster, and what to do about it. Exit codes: 0 nothing is, 1 something is,
// 2 wrong usage.
import { type Clock, systemClock } from '@berth/telemetry';
import { UsageError } from '@berth/telemetry/command-line';
import { kubeconfigPath, readAsked } from '../ask/cluster-options.ts';
import { type Paint, plain } from '../terminal.ts';
import { examine } from './checks.ts';
import { viewOf } from './cluster-view.ts';
import { type Machine, thisMachine } from './machine.ts';
import { resolveBy } from './name-server.ts';
import { isWell, outcomesText } from './outcome.ts';
import { findPlace } from './places.ts';

export const doctorUsage = `usage: berth doctor [-o json] [--kubeconfig FILE]
  disks, certificates, clocks, ports, names, kernel, versions, what pods have left, the control plane and its nodes: what is amiss,
  and what to do. As root it sees all of it. Exit code 1 when something is amiss.`;

export interface DoctorPorts {
  machine: Machine;
  clock: Clock;
}

export async function runDoctor(
  argv: string[],
  print: (text: string) => void,
  paint: Paint = plain,
  { machine, clock }: DoctorPorts = { machine: thisMachine, clock: systemClock },
): Promise<number> {
  const asked = readAsked(argv);
  if (asked.isHelp) {
    print(doctorUsage);
    return 0;
  }
  const [word] = asked.positionals;
  if (word !== undefined) throw new UsageError(`it is: berth doctor, without ${JSON.stringify(word)}`);
  const kubeconfig = kubeconfigPath(asked.text('kubeconfig'));
  const found = await viewOf(kubeconfig, () => clock.now());
  try {
    const cluster = typeof found === 'string' ? found : found.view;
    const outcomes = await examine({ machine, clock, resolve: resolveBy, place: findPlace(machine, kubeconfig), cluster });
    print(asked.isJson ? JSON.stringify({ isWell: isWell(outcomes), checks: outcomes }, undefined, 2) : outcomesText(outcomes, paint));
    return isWell(outcomes) ? 0 : 1;
  } finally {
    if (typeof found !== 'string') found.close();
  }
}
