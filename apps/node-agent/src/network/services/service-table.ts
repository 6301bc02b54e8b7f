// Keeps the kernel's table for services in line with what is wanted, element by element, in one transaction a change. What is there when the
// agent begins, or after somebody else has changed it, is read, and only what differs is changed; where that cannot be, the whole table is
// made anew, in one transaction as well. The table outlives the agent.
import type { Clock, Logger } from '@berth/telemetry';
import type { CommandRunner } from '../commands.ts';
import { NftSession } from '../nft-session.ts';
import { type Entry, idOf } from './frontends.ts';
import { type KernelTable, readClients, readKernelTable } from './kernel-table.ts';
import { OwnRemovals } from './own-removals.ts';
import { type Layout, layoutOf, noTableScript, plannedSets } from './service-layout.ts';
import { ServicePlan, type ServicePlanInput } from './service-plan.ts';
import { changeScript, wholeScript } from './service-script.ts';

export interface ServiceTableOptions {
  table: string;
  bridge: string;
  run: CommandRunner;
  clock: Clock;
  logger: Logger;
}

export type ServiceTableInput = Omit<ServicePlanInput, 'bridge'> & { bridgeIsFiltered: boolean };

export class ServiceTable {
  readonly #options: ServiceTableOptions;
  readonly #session: NftSession;
  readonly #plan = new ServicePlan();
  readonly #removals: OwnRemovals;
  #planned: { from: string; layout: Layout } | undefined;
  /** Of the table that was applied. */
  #layout: Layout | undefined;
  /** What the kernel has, by id; undefined where that is not known. */
  #applied: Map<string, Entry> | undefined;
  #isSuspect = false;
  #hasUdpChanged = false;

  constructor(options: ServiceTableOptions) {
    this.#options = options;
    this.#session = new NftSession(options);
    this.#removals = new OwnRemovals(options.clock);
  }

  /** Calls do not overlap. @returns whether ports of UDP are among what changed since the last that succeeded. @throws Error with what nft said */
  async apply(input: ServiceTableInput): Promise<boolean> {
    const { table, bridge, logger } = this.#options;
    const layout = this.#layoutFor(input);
    this.#plan.update({ ...input, bridge });
    const { ids, hasUdpChanged } = this.#plan.takeChanges();
    this.#hasUdpChanged ||= hasUdpChanged;
    if (layout.marker !== this.#layout?.marker) this.#applied = undefined;
    this.#layout = layout;
    try {
      if (this.#isSuspect && this.#applied && !(await this.#isIntact(this.#applied, layout))) {
        logger.warn('somebody has removed rules for services; making them again', { table });
        this.#applied = undefined;
      }
      this.#isSuspect = false;
      if (this.#applied) await this.#change(this.#applied, ids);
      else await this.#start(layout);
    } catch (error) {
      logger.warn('rules for services are not as they were left; making them anew', { table, error });
      await this.#replace(layout);
    }
    const hadUdp = this.#hasUdpChanged;
    this.#hasUdpChanged = false;
    return hadUdp;
  }

  /** Whether a line of `nft monitor destroy` says that somebody has taken away what is to be there. */
  isLoss(line: string): boolean {
    const { table } = this.#options;
    const match = /^delete (\S+) ip (\S+) ?(.*)$/.exec(line);
    if (!match || match[2] !== table || !this.#applied) return false;
    const [, what, , rest = ''] = match;
    const [name = ''] = rest.split(' ');
    if (what === 'element') return this.#isGone(rest);
    if (what === 'rule' || what === 'chain') return this.#isGone(`chain ${name}`) || this.#layout?.ruleCounts.has(name) === true;
    return what === 'table' || this.#isGone(`set ${name}`) || plannedSets.has(name);
  }

  /** Whether what is to be there was taken away, by somebody else. */
  #isGone(id: string): boolean {
    const isOwn = this.#removals.take(id);
    return !isOwn && this.#applied?.has(id) === true;
  }

  /** Somebody may have taken something away: the next `apply` looks. */
  suspect(): void {
    this.#isSuspect = true;
  }

  /** Rules stay. */
  stop(): Promise<void> {
    return this.#session.stop();
  }

  async tearDown(): Promise<void> {
    await this.stop();
    await this.#options.run('nft', ['-f', '-'], noTableScript(this.#options.table));
  }

  /** The same again while it follows from the same. */
  #layoutFor({ podCidr, bridgeIsFiltered }: ServiceTableInput): Layout {
    const { table, bridge } = this.#options;
    const from = `${podCidr} ${bridgeIsFiltered}`;
    if (this.#planned?.from !== from) this.#planned = { from, layout: layoutOf({ table, bridge, podCidr, bridgeIsFiltered }) };
    return this.#planned.layout;
  }

  /** Whether the kernel holds all that was applied, and nothing else. */
  async #isIntact(applied: ReadonlyMap<string, Entry>, layout: Layout): Promise<boolean> {
    const kernel = await readKernelTable(this.#options.run, this.#options.table);
    const found = kernel && this.#known(kernel, layout, applied);
    return found !== undefined && found.size === applied.size && [...applied.keys()].every((id) => found.has(id));
  }

  async #start(layout: Layout): Promise<void> {
    const kernel = await readKernelTable(this.#options.run, this.#options.table);
    const found = kernel && this.#known(kernel, layout, new Map([...this.#plan.entries].map(([id, { entry }]) => [id, entry])));
    if (!found) return this.#replace(layout);
    this.#applied = found;
    await this.#change(found, new Set([...found.keys(), ...this.#plan.entries.keys()]));
  }

  /** @returns undefined where the layout is another, or rules are missing */
  #known({ entries, ruleCounts }: KernelTable, layout: Layout, wanted: ReadonlyMap<string, Entry>): Map<string, Entry> | undefined {
    if (!ruleCounts.has(layout.marker)) return undefined;
    for (const [chain, count] of layout.ruleCounts) if (ruleCounts.get(chain) !== count) return undefined;
    const found = new Map<string, Entry>();
    for (const entry of entries) {
      if (entry.kind === 'chain') {
        if (entry.name === layout.marker || layout.ruleCounts.has(entry.name)) continue;
        const chain = wanted.get(idOf(entry));
        // Rules of what nobody wants are as good as any.
        if (chain?.kind === 'chain' && chain.rules.length !== ruleCounts.get(entry.name)) return undefined;
      }
      found.set(idOf(entry), entry);
    }
    return found;
  }

  async #change(applied: Map<string, Entry>, ids: Set<string>): Promise<void> {
    const [added, removed, more]: [Entry[], Entry[], string[]] = [[], [], []];
    for (const id of ids) {
      const [before, after] = [applied.get(id), this.#plan.entries.get(id)?.entry];
      if (after && !before) added.push(after);
      if (before && !after) removed.push(before);
      if (before && after?.kind === 'affinity') more.push(...(await this.#retimed(before, after)));
    }
    const script = changeScript({ table: this.#options.table, added, removed, more });
    // From here on what goes is no loss.
    this.#removals.expect(removed);
    for (const entry of removed) applied.delete(idOf(entry));
    if (script !== '') await this.#session.apply(script);
    for (const id of ids) {
      const after = this.#plan.entries.get(id)?.entry;
      if (after) applied.set(id, after);
    }
  }

  /** With another time-out, clients that are remembered are so for that long since they came last. */
  async #retimed(before: Entry, { name, seconds }: Entry & { kind: 'affinity' }): Promise<string[]> {
    if (before.kind !== 'affinity' || before.seconds === seconds) return [];
    const { run, table } = this.#options;
    const clients = await readClients(run, table, name);
    if (clients.every(({ timeoutSeconds }) => timeoutSeconds === seconds)) return [];
    const kept = clients.flatMap(({ address, timeoutSeconds, expiresSeconds }) => {
      const left = seconds - (timeoutSeconds - expiresSeconds);
      return left > 0 ? `${address} timeout ${seconds}s expires ${left}s` : [];
    });
    return [`flush set ip ${table} ${name}`, ...(kept.length > 0 ? [`add element ip ${table} ${name} { ${kept.join(', ')} }`] : [])];
  }

  async #replace(layout: Layout): Promise<void> {
    this.#applied = undefined;
    const entries = [...this.#plan.entries].map(([id, { entry }]) => [id, entry] as const);
    const script = wholeScript(
      this.#options.table,
      layout,
      entries.map(([, entry]) => entry),
    );
    await this.#options.run('nft', ['-f', '-'], script);
    this.#applied = new Map(entries);
  }
}
