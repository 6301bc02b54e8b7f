// Addresses of load balancers that this node announces: they are on an interface of their own, so that the kernel answers for them on every
// network that the node is on, and are announced to neighbours when they come, after the node's link came back, and now and then. They outlive
// the agent; the next one, once it knows what is wanted, takes away what is not.
import type { Clock, Logger, Timer } from '@berth/telemetry';
import { deleteInterface, ensureBridge } from './bridges.ts';
import type { CommandRunner } from './commands.ts';
import { announceAddresses } from './gratuitous-arp.ts';
import { KernelEvents } from './kernel-events.ts';
import { interfaceAddresses } from './pod-routes.ts';

/** Those that come are announced so often, as the first packet may be lost. */
const announcementsOfNew = 4;
const againMs = 1_000;
/** Of all, for whoever has forgotten or heard something else. */
const everyMs = 60_000;

export interface HeldAddressesOptions {
  /** Holds the addresses. */
  device: string;
  /** The address that other nodes reach this one under: on its network the others are announced. */
  nodeIp: string;
  run: CommandRunner;
  /** Somebody has taken an address away, or the link is another: `apply` is due. */
  changed(): void;
  clock: Clock;
  logger: Logger;
}

export class HeldAddresses {
  readonly #options: HeldAddressesOptions;
  /** What the kernel has; undefined where that is not known. */
  #held: Set<string> | undefined;
  #isSuspect = false;
  #hasLinkChanged = false;
  /** How often each is still to be announced soon. */
  readonly #fresh = new Map<string, number>();
  #uplink: string | undefined;
  #timer: Timer | undefined;
  #announcing: Promise<void> | undefined;
  #events: KernelEvents | undefined;
  #stopped = false;

  constructor(options: HeldAddressesOptions) {
    this.#options = options;
  }

  /** Calls do not overlap. @throws Error with what `ip` said */
  async apply(wanted: readonly string[]): Promise<void> {
    const { device, run, logger } = this.#options;
    const isSame = this.#held?.size === wanted.length && wanted.every((address) => this.#held?.has(address));
    if (isSame && !this.#isSuspect && !this.#hasLinkChanged) return;
    if (wanted.length === 0) {
      await deleteInterface(run, device);
      return this.#holdNothing();
    }
    // Also those that an earlier agent has taken: whether it got to announcing them is not known.
    const isWhole = this.#held === undefined || this.#hasLinkChanged;
    [this.#isSuspect, this.#hasLinkChanged] = [false, false];
    await ensureBridge(run, device);
    const addresses = await interfaceAddresses(run);
    const present = new Set(addresses.flatMap((each) => (each.device === device ? [each.address] : [])));
    const [added, removed] = [wanted.filter((each) => !present.has(each)), [...present].filter((each) => !wanted.includes(each))];
    const change = (verb: string) => (address: string) => `address ${verb} ${address}/32 dev ${device}`;
    const lines = [...removed.map(change('del')), ...added.map(change('add'))];
    if (lines.length > 0) await run('ip', ['-batch', '-'], `${lines.join('\n')}\n`);
    if (lines.length > 0) logger.info('addresses of load balancers on this node are others', { added, removed });
    this.#held = new Set(wanted);
    this.#uplink = this.#uplinkOf(addresses);
    this.#listen();
    this.#announceSoon(isWhole ? wanted : added);
  }

  /** Addresses stay. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#holdNothing();
    await this.#announcing;
  }

  async tearDown(): Promise<void> {
    await this.stop();
    await deleteInterface(this.#options.run, this.#options.device);
  }

  #holdNothing(): void {
    this.#held = new Set();
    this.#fresh.clear();
    this.#timer?.cancel();
    this.#timer = undefined;
    // It has nothing under way that anybody waits for.
    void this.#events?.stop();
    this.#events = undefined;
  }

  /** On a machine that is alone, nobody is there to hear. */
  #uplinkOf(addresses: { device: string; address: string }[]): string | undefined {
    const { nodeIp, logger } = this.#options;
    const found = addresses.find(({ address }) => address === nodeIp)?.device;
    if (found === undefined)
      logger.warn('no interface has the address of this node: addresses of load balancers are not announced', { nodeIp });
    return found === 'lo' ? undefined : found;
  }

  #announceSoon(addresses: readonly string[]): void {
    for (const address of this.#fresh.keys()) if (!this.#held?.has(address)) this.#fresh.delete(address);
    for (const address of addresses) this.#fresh.set(address, announcementsOfNew);
    if (addresses.length > 0 || !this.#timer) this.#schedule(0);
  }

  #schedule(afterMs: number): void {
    this.#timer?.cancel();
    if (this.#stopped) return;
    this.#timer = this.#options.clock.after(afterMs, () => {
      this.#announcing = (this.#announcing ?? Promise.resolve()).then(() => this.#announce());
    });
  }

  async #announce(): Promise<void> {
    const { run, logger } = this.#options;
    const due = this.#fresh.size > 0 ? [...this.#fresh.keys()] : [...(this.#held ?? [])];
    for (const address of due) {
      const left = (this.#fresh.get(address) ?? 1) - 1;
      if (left > 0) this.#fresh.set(address, left);
      else this.#fresh.delete(address);
    }
    if (due.length === 0) return;
    try {
      if (this.#uplink !== undefined) await announceAddresses(run, this.#uplink, due);
    } catch (error) {
      logger.warn('addresses of load balancers could not be announced; trying again', { uplink: this.#uplink, error });
    }
    this.#schedule(this.#fresh.size > 0 ? againMs : everyMs);
  }

  /** To the node's link, and to whoever takes addresses away. */
  #listen(): void {
    if (this.#events || this.#stopped) return;
    const { clock, logger, changed } = this.#options;
    this.#events = new KernelEvents({
      command: ['ip', '-4', 'monitor', 'link', 'address'],
      isOfInterest: (line) => this.#isOfInterest(line),
      changed: async () => {
        if (this.#isSuspect || this.#hasLinkChanged) changed();
      },
      clock,
      logger,
    });
    this.#events.start();
  }

  #isOfInterest(line: string): boolean {
    if (line.startsWith('Deleted ') && line.includes(`: ${this.#options.device}`)) this.#isSuspect = true;
    if (/^\d+: ([^:@]+)/.exec(line)?.[1] === this.#uplink) this.#hasLinkChanged = true;
    return this.#isSuspect || this.#hasLinkChanged;
  }
}
