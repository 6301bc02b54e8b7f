// The control plane as a process: command line in, exit code out. Exit codes: 0 stopped as asked, 1 could not start, 2 wrong
// usage.
import 'reflect-metadata';
import { fileURLToPath } from 'node:url';
import { AuditPolicyError, AuthenticationConfigurationError, EncryptionConfigurationError } from '@berth/apiserver';
import { collectWhenIdle, jsonLogger, standardErrorLines, systemClock, systemRandom } from '@berth/telemetry';
import { UsageError } from '@berth/telemetry/command-line';
import { collectProcessMetrics } from '@berth/telemetry/process-metrics';
import { BackupError } from './backup/backup-format.ts';
import { restoreBackup } from './backup/restore.ts';
import { type CommandLine, parseCommandLine, usage } from './command-line.ts';
import { startControlPlane } from './control-plane.ts';
import { ListenError } from './https-listener.ts';
import { localTimeZone } from './local-time-zone.ts';
import { StateVersionError } from './state-version.ts';

/** Beyond this, what still runs is not waited for. */
const stopTimeoutMs = 20_000;
/** Beside this file's directory, in src as in dist. */
const dashboardDirectory = fileURLToPath(new URL('../../dashboard/dist', import.meta.url));

async function main(): Promise<void> {
  const command = readCommandLine();
  const logger = jsonLogger(systemClock, command.logLevel, standardErrorLines());
  const ports = { clock: systemClock, random: systemRandom, logger };
  if (command.checkOnly) process.exit(0);
  if (command.restore !== undefined) {
    const { keys, files, createdAt } = await restoreBackup(command.restore, command.config, ports);
    process.stdout.write(`restored ${keys} keys and ${files} files of ${createdAt} into ${command.config.dataDirectory}\n`);
    process.exit(0);
  }
  const controlPlane = await startControlPlane({ ...command.config, timeZone: localTimeZone() }, ports, { dashboardDirectory });
  // Of the process, so not of a control plane that a test starts in its own.
  collectProcessMetrics(controlPlane.registry);
  collectWhenIdle(ports);
  const stop = (signal: string) => {
    logger.info('stopping', { signal });
    setTimeout(() => {
      logger.error('stopping took too long', { stopTimeoutMs });
      process.exit(1);
    }, stopTimeoutMs).unref();
    controlPlane.stop().then(
      () => process.exit(0),
      (error) => {
        logger.error('stopping failed', { error });
        process.exit(1);
      },
    );
  };
  for (const signal of ['SIGTERM', 'SIGINT'] as const) process.once(signal, () => stop(signal));
}

function readCommandLine(): CommandLine {
  const command = parseCommandLine(process.argv.slice(2));
  if (command) return command;
  process.stdout.write(`${usage}\n`);
  process.exit(0);
}

main().catch((error) => {
  const expected = [
    UsageError,
    BackupError,
    StateVersionError,
    ListenError,
    EncryptionConfigurationError,
    AuditPolicyError,
    AuthenticationConfigurationError,
  ];
  const isExpected = expected.some((known) => error instanceof known);
  process.stderr.write(`berth: ${isExpected ? error.message : error instanceof Error ? error.stack : String(error)}\n`);
  if (error instanceof UsageError) process.stderr.write('berth: --help lists the options\n');
  process.exit(error instanceof UsageError ? 2 : 1);
});
