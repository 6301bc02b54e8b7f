// Metrics of services and of what leads to them: Service, Endpoints, EndpointSlice, Ingress, IngressClass, NetworkPolicy.
import { EndpointSlice, Endpoints, Ingress, IngressClass, NetworkPolicy, Service } from '@berth/api';
import { gauge, info, type KindFamilies, type Labels, lifeTimes, named, resourceVersion, value } from '../family.ts';

const of = (labels: Labels) => ({ labels, value: 1 });

export const services: KindFamilies<Service> = {
  kind: Service,
  identity: ({ metadata: { namespace, name, uid } }) => ({ namespace, service: name, uid }),
  families: [
    info('kube_service_info', 'Where a service is reached.', ({ spec }) => ({
      cluster_ip: spec?.clusterIP,
      external_name: spec?.externalName,
      external_traffic_policy: spec?.externalTrafficPolicy,
      load_balancer_ip: spec?.loadBalancerIP,
    })),
    info('kube_service_spec_type', 'The type of a service.', ({ spec }) => ({ type: spec?.type })),
    gauge('kube_service_spec_external_ip', 'External addresses of a service.', ({ spec }) =>
      (spec?.externalIPs ?? []).map((ip) => of({ external_ip: ip })),
    ),
    gauge('kube_service_status_load_balancer_ingress', 'Where the load balancer of a service is reached.', ({ status }) =>
      (status?.loadBalancer?.ingress ?? []).map(({ ip, hostname }) => of({ ip, hostname })),
    ),
    ...lifeTimes<Service>('kube_service'),
  ],
};

export const endpoints: KindFamilies<Endpoints> = {
  kind: Endpoints,
  identity: named('endpoint'),
  families: [
    info('kube_endpoint_info', 'Endpoints of a service.', () => ({})),
    gauge('kube_endpoint_address', 'Addresses of a service.', ({ subsets = [] }) =>
      subsets.flatMap(({ addresses = [], notReadyAddresses = [], ports = [] }) =>
        [
          ...addresses.map((address) => ({ ...address, ready: true })),
          ...notReadyAddresses.map((address) => ({ ...address, ready: false })),
        ].flatMap(({ ip, ready }) => ports.map((port) => of({ ip, ...portLabels(port), ready: String(ready) }))),
      ),
    ),
    gauge('kube_endpoint_ports', 'Ports of a service.', ({ subsets = [] }) =>
      subsets.flatMap(({ ports = [] }) => ports.map((port) => of(portLabels(port)))),
    ),
    ...lifeTimes<Endpoints>('kube_endpoint'),
  ],
};

export const endpointSlices: KindFamilies<EndpointSlice> = {
  kind: EndpointSlice,
  identity: named('endpointslice'),
  families: [
    info('kube_endpointslice_info', 'Endpoints of a service.', ({ addressType }) => ({ addresstype: addressType })),
    gauge('kube_endpointslice_endpoints', 'Endpoints and how they are.', ({ endpoints: all }) =>
      (all ?? []).flatMap(({ addresses, conditions, hostname, targetRef, nodeName, zone }) =>
        addresses.map((address) =>
          of({
            address,
            ready: String(conditions?.ready ?? true),
            serving: String(conditions?.serving ?? conditions?.ready ?? true),
            terminating: String(conditions?.terminating ?? false),
            hostname,
            targetref_kind: targetRef?.kind,
            targetref_name: targetRef?.name,
            targetref_namespace: targetRef?.namespace,
            endpoint_nodename: nodeName,
            endpoint_zone: zone,
          }),
        ),
      ),
    ),
    gauge('kube_endpointslice_endpoints_hints', 'Zones that endpoints are for.', ({ endpoints: all }) =>
      (all ?? []).flatMap(({ addresses, hints }) =>
        (hints?.forZones ?? []).map(({ name }) => of({ address: addresses[0], for_zone: name })),
      ),
    ),
    gauge('kube_endpointslice_ports', 'Ports of endpoints.', ({ ports }) => (ports ?? []).map((port) => of(portLabels(port)))),
    ...lifeTimes<EndpointSlice>('kube_endpointslice'),
  ],
};

function portLabels({ name, protocol, port }: { name?: string; protocol?: string; port?: number }): Labels {
  return { port_name: name, port_protocol: protocol, port_number: port?.toString() };
}

export const ingresses: KindFamilies<Ingress> = {
  kind: Ingress,
  identity: named('ingress'),
  families: [
    info('kube_ingress_info', 'Who serves an ingress.', ({ metadata, spec }) => ({
      ingressclass: spec?.ingressClassName ?? metadata.annotations?.['kubernetes.io/ingress.class'] ?? '_default',
    })),
    gauge('kube_ingress_path', 'Paths of an ingress, and what is behind them.', ({ spec }) =>
      (spec?.rules ?? []).flatMap(({ host, http }) =>
        (http?.paths ?? []).map(({ path, pathType, backend }) =>
          of({
            host,
            path,
            path_type: pathType,
            ...(backend.service && {
              service_name: backend.service.name,
              service_port: (backend.service.port?.number || backend.service.port?.name)?.toString(),
            }),
            ...(backend.resource && {
              resource_api_group: backend.resource.apiGroup,
              resource_kind: backend.resource.kind,
              resource_name: backend.resource.name,
            }),
          }),
        ),
      ),
    ),
    gauge('kube_ingress_tls', 'Hosts of an ingress with certificates.', ({ spec }) =>
      (spec?.tls ?? []).flatMap(({ hosts = [], secretName }) => hosts.map((host) => of({ tls_host: host, secret: secretName }))),
    ),
    resourceVersion('kube_ingress'),
    ...lifeTimes<Ingress>('kube_ingress'),
  ],
};

export const ingressClasses: KindFamilies<IngressClass> = {
  kind: IngressClass,
  identity: ({ metadata }) => ({ ingressclass: metadata.name }),
  families: [
    info('kube_ingressclass_info', 'What serves a class of ingresses.', ({ spec }) => ({ controller: spec?.controller })),
    ...lifeTimes<IngressClass>('kube_ingressclass'),
  ],
};

export const networkPolicies: KindFamilies<NetworkPolicy> = {
  kind: NetworkPolicy,
  identity: named('networkpolicy'),
  families: [
    value('kube_networkpolicy_spec_ingress_rules', 'Rules for what comes in.', ({ spec }) => spec?.ingress?.length ?? 0),
    value('kube_networkpolicy_spec_egress_rules', 'Rules for what goes out.', ({ spec }) => spec?.egress?.length ?? 0),
    ...lifeTimes<NetworkPolicy>('kube_networkpolicy'),
  ],
};
