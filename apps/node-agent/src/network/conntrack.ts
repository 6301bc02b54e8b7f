// Lists and forgets flows of UDP that the kernel tracks, by the program conntrack. Where that is not installed, flows that go on keep the
// endpoint that they began with, which is logged once.
import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import type { Logger } from '@berth/telemetry';
import type { CommandRunner } from './commands.ts';
import { staleFlows, type UdpFrontends } from './udp-flows.ts';

const program = '/usr/sbin/conntrack';

export class Conntrack {
  readonly #run: CommandRunner;
  readonly #logger: Logger;
  readonly #isInstalled: boolean;
  /** Keys of the frontends that were looked at last. */
  #former: ReadonlySet<string> = new Set();
  /** What flows have been brought in line with. */
  #followed = { rules: '', frontends: '' };

  constructor(run: CommandRunner, logger: Logger, isInstalled = existsSync(program)) {
    this.#run = run;
    this.#logger = logger;
    this.#isInstalled = isInstalled;
    if (!this.#isInstalled) logger.warn('UDP clients may lose services when endpoints change', { remedy: 'install the package conntrack' });
  }

  /**
   * Once rules are in force: flows that lead to what serves no more are forgotten, and their next packet follows the rules. An endpoint that ends
   * leaves the rules before it stops serving, so the same rules may come with other frontends. Where neither changed, nothing is done.
   */
  async forgetStale(rules: string, frontends: UdpFrontends): Promise<void> {
    const following = { rules, frontends: JSON.stringify(Array.from(frontends, ([key, endpoints]) => [key, ...endpoints])) };
    if (following.rules === this.#followed.rules && following.frontends === this.#followed.frontends) return;
    if (this.#isInstalled && (frontends.size > 0 || this.#former.size > 0)) await this.#forget(frontends);
    this.#followed = following;
  }

  async #forget(frontends: UdpFrontends): Promise<void> {
    const listed = await this.#run(program, ['-L', '-p', 'udp']);
    const own = ownAddresses();
    const stale = staleFlows(listed, frontends, this.#former, (address) => address.startsWith('127.') || own.has(address));
    for (const { address, port, endpointAddress, endpointPort } of stale) {
      const to = ['--orig-dst', address, '--orig-port-dst', String(port)];
      const from = ['--reply-src', endpointAddress, '--reply-port-src', String(endpointPort)];
      await this.#run(program, ['-D', '-p', 'udp', ...to, ...from]).catch(ignoreNone);
    }
    if (stale.length > 0) this.#logger.debug('forgot UDP flows to what is no endpoint any more', { stale });
    this.#former = new Set(frontends.keys());
  }
}

function ownAddresses(): Set<string> {
  return new Set(Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)));
}

/** A flow may end by itself in between. */
function ignoreNone(error: Error): void {
  if (!error.message.includes(' 0 flow entries have been deleted')) throw error;
}
