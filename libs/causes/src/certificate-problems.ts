// Certificates that have ended or are about to, or are for another name: those that Ingresses serve, those that webhooks, APIServices and
// conversions are trusted by, and those of the cluster itself.
import { decodeBase64, type Ingress } from '@berth/api';
import { humanDuration } from '@berth/machinery';
import { type Certificate, CertificateError, readCertificates } from './certificates/certificate.ts';
import type { Problem, ProblemKind } from './problem.ts';
import type { Known, WebhookConfiguration } from './why.ts';

const dayMs = 86_400_000;
/** Whatever renews a certificate does so with a third of its time left; short ones live for hours. */
const soonMsMax = 21 * dayMs;
const soonShare = 1 / 6;
const namesShownMax = 5;

interface Fault {
  reason: 'SecretNotFound' | 'InvalidCertificate' | 'CertificateExpired' | 'CertificateEnding' | 'HostNotCovered';
  message: string;
  isWarning?: true;
}

/** Of an Ingress the worst, by the secrets that were read: of others, its controller's events tell. */
export function ingressCertificateProblems(ingresses: Ingress[], { certificates, now }: Pick<Known, 'certificates' | 'now'>): Problem[] {
  return ingresses.flatMap(({ metadata, spec }) => {
    const { namespace, name } = metadata;
    const faults = (spec.tls ?? []).flatMap(({ secretName, hosts = [] }, index) => {
      const pem = secretName ? certificates.get(`${namespace}/${secretName}`) : undefined;
      if (!secretName || pem === undefined) return [];
      const fault = pem === null ? missing(secretName) : faultOf(pem, hosts, `secret ${secretName}`, now);
      return fault ? [{ ...fault, message: `spec.tls[${index}]: ${fault.message}` }] : [];
    });
    const worst = faults.find(({ isWarning }) => !isWarning) ?? faults[0];
    return worst ? [problemOf({ kind: 'Ingress', namespace, name }, worst)] : [];
  });
}

function missing(secretName: string): Fault {
  const message = `secret ${secretName} does not exist; a self-signed certificate is served instead`;
  return { reason: 'SecretNotFound', message };
}

function faultOf(pem: string, hosts: string[], what: string, now: number): Fault | undefined {
  const read = readOrFault(pem, what);
  if (!Array.isArray(read)) return read;
  const [own] = read;
  if (!own) return { reason: 'InvalidCertificate', message: `${what} holds no certificate in tls.crt` };
  // Clients ask the chain as well, but what ends first is nearly always the first.
  const ended = endingFault(own, `the certificate of ${what}`, now);
  if (ended && !ended.isWarning) return ended;
  const uncovered = hosts.find((host) => !own.names.some((name) => covers(name, host.toLowerCase())));
  if (uncovered === undefined) return ended;
  const names = own.names.slice(0, namesShownMax).join(', ') || 'no name at all';
  return { reason: 'HostNotCovered', message: `the certificate of ${what} is not for ${uncovered}, but for ${names}` };
}

function readOrFault(pem: string, what: string): Certificate[] | Fault {
  try {
    return readCertificates(pem);
  } catch (error) {
    if (!(error instanceof CertificateError)) throw error;
    return { reason: 'InvalidCertificate', message: `${what} cannot be read: ${error.message}` };
  }
}

/** One label for a wildcard (RFC 6125, section 6.4.3); a wildcard of an Ingress wants the same. */
function covers(name: string, host: string): boolean {
  return name === host || (name.startsWith('*.') && !host.startsWith('*.') && host.slice(host.indexOf('.')) === name.slice(1));
}

function endingFault({ beginsAtMs, endsAtMs }: Certificate, what: string, now: number): Fault | undefined {
  const day = new Date(endsAtMs).toISOString().slice(0, 10);
  if (endsAtMs <= now) return { reason: 'CertificateExpired', message: `${what} ended on ${day}, ${humanDuration(now - endsAtMs)} ago` };
  const soonMs = Math.min((endsAtMs - beginsAtMs) * soonShare, soonMsMax);
  if (endsAtMs - now > soonMs) return undefined;
  const message = `${what} ends on ${day}, in ${humanDuration(endsAtMs - now)}, and should have been renewed`;
  return { reason: 'CertificateEnding', message, isWarning: true };
}

type Trusting = Pick<Known, 'apiServices' | 'validatingWebhooks' | 'mutatingWebhooks' | 'now'>;

/** Of those whom the API server asks over TLS: whom they say it is to trust. */
export function trustProblems({ apiServices, validatingWebhooks, mutatingWebhooks, now }: Trusting): Problem[] {
  const of = (kind: ProblemKind, name: string, what: string, bundle: string | undefined): Problem[] => {
    const fault = bundle ? bundleFault(decodeBase64(bundle) ?? '', what, now) : undefined;
    return fault ? [problemOf({ kind, name }, fault)] : [];
  };
  const webhooks = (kind: ProblemKind, { metadata, webhooks: all = [] }: WebhookConfiguration) =>
    all
      .flatMap((webhook) => of(kind, metadata.name, `the caBundle of its webhook ${webhook.name}`, webhook.clientConfig.caBundle))
      .slice(0, 1);
  return [
    ...apiServices.flatMap(({ metadata, spec }) => of('APIService', metadata.name, 'its caBundle', spec?.caBundle)),
    ...validatingWebhooks.flatMap((one) => webhooks('ValidatingWebhookConfiguration', one)),
    ...mutatingWebhooks.flatMap((one) => webhooks('MutatingWebhookConfiguration', one)),
  ];
}

/** Of several that are trusted, all but the last to end may have. */
function bundleFault(pem: string, what: string, now: number): Fault | undefined {
  const read = readOrFault(pem, what);
  if (!Array.isArray(read)) return read;
  const [last] = read.sort((a, b) => b.endsAtMs - a.endsAtMs);
  return last && endingFault(last, what, now);
}

/** Everything that uses one renews it with a third of its time left, and none has less than ten days. */
const ownSoonMs = 7 * dayMs;

/** Of the cluster itself, which renews them. */
export function ownCertificateProblems({ certificateEnds, now }: Pick<Known, 'certificateEnds' | 'now'>): Problem[] {
  return certificateEnds.flatMap(({ kind, name, endsAtMs }) => {
    if (endsAtMs - now > ownSoonMs) return [];
    const what = kind === 'Node' ? 'the certificate of its agent' : `the certificate of ${name}`;
    const fault = endingFault({ beginsAtMs: Number.NEGATIVE_INFINITY, endsAtMs, names: [] }, what, now);
    return fault ? [problemOf({ kind, name }, fault)] : [];
  });
}

function problemOf(whose: { kind: ProblemKind; namespace?: string | undefined; name: string }, { isWarning, ...said }: Fault): Problem {
  const group = [whose.kind, ...(whose.namespace === undefined ? [] : [whose.namespace]), whose.name, 'certificate'].join('/');
  return { ...whose, severity: isWarning ? 'warning' : 'error', ...said, group };
}
