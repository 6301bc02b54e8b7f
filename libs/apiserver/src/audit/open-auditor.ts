// The auditor that the configuration asks for.

import { readFile } from 'node:fs/promises';
import type { Ports } from '@berth/telemetry';
import { AuditLog } from './audit-log.ts';
import { Auditor } from './auditor.ts';
import { AuditPolicy, AuditPolicyError } from './policy.ts';

export interface AuditConfig {
  policyFile: string;
  logFile: string;
  fileBytesMax: number;
  backupsMax: number;
}

/** @throws AuditPolicyError */
export async function openAuditor(config: AuditConfig, ports: Ports): Promise<{ auditor: Auditor; close(): Promise<void> }> {
  const { policyFile, logFile, fileBytesMax, backupsMax } = config;
  const text = await readFile(policyFile, 'utf8').catch((error: Error) => {
    throw new AuditPolicyError(policyFile, `cannot be read: ${error.message}`);
  });
  const policy = AuditPolicy.parse(policyFile, text);
  const log = await AuditLog.open({ file: logFile, fileBytesMax, backupsMax, ...ports });
  return { auditor: new Auditor({ policy, log, clock: ports.clock }), close: () => log.close() };
}
