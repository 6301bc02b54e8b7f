// The NestJS application of a node: metrics and health over HTTP around the running agent. Tokens are always named with
// @Inject, since the bundler emits no decorator metadata for Nest to inject by.
import { Controller, type DynamicModule, Get, Header, HttpCode, Inject, ServiceUnavailableException } from '@nestjs/common';
import { AgentMetrics } from './metrics/agent-metrics.ts';

/** Tells what is wrong, or undefined. */
export type HealthCheck = () => Promise<string | undefined>;

export const HEALTH = Symbol('health');

@Controller()
export class NodeController {
  readonly #metrics: AgentMetrics;
  readonly #health: HealthCheck;

  constructor(@Inject(AgentMetrics) metrics: AgentMetrics, @Inject(HEALTH) health: HealthCheck) {
    this.#metrics = metrics;
    this.#health = health;
  }

  @Get('metrics')
  @Header('content-type', 'text/plain; version=0.0.4; charset=utf-8')
  metrics(): Promise<string> {
    return this.#metrics.scrape();
  }

  @Get('healthz')
  @HttpCode(200)
  async healthz(): Promise<string> {
    const trouble = await this.#health();
    if (trouble !== undefined) throw new ServiceUnavailableException(trouble);
    return 'ok';
  }
}

export class AppModule {}

export function appModule(metrics: AgentMetrics, health: HealthCheck): DynamicModule {
  return {
    module: AppModule,
    controllers: [NodeController],
    providers: [
      { provide: AgentMetrics, useValue: metrics },
      { provide: HEALTH, useValue: health },
    ],
  };
}
