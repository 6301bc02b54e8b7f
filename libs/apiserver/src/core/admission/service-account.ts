// Every pod runs as a service account that exists, and gets a token of it, the cluster's CA and its namespace as files, unless
// it or its account says no. What it mounts is what Kubernetes mounts, as client libraries look for exactly these files.
import { type Container, everyContainer, mirrorAnnotation, type Pod, type ServiceAccount, type Volume } from '@berth/api';
import { pathSegment, StatusError } from '@berth/machinery';
import type { Random } from '@berth/telemetry';
import { generatedName } from '../metadata.ts';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';

const defaultAccount = 'default';
const volumePrefix = 'kube-api-access-';
const mountPath = '/var/run/secrets/kubernetes.io/serviceaccount';
/** An hour, and seven seconds by which such tokens are known. */
const tokenSeconds = 3607;

export interface ServiceAccountPorts {
  /** An account by name. */
  account(namespace: string, name: string): ServiceAccount | undefined;
  /** The same, given a few seconds to appear. */
  appearing(namespace: string, name: string): Promise<ServiceAccount | undefined>;
  random: Random;
}

export class ServiceAccountAdmission implements AdmissionPlugin {
  readonly name = 'ServiceAccount';
  readonly #ports: ServiceAccountPorts;

  constructor(ports: ServiceAccountPorts) {
    this.#ports = ports;
  }

  async mutate({ operation, kind, subresource, object, namespace = '', ...request }: AdmissionRequest): Promise<void> {
    if (operation !== 'CREATE' || kind.group !== '' || kind.kind !== 'Pod' || subresource) return;
    const pod = object as Pod;
    const name = request.refusedName ?? request.name;
    if (!pod.spec) return;
    if (pod.metadata.annotations?.[mirrorAnnotation] !== undefined) {
      if (pod.spec.serviceAccountName) throw refused(name, 'a mirror pod may not reference service accounts');
      return;
    }
    const accountName = pod.spec.serviceAccountName || defaultAccount;
    pod.spec.serviceAccountName = accountName;
    pod.spec.serviceAccount = accountName;
    const impossible = pathSegment(accountName);
    if (impossible.length > 0) {
      const detail = `invalid resource name ${JSON.stringify(accountName)}: [${impossible.join(' ')}]`;
      throw refused(name, `error looking up service account ${namespace}/${accountName}: ${detail}`);
    }
    const account = await this.#find(namespace, accountName);
    if (!account) {
      throw refused(
        name,
        `error looking up service account ${namespace}/${accountName}: serviceaccount ${JSON.stringify(accountName)} not found`,
      );
    }
    if (!pod.spec.imagePullSecrets?.length && account.imagePullSecrets?.length) {
      pod.spec.imagePullSecrets = account.imagePullSecrets.map((secret) => ({ ...secret }));
    }
    const mounts = pod.spec.automountServiceAccountToken ?? account.automountServiceAccountToken ?? true;
    if (mounts) this.#mount(pod);
  }

  /** A controller makes a namespace's default account a moment after the namespace. */
  async #find(namespace: string, name: string): Promise<ServiceAccount | undefined> {
    const known = this.#ports.account(namespace, name);
    return known || name !== defaultAccount ? known : this.#ports.appearing(namespace, name);
  }

  #mount({ spec }: Pod): void {
    const present = (spec.volumes ?? []).find((volume) => volume.name.startsWith(volumePrefix));
    const volumeName = present?.name ?? generatedName(volumePrefix, this.#ports.random);
    const without = containersOf(spec).filter((container) => !container.volumeMounts?.some((mount) => mount.mountPath === mountPath));
    for (const container of without) {
      container.volumeMounts = [...(container.volumeMounts ?? []), { name: volumeName, readOnly: true, mountPath }];
    }
    if (!present && without.length > 0) spec.volumes = [...(spec.volumes ?? []), tokenVolume(volumeName)];
  }
}

function containersOf(spec: Pod['spec']): Container[] {
  const ephemeral = new Set<unknown>(spec.ephemeralContainers ?? []);
  return everyContainer(spec).filter((container) => !ephemeral.has(container));
}

function tokenVolume(name: string): Volume {
  return {
    name,
    projected: {
      defaultMode: 0o644,
      sources: [
        { serviceAccountToken: { expirationSeconds: tokenSeconds, path: 'token' } },
        { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
        { downwardAPI: { items: [{ path: 'namespace', fieldRef: { apiVersion: 'v1', fieldPath: 'metadata.namespace' } }] } },
      ],
    },
  };
}

function refused(name: string, detail: string): StatusError {
  return StatusError.forbidden({ group: '', plural: 'pods' }, name, detail);
}
