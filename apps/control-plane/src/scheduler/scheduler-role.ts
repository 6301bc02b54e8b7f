// The role `scheduler`: gives the scheduler its user, its ports and its place in the process.
import type { Decision } from '@berth/scheduling';
import { componentUsers } from '../api/core/index.ts';
import type { RoleContext, RoleRunner } from '../roles.ts';
import { Scheduler } from './scheduler.ts';

export class SchedulerRole implements RoleRunner {
  #scheduler: Scheduler | undefined;

  async start(context: RoleContext): Promise<void> {
    const { clock, random, logger, registry } = context;
    const client = context.clientFor(componentUsers.scheduler);
    this.#scheduler = new Scheduler({ clock, random, logger: logger.with({ role: 'scheduler' }), registry, client });
    await this.#scheduler.start();
  }

  async stop(): Promise<void> {
    await this.#scheduler?.stop();
  }

  explain(podUid: string): Decision | undefined {
    return this.#scheduler?.explain(podUid);
  }
}
