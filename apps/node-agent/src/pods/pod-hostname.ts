// What a pod is called, for the kernel, $HOSTNAME and /etc/hosts alike: a pod whose names differ cannot resolve itself.
// (kubernetes.io/docs/concepts/services-networking/dns-pod-service, "Pod's hostname and subdomain fields")
import type { Pod } from '@berth/api';

/** A label of DNS. */
const hostnameLengthMax = 63;
/** What the kernel keeps of a node name. */
const kernelNameLengthMax = 64;

export interface PodHostname {
  hostname: string;
  /** `SUBDOMAIN.NAMESPACE.svc.CLUSTER-DOMAIN`; empty without a subdomain. */
  domain: string;
}

/** hostnameOverride counts first and stands alone; else hostname or the pod's name, below the subdomain. */
export function podHostname({ metadata, spec }: Pod, clusterDomain: string): PodHostname {
  if (spec.hostnameOverride) return { hostname: truncated(spec.hostnameOverride), domain: '' };
  const domain = spec.subdomain ? `${spec.subdomain}.${metadata.namespace}.svc.${clusterDomain}` : '';
  return { hostname: truncated(spec.hostname || metadata.name), domain };
}

/** What `hostname` prints in the pod. @throws Error when the whole name is asked for and too long for the kernel */
export function kernelHostname(pod: Pod, clusterDomain: string): string {
  const { hostname, domain } = podHostname(pod, clusterDomain);
  if (!pod.spec.setHostnameAsFQDN || !domain) return hostname;
  const whole = `${hostname}.${domain}`;
  if (whole.length <= kernelNameLengthMax) return whole;
  const why = `FQDN ${whole} is too long (${kernelNameLengthMax} characters is the max, ${whole.length} characters requested)`;
  throw new Error(`failed to construct FQDN from pod hostname and cluster domain, ${why}`);
}

/** A name may not end with a hyphen or a dot, wherever it was cut. */
function truncated(name: string): string {
  return name.length <= hostnameLengthMax ? name : name.slice(0, hostnameLengthMax).replace(/[-.]+$/, '');
}
