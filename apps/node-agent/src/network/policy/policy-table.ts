// Keeps the kernel's rules for network policies in line with what is wanted. They are a table of their own, which outlives the agent: until a
// new one knows what its pods are to have, what is there stays in force. A change is one transaction; where that fails, the whole table is made
// anew, in one transaction as well.
import type { Pod } from '@berth/api';
import type { Clock, Logger, Timer } from '@berth/telemetry';
import type { CommandRunner } from '../commands.ts';
import { isEmptyPlan, type PolicyInput, type PolicyPlan, PolicyPlanner } from './policy-plan.ts';
import { baseChains, changeScript, noTableScript, type PolicyTableNames, wholeScript } from './policy-script.ts';

const retryMs = 2_000;

export interface PolicyTableOptions extends PolicyTableNames {
  run: CommandRunner;
  clock: Clock;
  logger: Logger;
}

interface Waiting {
  version: number;
  resolve(): void;
  reject(error: Error): void;
}

export class PolicyTable {
  readonly #options: PolicyTableOptions;
  readonly #planner = new PolicyPlanner();
  #wanted: PolicyInput | undefined;
  /** Counts what was wanted, and up to which of it is in force. Something always is, which is not known at first. */
  #version = 1;
  #inForce = 0;
  /** What the kernel has; undefined where that is not known. */
  #applied: PolicyPlan | undefined;
  #applying: Promise<void> | undefined;
  #retry: Timer | undefined;
  /** One a pod that is about to start. */
  #waiting: Waiting[] = [];
  #stopped = false;

  constructor(options: PolicyTableOptions) {
    this.#options = options;
  }

  /** @param input undefined while it is not known yet: what is there stays */
  sync(input: PolicyInput | undefined): void {
    // Most of what is reported of pods is nothing to policies.
    if (input && this.#wanted && isSame(input, this.#wanted)) return;
    this.#wanted = input;
    this.#version++;
    this.#start();
  }

  /** Resolves once all that was asked for so far, known or not, is in force. @throws Error with what `nft` said */
  inForce(): Promise<void> {
    if (this.#inForce >= this.#version) return Promise.resolve();
    return new Promise((resolve, reject) => this.#waiting.push({ version: this.#version, resolve, reject }));
  }

  /** Whether a line of `nft monitor destroy` says that the table is gone, or rules that nothing here removes but with it. */
  isLoss(line: string): boolean {
    const { table } = this.#options;
    if (!this.#applied || isEmptyPlan(this.#applied)) return false;
    return line === `delete table inet ${table}` || baseChains.some((chain) => line.startsWith(`delete rule inet ${table} ${chain} `));
  }

  /** Makes the rules again where somebody has removed them. */
  async mend(): Promise<void> {
    const { table, logger } = this.#options;
    const before = this.#applied;
    if (!before || isEmptyPlan(before) || (await this.#areThere()) || this.#applied !== before) return;
    logger.warn('somebody has removed the rules of network policies; making them again', { table });
    this.#applied = undefined;
    this.#version++;
    this.#start();
  }

  /** Rules stay. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#retry?.cancel();
    await this.#applying;
    this.#settle(new Error('the agent is stopping'));
  }

  async tearDown(): Promise<void> {
    await this.stop();
    await this.#options.run('nft', ['-f', '-'], noTableScript(this.#options.table));
  }

  #start(): void {
    if (this.#stopped) return;
    this.#applying ??= this.#applyAll().finally(() => {
      this.#applying = undefined;
      // What came while the last of it ended.
      if (this.#isDue && !this.#retry) this.#start();
    });
  }

  /** Somebody may flush the table and leave its chains. */
  async #areThere(): Promise<boolean> {
    const { run, table } = this.#options;
    const listed = await run('nft', ['list', 'chains', 'inet']);
    if (!listed.includes(`table inet ${table} {`)) return false;
    for (const chain of baseChains) {
      if (!(await run('nft', ['list', 'chain', 'inet', table, chain])).includes('vmap @')) return false;
    }
    return true;
  }

  get #isDue(): boolean {
    return !this.#stopped && this.#wanted !== undefined && this.#inForce < this.#version;
  }

  async #applyAll(): Promise<void> {
    this.#retry?.cancel();
    this.#retry = undefined;
    while (this.#isDue && this.#wanted) {
      const version = this.#version;
      try {
        await this.#apply(this.#wanted);
        this.#inForce = version;
        this.#settle();
      } catch (error) {
        this.#options.logger.error('network policies could not be brought into force; trying again', { error, retryMs });
        this.#settle(error as Error);
        this.#retry = this.#options.clock.after(retryMs, () => this.#start());
        return;
      }
    }
  }

  async #apply(wanted: PolicyInput): Promise<void> {
    const { run, table, logger } = this.#options;
    const before = this.#applied;
    const plan = this.#planner.plan(wanted, before);
    if (before && !isEmptyPlan(before) && !isEmptyPlan(plan)) {
      const script = changeScript(before, plan, table);
      try {
        if (script !== '') await run('nft', ['-f', '-'], script);
        this.#applied = plan;
        return;
      } catch (error) {
        logger.warn('rules of network policies are not as they were left; making them anew', { error });
      }
    }
    if (before && isEmptyPlan(before) && isEmptyPlan(plan)) return;
    this.#applied = undefined;
    await run('nft', ['-f', '-'], isEmptyPlan(plan) ? noTableScript(table) : wholeScript(plan, this.#options));
    this.#applied = plan;
  }

  #settle(error?: Error): void {
    const settled = this.#waiting.filter(({ version }) => error !== undefined || version <= this.#inForce);
    this.#waiting = this.#waiting.filter((waiting) => !settled.includes(waiting));
    for (const { resolve, reject } of settled) error ? reject(error) : resolve();
  }
}

/** By what plans follow from: objects are never changed, only replaced. */
function isSame(a: PolicyInput, b: PolicyInput): boolean {
  const areSame = <T>(these: readonly T[], those: readonly T[], same: (one: T, other: T) => boolean) =>
    these === those || (these.length === those.length && these.every((one, index) => same(one, those[index] as T)));
  const isIdentical = (one: unknown, other: unknown) => one === other;
  const isSamePod = (one: Pod, other: Pod) => one.metadata === other.metadata && one.status?.podIP === other.status?.podIP;
  return (
    areSame(a.policies, b.policies, isIdentical) &&
    areSame(a.addressSets, b.addressSets, isIdentical) &&
    areSame(a.pods, b.pods, isSamePod) &&
    areSame(a.leaving, b.leaving, isSamePod)
  );
}
