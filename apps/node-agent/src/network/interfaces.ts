// The interfaces of the network namespace that the agent is in. /sys shows those of whoever mounted it, which is another namespace where
// several nodes share a machine.
import { readFileSync } from 'node:fs';

export function interfaceNames(): string[] {
  const [, , ...lines] = readFileSync('/proc/self/net/dev', 'utf8').trimEnd().split('\n');
  return lines.map((line) => line.slice(0, line.indexOf(':')).trim());
}

export function interfaceExists(name: string): boolean {
  return interfaceNames().includes(name);
}
