// A service that answers for a version of the API does so where HTTPS is expected.
import type { APIService } from '../generated/apiregistration-v1.types.ts';

const httpsPort = 443;

export function defaultApiService({ spec }: APIService): void {
  if (spec?.service) spec.service.port ??= httpsPort;
}
