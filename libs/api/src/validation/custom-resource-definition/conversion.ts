// How versions become each other, and the server that is asked to make them so.

import { decodeBase64 } from '../../encoding/base64.ts';
import type { CustomResourceConversion, CustomResourceDefinition } from '../../generated/apiextensions-v1.types.ts';
import { type FieldError, forbidden, invalid, invalidAll, notSupported, required } from '../errors.ts';
import { dns1035Label } from '../names.ts';
import { pemBlocks } from '../pem.ts';
import { validateWebhookClient } from '../webhooks.ts';

const strategies = ['None', 'Webhook'];
const reviewVersions = ['v1', 'v1beta1'];

export interface ConversionRules {
  /** Asks for a version of reviews that the server speaks. */
  needsKnownVersion: boolean;
  checksCertificates: boolean;
}

export const strictConversion: ConversionRules = { needsKnownVersion: true, checksCertificates: false };

/** What was there already, or is not in use yet, is not refused. */
export function conversionRulesAfter({ spec, status }: CustomResourceDefinition): ConversionRules {
  const { clientConfig, conversionReviewVersions: versions = [] } = spec.conversion?.webhook ?? {};
  const isEstablished = status?.conditions?.some((condition) => condition.type === 'Established' && condition.status === 'True') ?? false;
  const wasWrong = Boolean(clientConfig?.caBundle) && caBundleError(clientConfig?.caBundle ?? '') !== undefined;
  return {
    needsKnownVersion: versions.length === 0 || versions.some((version) => reviewVersions.includes(version)),
    checksCertificates: isEstablished && !wasWrong,
  };
}

export function validateConversion(conversion: CustomResourceConversion | undefined, rules: ConversionRules, field: string): FieldError[] {
  if (!conversion) return [];
  const { strategy, webhook } = conversion;
  const errors: FieldError[] = [];
  if (!strategy) errors.push(required(`${field}.strategy`));
  else if (!strategies.includes(strategy)) errors.push(notSupported(`${field}.strategy`, strategy, strategies));
  const versions = webhook?.conversionReviewVersions ?? [];
  if (strategy === 'Webhook') {
    return [
      ...errors,
      ...client(webhook?.clientConfig, rules, `${field}.webhookClientConfig`),
      ...reviews(versions, rules, `${field}.conversionReviewVersions`),
    ];
  }
  const detail = 'should not be set when strategy is not set to Webhook';
  if (webhook?.clientConfig) errors.push(forbidden(`${field}.webhookClientConfig`, detail));
  if (versions.length > 0) errors.push(forbidden(`${field}.conversionReviewVersions`, detail));
  return errors;
}

type Client = NonNullable<CustomResourceConversion['webhook']>['clientConfig'];

function client(config: Client, { checksCertificates }: ConversionRules, field: string): FieldError[] {
  if (!config) return [required(field, 'required when strategy is set to Webhook')];
  const errors = validateWebhookClient(config, field);
  const wrong = checksCertificates && config.caBundle ? caBundleError(config.caBundle) : undefined;
  return wrong === undefined ? errors : [...errors, invalid(`${field}.caBundle`, config.caBundle, wrong)];
}

/** Why certificates cannot be read, as Go says it; whether they are certificates is for those who use them. */
function caBundleError(caBundle: string): string | undefined {
  const blocks = pemBlocks(decodeBase64(caBundle) ?? '');
  const certificates = blocks.filter(({ label, hasHeaders }) => label === 'CERTIFICATE' && !hasHeaders);
  if (certificates.some(({ isDer }) => isDer)) return undefined;
  const reason = blocks.length === 0 ? 'unable to parse bytes as PEM block' : 'no valid certificate authority data seen';
  return `unable to load root certificates: ${reason}`;
}

function reviews(versions: string[], { needsKnownVersion }: ConversionRules, field: string): FieldError[] {
  if (versions.length === 0) return [required(field)];
  const seen = new Set<string>();
  const errors = versions.flatMap((version, index) => {
    const at = `${field}[${index}]`;
    if (seen.has(version)) return [invalid(at, version, 'duplicate version')];
    seen.add(version);
    return invalidAll(at, version, dns1035Label(version));
  });
  if (!needsKnownVersion || versions.some((version) => reviewVersions.includes(version))) return errors;
  return [...errors, invalid(field, versions, `must include at least one of ${reviewVersions.join(', ')}`)];
}
