// What pods expect in every namespace: the service account `default`, and the cluster's CA in a config map.
import { ConfigMap, Namespace, ServiceAccount } from '@berth/api';
import { type Action, type Controller, erased, watches } from '@berth/controller';
import { deepEqual } from '@berth/machinery';

const accountName = 'default';
const caConfigMapName = 'kube-root-ca.crt';

export interface ObservedAccounts {
  namespace: Namespace;
  account: ServiceAccount | undefined;
}

export const serviceAccountController: Controller<ObservedAccounts> = {
  name: 'service-account-controller',
  owns: ['ServiceAccount[default]'],
  writes: ['serviceaccounts'],
  watches: [
    watches(Namespace, ({ metadata }) => [metadata.name]),
    watches(ServiceAccount, ({ metadata }) => (metadata.name === accountName ? [metadata.namespace ?? ''] : [])),
  ],
  observe(key, caches) {
    const namespace = caches.of(Namespace).get(key);
    return namespace && { namespace, account: caches.of(ServiceAccount).get(`${key}/${accountName}`) };
  },
  plan({ namespace, account }) {
    if (account || namespace.metadata.deletionTimestamp) return [];
    const metadata = { name: accountName, namespace: namespace.metadata.name };
    const object: ServiceAccount = { apiVersion: 'v1', kind: 'ServiceAccount', metadata };
    return [{ type: 'create', kind: erased(ServiceAccount), object }];
  },
};

export interface ObservedCertificate {
  namespace: Namespace;
  configMap: ConfigMap | undefined;
}

/** @param caCertificate PEM */
export function rootCertificateController(caCertificate: string): Controller<ObservedCertificate> {
  return {
    name: 'root-ca-certificate-publisher-controller',
    owns: ['ConfigMap[kube-root-ca.crt]'],
    writes: ['configmaps'],
    watches: [
      watches(Namespace, ({ metadata }) => [metadata.name]),
      watches(ConfigMap, ({ metadata }) => (metadata.name === caConfigMapName ? [metadata.namespace ?? ''] : [])),
    ],
    observe(key, caches) {
      const namespace = caches.of(Namespace).get(key);
      return namespace && { namespace, configMap: caches.of(ConfigMap).get(`${key}/${caConfigMapName}`) };
    },
    plan: ({ namespace, configMap }) => planCertificate(namespace, configMap, caCertificate),
  };
}

function planCertificate(namespace: Namespace, configMap: ConfigMap | undefined, caCertificate: string): Action[] {
  if (namespace.metadata.deletionTimestamp || configMap?.metadata.deletionTimestamp) return [];
  const data = { 'ca.crt': caCertificate };
  if (configMap) {
    if (deepEqual(configMap.data, data)) return [];
    return [{ type: 'update', kind: erased(ConfigMap), object: { ...configMap, data } as ConfigMap }];
  }
  const description = 'Contains a CA bundle that can be used to verify the API server when it is reached from inside the cluster.';
  const metadata = { name: caConfigMapName, namespace: namespace.metadata.name, annotations: { 'kubernetes.io/description': description } };
  const object: ConfigMap = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data };
  return [{ type: 'create', kind: erased(ConfigMap), object }];
}
