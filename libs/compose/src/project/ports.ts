// Ports as Compose writes them: [[IP:]PUBLISHED:]TARGET[/PROTOCOL], each a number or a range, or with a key for each.
import { ComposeError } from '../compose-error.ts';
import type { Port } from './service.ts';

const protocols = ['TCP', 'UDP', 'SCTP'] as const;
const portMax = 65_535;

export interface LongPort {
  target?: string;
  published?: string;
  protocol?: string;
  host_ip?: string;
  name?: string;
  app_protocol?: string;
}

/** @throws ComposeError without a place */
export function portsOf(given: string | LongPort): Port[] {
  const long = typeof given === 'string' ? shortPort(given) : given;
  if (long.target === undefined) throw new ComposeError('target is not set');
  const targets = range(long.target);
  const published = long.published === undefined || long.published === '' ? undefined : range(long.published);
  const protocol = protocolOf(long.protocol ?? 'tcp');
  // Of a range for one port, Docker takes a free one: the first is as good.
  if (published && targets.length > 1 && published.length !== targets.length)
    throw new ComposeError(`${long.published} and ${long.target} are ranges of different lengths`);
  return targets.map((target, index) => {
    const port = published?.[index];
    return {
      target,
      protocol,
      ...(port !== undefined && { published: port }),
      ...(long.host_ip && { hostIp: long.host_ip }),
      ...(long.name && { name: long.name }),
      ...(long.app_protocol && { appProtocol: long.app_protocol }),
    };
  });
}

/** By what a later file replaces it. */
export function portKey({ hostIp, published, target, protocol }: Port): string {
  return `${hostIp ?? ''}:${published ?? ''}:${target}/${protocol}`;
}

function shortPort(text: string): LongPort {
  const match = /^(?:(?:\[([0-9A-Fa-f:.]+)\]|([^:]*)):)?(?:([^:]*):)?([^:/]+)(?:\/(\w+))?$/.exec(text);
  const [, ipv6, first, second, target, protocol] = match ?? [];
  if (!match) throw new ComposeError(`${JSON.stringify(text)} is no port: it is [[IP:]PUBLISHED:]TARGET[/PROTOCOL]`);
  const ip = ipv6 ?? (second === undefined ? undefined : first);
  const published = second ?? (ipv6 === undefined ? first : undefined);
  return { target, published, host_ip: ip, protocol };
}

function range(text: string): number[] {
  const [, from = '', to = from] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  const [first, last] = [Number(from), Number(to)];
  if (from === '' || first < 1 || last > portMax || last < first)
    throw new ComposeError(`${JSON.stringify(text)} is no port between 1 and ${portMax}, nor a range of them`);
  return Array.from({ length: last - first + 1 }, (_, index) => first + index);
}

function protocolOf(text: string): Port['protocol'] {
  const known = protocols.find((protocol) => protocol === text.toUpperCase());
  if (!known) throw new ComposeError(`${JSON.stringify(text)} is no protocol: there are tcp, udp and sctp`);
  return known;
}
