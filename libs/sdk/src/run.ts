// Runs controllers against a cluster: in a pod as its account, elsewhere as a kubeconfig says.
import { type Client, type Connection, EventRecorder, findConnection, HttpClient, InformerSet } from '@berth/client';
import { type Controller, ControllerRunner } from '@berth/controller';
import { type Clock, jsonLogger, type Logger, type Random, standardErrorLines, systemClock, systemRandom } from '@berth/telemetry';

// biome-ignore lint/suspicious/noExplicitAny: a list of controllers holds some of several types, which each knows itself
export type AnyController = Controller<any>;

export interface RunOptions {
  controllers: AnyController[];
  /** By default where the program runs says it. */
  connection?: Connection;
  /** In place of a connection. */
  client?: Client;
  logger?: Logger;
  clock?: Clock;
  random?: Random;
}

export interface Running {
  /** Resolves when nothing is under way any more. */
  stop(): Promise<void>;
}

/** Resolves when everything declared has been read once. @throws KubeconfigError where no cluster is found */
export async function startControllers(options: RunOptions): Promise<Running> {
  const { controllers, clock = systemClock, random = systemRandom } = options;
  const logger = options.logger ?? jsonLogger(clock, 'info', standardErrorLines());
  const own = options.client ? undefined : new HttpClient(options.connection ?? (await findConnection(process.env)));
  const client = options.client ?? (own as Client);
  const ports = { client, clock, random, logger };
  const component = controllers.map(({ name }) => name).join(', ');
  const runner = new ControllerRunner(
    { ...ports, informers: new InformerSet(ports), events: new EventRecorder(ports, { component }) },
    controllers,
  );
  await runner.start();
  return {
    async stop() {
      await runner.stop();
      own?.close();
    },
  };
}

/** Resolves when somebody asks the process to end, as a kubelet does before it kills. */
export function terminated(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => resolve());
  });
}
