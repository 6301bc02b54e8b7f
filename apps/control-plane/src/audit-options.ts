// Whether there is an audit log, and how much of it is kept.
import { join, resolve } from 'node:path';
import { parseCount, UsageError } from '@berth/telemetry/command-line';
import type { ControlPlaneConfig } from './config.ts';

export const auditUsage = `  --audit-policy-file FILE    which requests the audit log tells of (default: no audit log)
  --audit-log-path FILE       default: audit.log in the data directory
  --audit-log-maxsize MB      a larger log is renamed and begun anew (default 100)
  --audit-log-maxbackup N     renamed logs that are kept (default 10)`;

export const auditOptions = {
  'audit-policy-file': { type: 'string' },
  'audit-log-path': { type: 'string' },
  'audit-log-maxsize': { type: 'string' },
  'audit-log-maxbackup': { type: 'string' },
} as const;

type Values = { [Name in keyof typeof auditOptions]?: string | undefined };

/** @throws UsageError */
export function parseAudit(values: Values, dataDirectory: string): Pick<ControlPlaneConfig, 'audit'> {
  const policyFile = values['audit-policy-file'];
  if (policyFile === undefined) {
    const lone = (['audit-log-path', 'audit-log-maxsize', 'audit-log-maxbackup'] as const).find((name) => values[name] !== undefined);
    if (lone) throw new UsageError(`--${lone} means nothing without --audit-policy-file: say which requests are told of`);
    return {};
  }
  const fileBytesMax = parseCount('--audit-log-maxsize', values['audit-log-maxsize'] ?? '100') * 1024 * 1024;
  const backupsMax = parseCount('--audit-log-maxbackup', values['audit-log-maxbackup'] ?? '10');
  const logFile = resolve(values['audit-log-path'] ?? join(dataDirectory, 'audit.log'));
  return { audit: { policyFile: resolve(policyFile), logFile, fileBytesMax, backupsMax } };
}
