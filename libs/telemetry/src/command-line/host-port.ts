// Addresses as options state them.
import { UsageError } from './usage-error.ts';

export interface HostPort {
  host: string;
  port: number;
}

/** @param example of a right one, for the message @throws UsageError naming the option */
export function parseHostPort(option: string, text: string, example: string): HostPort {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([^:[\]]+)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (!match || port > 65_535) throw new UsageError(`${option}: ${JSON.stringify(text)} is not HOST:PORT, such as ${example}`);
  return { host: match[1] ?? match[2] ?? '', port };
}
