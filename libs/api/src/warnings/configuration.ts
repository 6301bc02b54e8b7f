// Fields of configuration kinds that are accepted and do not act yet.
import type { ServiceAccount } from '../generated/core-v1.types.ts';
import { idle } from './pod-spec.ts';

export function serviceAccountWarnings(account: ServiceAccount): string[] {
  const warnings: string[] = [];
  if (account.secrets?.length) warnings.push(idle('secrets'));
  return warnings;
}
