// What a Corefile says of name servers elsewhere: its `forward` lines, by the zones of the blocks that they stand in
// (https://coredns.io/plugins/forward/). Other plugins that would change answers are named, as nothing here acts on them. Pure.
import { CorefileError, type Directive, parseCorefile, parseDirectives, type ServerBlock } from './corefile.ts';
import { serverAddress } from './server-address.ts';
import type { NameServerReading, StubDomain } from './settings.ts';

/** CoreDNS' own bound for one line. */
const serversMax = 15;
const port = 53;
/** Whose work is done here whatever they say, or whose results no client sees. */
const needless = new Set(
  'bufsize cache cancel debug errors health kubernetes log loop loadbalance metadata pprof prometheus ready reload trace'.split(' '),
);
/** Options of `forward` that change how servers are asked, not which, nor for what. */
const minorOptions = new Set(
  'expire health_check max_age max_concurrent max_connect_attempts max_fails policy prefer_udp max_idle_conns'.split(' '),
);
const machineServers = '/etc/resolv.conf';
const importsMax = 100;
/** Of one block, with what it imports. */
const directivesMax = 1_000;
/** Of one file. */
const zonesMax = 1_000;
const idleMax = 20;
const nameCharactersMax = 253;
const zonePattern = /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*$/;

type Snippets = Map<string, Directive[]>;

/** What was found in one file. */
interface Found {
  upstreams: string[] | undefined;
  stubs: StubDomain[];
  zones: Set<string>;
  idle: string[];
}

/** @throws CorefileError */
export function corefileServers(text: string): NameServerReading {
  const blocks = parseCorefile(text);
  const snippets: Snippets = new Map();
  const found = nothing();
  for (const block of blocks) {
    const [key = ''] = block.keys;
    if (key.startsWith('(') && key.endsWith(')')) snippets.set(key.slice(1, -1), block.directives);
    else if (block.keys.length === 0) for (const each of block.directives) noteImport(each, snippets, found);
    else readBlock(block, snippets, found);
  }
  return readingOf(found);
}

/** Directives for all names. @throws CorefileError */
export function overrideServers(text: string): NameServerReading {
  const found = nothing();
  readDirectives(parseDirectives(text), ['.'], new Map(), found);
  return readingOf(found);
}

function nothing(): Found {
  return { upstreams: undefined, stubs: [], zones: new Set(), idle: [] };
}

function readingOf({ upstreams, stubs, idle }: Found): NameServerReading {
  return { settings: { ...(upstreams && { upstreams }), stubs }, idle };
}

/** As many as anybody reads. */
function note({ idle }: Found, line: number, what: string): void {
  if (idle.length < idleMax) idle.push(`line ${line}: ${what.slice(0, nameCharactersMax)}`);
}

function readBlock(block: ServerBlock, snippets: Snippets, found: Found): void {
  const zones: string[] = [];
  for (const key of block.keys) {
    const ofKey = zonesOf(key, block.line);
    if (!ofKey) note(found, block.line, `${key} is not served: names are asked for at port ${port}, by DNS`);
    for (const zone of ofKey ?? []) {
      if (found.zones.has(zone)) throw new CorefileError(`line ${block.line}: the zone ${zone} has a block already`);
      if (found.zones.size >= zonesMax) throw new CorefileError(`line ${block.line}: more than ${zonesMax} zones`);
      found.zones.add(zone);
      zones.push(zone);
    }
  }
  if (zones.length > 0) readDirectives(block.directives, zones, snippets, found);
}

function readDirectives(directives: Directive[], zones: string[], snippets: Snippets, found: Found): void {
  const forwarded = new Set<string>();
  for (const directive of imported(directives, snippets, found)) {
    const { name, line } = directive;
    if (name === 'forward') {
      const servers = serversOf(directive, found);
      for (const zone of zones) {
        const domain = narrower(zone, zoneOf(directive));
        // Of several lines for the same names, the first counts.
        if (domain === undefined || forwarded.has(domain)) continue;
        forwarded.add(domain);
        if (domain === '.') found.upstreams ??= servers.length > 0 ? servers : undefined;
        else found.stubs.push({ domain, servers });
      }
    } else if (!needless.has(name)) note(found, line, `${name} does nothing here`);
  }
}

/** With what is imported in its place. */
function imported(directives: Directive[], snippets: Snippets, found: Found): Directive[] {
  const flat: Directive[] = [];
  let count = 0;
  const add = (each: Directive) => {
    const snippet = each.name === 'import' ? snippets.get(each.args[0] ?? '') : undefined;
    if (flat.length >= directivesMax) throw new CorefileError(`line ${each.line}: more than ${directivesMax} directives in a block`);
    if (each.name !== 'import') flat.push(each);
    else if (!snippet) noteImport(each, snippets, found);
    else if (++count > importsMax) throw new CorefileError(`line ${each.line}: more than ${importsMax} imports`);
    else snippet.forEach(add);
  };
  directives.forEach(add);
  return flat;
}

/** What `coredns-custom` holds is read in any case. */
function noteImport({ args: [path = ''], line }: Directive, snippets: Snippets, found: Found): void {
  if (!snippets.has(path) && !/\.(server|override)$/.test(path)) note(found, line, `there is no ${path} to import here`);
}

function zoneOf({ args: [from], line }: Directive): string {
  const zones = from === undefined ? undefined : zonesOf(from, line);
  if (!zones) throw new CorefileError(`line ${line}: forward takes a domain, and addresses of servers: forward . 10.0.0.1`);
  return zones[0] ?? '.';
}

/** Empty: those of the machine. */
function serversOf({ args, block, line }: Directive, found: Found): string[] {
  const [, ...to] = args;
  if (to.length === 0 || to.length > serversMax) throw new CorefileError(`line ${line}: forward takes 1 to ${serversMax} servers`);
  for (const option of block) {
    if (!minorOptions.has(option.name)) note(found, option.line, `${option.name} of forward does nothing here`);
  }
  if (to.length === 1 && to[0] === machineServers) return [];
  return to.map((server) => {
    const address = serverAddress(server.replace(/^dns:\/\//, ''));
    if (address !== undefined) return address;
    throw new CorefileError(`line ${line}: ${server} is no address of a server that is asked by DNS, such as 10.0.0.1 or 10.0.0.1:53`);
  });
}

/** Undefined for what is served otherwise than by DNS at its port. A range of addresses is the zone of their names. */
function zonesOf(key: string, line: number): string[] | undefined {
  const [, transport, rest = ''] = /^(?:([a-z]+):\/\/)?(.*)$/.exec(key) ?? [];
  if (transport !== undefined && transport !== 'dns') return undefined;
  const [, name = '', digits] = /^(.*?)(?::(\d+))?$/.exec(rest) ?? [];
  if (digits !== undefined && Number(digits) !== port) return undefined;
  const range = /^(\d+)\.(\d+)\.(\d+)\.(\d+)\/(\d+)$/.exec(name);
  const [bytes, bits] = [(range?.slice(1, 5) ?? []).map(Number), Number(range?.[5])];
  if (range && bits <= 32 && bytes.every((byte) => byte <= 255)) return reverseZones(bytes, bits);
  const domain = name.toLowerCase().replace(/\.$/, '');
  if (domain === '') return ['.'];
  if (domain.length > nameCharactersMax || !zonePattern.test(domain)) throw new CorefileError(`line ${line}: ${key} is no zone`);
  return [domain];
}

/** Names of addresses are by whole bytes: a range that ends within one is several zones. */
function reverseZones(bytes: number[], bits: number): string[] {
  const whole = Math.max(1, Math.ceil(bits / 8));
  const count = 2 ** (whole * 8 - bits);
  const last = bytes[whole - 1] ?? 0;
  const first = last - (last % count);
  return Array.from({ length: count }, (_, index) => {
    const labels = [...bytes.slice(0, whole - 1), first + index].reverse();
    return `${labels.join('.')}.in-addr.arpa`;
  });
}

/** The part of one domain that is in the other. */
function narrower(one: string, other: string): string | undefined {
  if (isWithin(one, other)) return one;
  return isWithin(other, one) ? other : undefined;
}

function isWithin(name: string, domain: string): boolean {
  return domain === '.' || name === domain || name.endsWith(`.${domain}`);
}
