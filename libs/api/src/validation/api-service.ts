// APIServices: called by the version and group that they answer for, and local ones have nobody's certificate to check.
import type { APIService } from '../generated/apiregistration-v1.types.ts';
import { type FieldError, invalid, invalidAll, notSupported, required } from './errors.ts';
import { validateMetadata } from './metadata.ts';
import { dns1035Label, dnsSubdomain, pathSegment, portNumber } from './names.ts';

const groupPriorityMax = 20_000;
const versionPriorityMax = 1_000;
const conditionStates = ['True', 'False', 'Unknown'];

export function validateApiService(service: APIService): FieldError[] {
  const {
    group = '',
    version = '',
    groupPriorityMinimum: groups = 0,
    versionPriority: versions = 0,
  }: Partial<APIService['spec']> = service.spec ?? {};
  const wanted = `${version}.${group}`;
  const name = (text: string) => {
    const faults = pathSegment(text);
    if (faults.length > 0 || text === wanted) return faults;
    return [`must be \`spec.version+"."+spec.group\`: ${JSON.stringify(wanted)}`];
  };
  const errors = validateMetadata(service, { scope: 'Cluster', name, plainFinalizers: true });
  if (group === '' && version !== 'v1') errors.push(required('spec.group', 'only v1 may have an empty group and it better be legacy kube'));
  if (group !== '') errors.push(...invalidAll('spec.group', group, dnsSubdomain(group)));
  errors.push(...invalidAll('spec.version', version, dns1035Label(version)));
  if (groups <= 0 || groups > groupPriorityMax)
    errors.push(invalid('spec.groupPriorityMinimum', groups, 'must be positive and less than 20000'));
  if (versions <= 0 || versions > versionPriorityMax)
    errors.push(invalid('spec.versionPriority', versions, 'must be positive and less than 1000'));
  return [...errors, ...validateTarget(service)];
}

/** Who answers, and how it is known. */
function validateTarget({ spec }: APIService): FieldError[] {
  const { service, caBundle = '', insecureSkipTLSVerify: isInsecure = false }: Partial<APIService['spec']> = spec ?? {};
  const bundleBytes = decodedBytes(caBundle);
  const errors: FieldError[] = [];
  if (!service) {
    if (bundleBytes > 0) errors.push(invalid('spec.caBundle', `${bundleBytes} bytes`, 'local APIServices may not have a caBundle'));
    if (isInsecure) errors.push(invalid('spec.insecureSkipTLSVerify', isInsecure, 'local APIServices may not have insecureSkipTLSVerify'));
    return errors;
  }
  const { namespace, name, port = 0 } = service;
  if (!namespace) errors.push(required('spec.service.namespace'));
  if (!name) errors.push(required('spec.service.name'));
  const faults = portNumber(port);
  if (faults.length > 0) errors.push(invalid('spec.service.port', port, `port is not valid: ${faults.join(', ')}`));
  if (isInsecure && bundleBytes > 0)
    errors.push(invalid('spec.insecureSkipTLSVerify', isInsecure, 'may not be true if caBundle is present'));
  return errors;
}

/** Of base64, which has been checked to be that. */
function decodedBytes(text: string): number {
  return Math.floor((text.replace(/[=\r\n]/g, '').length * 3) / 4);
}

export function validateApiServiceStatus({ status }: APIService): FieldError[] {
  return (status?.conditions ?? []).flatMap((condition, index) =>
    conditionStates.includes(condition.status)
      ? []
      : [notSupported(`status.conditions[${index}].status`, condition.status, conditionStates)],
  );
}
