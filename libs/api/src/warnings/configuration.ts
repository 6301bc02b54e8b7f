// Fields of configuration kinds that are accepted and do not act yet.
import type { ServiceAccount } from '../generated/core-v1.types.ts';
import { idle } from './pod-spec.ts';

export function serviceAccountWarnings(account: ServiceAccount): string[] {
  const warnings: string[] = [];
  if (account.automountServiceAccountToken)
    warnings.push(idle('automountServiceAccountToken', 'Berth gives pods no service account tokens yet'));
  if (account.imagePullSecrets?.length) warnings.push(idle('imagePullSecrets', 'Berth reads the imagePullSecrets of pods only'));
  if (account.secrets?.length) warnings.push(idle('secrets'));
  return warnings;
}
