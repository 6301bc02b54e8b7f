// The node agent as a process: command line in, exit code out. Exit codes: 0 stopped as asked, 1 could not start, 2 wrong
// usage. Stopping leaves every container running; --tear-down is what ends them, and SIGPWR says that the machine is being switched off.
import 'reflect-metadata';
import { collectWhenIdle, jsonLogger, standardErrorLines, systemClock, systemRandom } from '@berth/telemetry';
import { UsageError } from '@berth/telemetry/command-line';
import { type AgentCommandLine, parseCommandLine, usage } from './command-line.ts';
import { runHollow } from './hollow/hollow-command.ts';
import { importImage } from './import-image.ts';
import { startNodeAgent } from './node-agent.ts';
import { tearDown } from './tear-down.ts';

const stopTimeoutMs = 20_000;

async function main(): Promise<void> {
  if (process.argv[2] === 'hollow') {
    await runHollow(process.argv.slice(3));
    process.exit(0);
  }
  const command = readCommandLine();
  const logger = jsonLogger(systemClock, command.logLevel, standardErrorLines());
  const ports = { clock: systemClock, random: systemRandom, logger };
  if (command.checkOnly) process.exit(0);
  if (command.tearDown) {
    await tearDown(command.config, ports);
    process.exit(0);
  }
  if (command.importImage !== undefined) {
    const names = await importImage(command.importImage, command.config, ports);
    process.stdout.write(names.map((name) => `${name}\n`).join(''));
    process.exit(0);
  }
  const agent = await startNodeAgent(command.config, ports);
  collectWhenIdle(ports);
  const stop = (signal: string) => {
    logger.info('stopping; containers go on', { signal });
    setTimeout(() => {
      logger.error('stopping took too long', { stopTimeoutMs });
      process.exit(1);
    }, stopTimeoutMs).unref();
    agent.stop().then(
      () => process.exit(0),
      (error) => {
        logger.error('stopping failed', { error });
        process.exit(1);
      },
    );
  };
  process.on('SIGPWR', () => {
    if (command.config.shutdown.length > 0) void agent.shutDown();
    else logger.warn('the machine is being switched off, and pods have no time of their own: set --shutdown-grace-period');
  });
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(signal));
}

function readCommandLine(): AgentCommandLine {
  const command = parseCommandLine(process.argv.slice(2), process.env);
  if (command) return command;
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}

main().catch((error) => {
  process.stderr.write(`berth: ${error instanceof UsageError ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  if (error instanceof UsageError) process.stderr.write('berth: --help lists the options\n');
  process.exit(error instanceof UsageError ? 2 : 1);
});
