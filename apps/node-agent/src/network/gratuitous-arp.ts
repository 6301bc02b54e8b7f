// Says on a network that an address is this node's from now on (RFC 5227, announcements): neighbours that knew another node for it send their
// packets here at once. Node has no packet sockets; perl, which every Debian has, sends what is made here.
import type { CommandRunner } from './commands.ts';

/** Reads frames from standard input, a line each in hexadecimal, and sends them by the interface of that index. */
const sender = `
my $to = pack('S n l S C C a8', 17, 0x0806, $ARGV[0], 1, 0, 6, "\\xff" x 6);
socket(my $socket, 17, 3, 0) or die "cannot open a packet socket: $!\\n";
while (<STDIN>) { chomp; send($socket, pack('H*', $_), 0, $to) or die "cannot send: $!\\n"; }
`;

interface Link {
  ifindex: number;
  /** The hardware address. */
  address: string;
  link_type: string;
}

/** @returns false where the interface's network knows no ARP. @throws Error with what the program said */
export async function announceAddresses(run: CommandRunner, device: string, addresses: readonly string[]): Promise<boolean> {
  const [link] = JSON.parse(await run('ip', ['-json', 'link', 'show', 'dev', device])) as Link[];
  if (link?.link_type !== 'ether') return false;
  const frames = addresses.flatMap((address) => gratuitousFrames(link.address, address));
  if (frames.length > 0) await run('perl', ['-e', sender, String(link.ifindex)], `${frames.join('\n')}\n`);
  return true;
}

/**
 * Ethernet frames in hexadecimal: a request and a reply, as some listen to the one and some to the other only.
 * @param hardware such as `0a:58:0a:f4:00:01` @param address IPv4
 */
export function gratuitousFrames(hardware: string, address: string): string[] {
  const own = hardware.replaceAll(':', '');
  const ip = address
    .split('.')
    .map((byte) => Number(byte).toString(16).padStart(2, '0'))
    .join('');
  const [everybody, nobody] = ['ff'.repeat(6), '00'.repeat(6)];
  const header = `${everybody}${own}0806` + '0001080006040';
  return [`${header}001${own}${ip}${nobody}${ip}`, `${header}002${own}${ip}${everybody}${ip}`];
}
