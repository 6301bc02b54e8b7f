import { apiVersionOf, groupResourceOf } from '@berth/machinery';
import { expect, test } from 'vitest';
import { Deployment, kinds, Pod, Service } from '../index.ts';
import { sampleDeployment, samplePod, sampleService } from '../samples.ts';

test('kinds are named as Kubernetes names them', () => {
  const shown = kinds.map((kind) =>
    [groupResourceOf(kind), kind.shortNames.join(','), apiVersionOf(kind), kind.namespaced, kind.kind, kind.categories.join(',')].join(' '),
  );
  expect(shown.sort()).toEqual([
    'apiservices.apiregistration.k8s.io  apiregistration.k8s.io/v1 false APIService api-extensions',
    'certificatesigningrequests.certificates.k8s.io csr certificates.k8s.io/v1 false CertificateSigningRequest ',
    'clusterrolebindings.rbac.authorization.k8s.io  rbac.authorization.k8s.io/v1 false ClusterRoleBinding ',
    'clusterroles.rbac.authorization.k8s.io  rbac.authorization.k8s.io/v1 false ClusterRole ',
    'configmaps cm v1 true ConfigMap ',
    'controllerrevisions.apps  apps/v1 true ControllerRevision ',
    'cronjobs.batch cj batch/v1 true CronJob all',
    'csidrivers.storage.k8s.io  storage.k8s.io/v1 false CSIDriver ',
    'csinodes.storage.k8s.io  storage.k8s.io/v1 false CSINode ',
    'csistoragecapacities.storage.k8s.io  storage.k8s.io/v1 true CSIStorageCapacity ',
    'customresourcedefinitions.apiextensions.k8s.io crd,crds apiextensions.k8s.io/v1 false CustomResourceDefinition api-extensions',
    'daemonsets.apps ds apps/v1 true DaemonSet all',
    'deployments.apps deploy apps/v1 true Deployment all',
    'deviceclasses.resource.k8s.io  resource.k8s.io/v1 false DeviceClass ',
    'endpoints ep v1 true Endpoints ',
    'endpointslices.discovery.k8s.io  discovery.k8s.io/v1 true EndpointSlice ',
    'events ev v1 true Event ',
    'flowschemas.flowcontrol.apiserver.k8s.io  flowcontrol.apiserver.k8s.io/v1 false FlowSchema ',
    'horizontalpodautoscalers.autoscaling hpa autoscaling/v2 true HorizontalPodAutoscaler all',
    'ingressclasses.networking.k8s.io  networking.k8s.io/v1 false IngressClass ',
    'ingresses.networking.k8s.io ing networking.k8s.io/v1 true Ingress ',
    'ipaddresses.networking.k8s.io ip networking.k8s.io/v1 false IPAddress ',
    'jobs.batch  batch/v1 true Job all',
    'leases.coordination.k8s.io  coordination.k8s.io/v1 true Lease ',
    'limitranges limits v1 true LimitRange ',
    'mutatingwebhookconfigurations.admissionregistration.k8s.io  admissionregistration.k8s.io/v1 false MutatingWebhookConfiguration api-extensions',
    'namespaces ns v1 false Namespace ',
    'networkpolicies.networking.k8s.io netpol networking.k8s.io/v1 true NetworkPolicy ',
    'nodes no v1 false Node ',
    'persistentvolumeclaims pvc v1 true PersistentVolumeClaim ',
    'persistentvolumes pv v1 false PersistentVolume ',
    'poddisruptionbudgets.policy pdb policy/v1 true PodDisruptionBudget ',
    'pods po v1 true Pod all',
    'podtemplates  v1 true PodTemplate ',
    'priorityclasses.scheduling.k8s.io pc scheduling.k8s.io/v1 false PriorityClass ',
    'prioritylevelconfigurations.flowcontrol.apiserver.k8s.io  flowcontrol.apiserver.k8s.io/v1 false PriorityLevelConfiguration ',
    'replicasets.apps rs apps/v1 true ReplicaSet all',
    'replicationcontrollers rc v1 true ReplicationController all',
    'resourceclaims.resource.k8s.io  resource.k8s.io/v1 true ResourceClaim ',
    'resourceclaimtemplates.resource.k8s.io  resource.k8s.io/v1 true ResourceClaimTemplate ',
    'resourcequotas quota v1 true ResourceQuota ',
    'resourceslices.resource.k8s.io  resource.k8s.io/v1 false ResourceSlice ',
    'rolebindings.rbac.authorization.k8s.io  rbac.authorization.k8s.io/v1 true RoleBinding ',
    'roles.rbac.authorization.k8s.io  rbac.authorization.k8s.io/v1 true Role ',
    'runtimeclasses.node.k8s.io  node.k8s.io/v1 false RuntimeClass ',
    'secrets  v1 true Secret ',
    'serviceaccounts sa v1 true ServiceAccount ',
    'servicecidrs.networking.k8s.io  networking.k8s.io/v1 false ServiceCIDR ',
    'services svc v1 true Service all',
    'statefulsets.apps sts apps/v1 true StatefulSet all',
    'storageclasses.storage.k8s.io sc storage.k8s.io/v1 false StorageClass ',
    'validatingadmissionpolicies.admissionregistration.k8s.io  admissionregistration.k8s.io/v1 false ValidatingAdmissionPolicy api-extensions',
    'validatingadmissionpolicybindings.admissionregistration.k8s.io  admissionregistration.k8s.io/v1 false ValidatingAdmissionPolicyBinding api-extensions',
    'validatingwebhookconfigurations.admissionregistration.k8s.io  admissionregistration.k8s.io/v1 false ValidatingWebhookConfiguration api-extensions',
    'volumeattachments.storage.k8s.io  storage.k8s.io/v1 false VolumeAttachment ',
    'volumeattributesclasses.storage.k8s.io vac storage.k8s.io/v1 false VolumeAttributesClass ',
  ]);
});

test('every table that is a kind’s own starts with a name, except that of events, which starts with a time', () => {
  for (const kind of kinds.filter(({ columns }) => columns.length > 0))
    expect(kind.columns[0]?.name).toBe(kind.kind === 'Event' ? 'Last Seen' : 'Name');
});

test('fields that do not act warn, those that act do not', () => {
  const plain = samplePod({ tolerations: [{ operator: 'Exists' }], hostNetwork: true, volumes: [{ name: 'a' }] });
  Pod.defaults(plain);
  Pod.strategy.prepareForCreate?.(plain);
  expect(Pod.warnings(plain)).toEqual([]);

  const idle = samplePod({
    resourceClaims: [{ name: 'gpu', resourceClaimName: 'gpu' }],
    containers: [{ name: 'web', image: 'nginx', ports: [{ containerPort: 80, hostPort: 80 }], readinessProbe: { grpc: { port: 80 } } }],
    volumes: [{ name: 'n', nfs: { server: 's', path: '/' } }],
  });
  Pod.defaults(idle);
  expect(Pod.warnings(idle).map((warning) => warning.split(':')[0])).toEqual(['spec.resourceClaims', 'spec.volumes[0].nfs']);

  const ports = [
    { containerPort: 80, hostPort: 80 },
    { containerPort: 81, hostPort: 81, hostIP: '127.0.0.1' },
    { containerPort: 82, hostPort: 82, protocol: 'SCTP' },
  ];
  const open = samplePod({
    containers: [{ name: 'web', image: 'nginx', ports }],
    initContainers: [
      { name: 'init', image: 'nginx', ports: [{ containerPort: 83, hostPort: 83 }] },
      { name: 'side', image: 'nginx', restartPolicy: 'Always', ports: [{ containerPort: 84, hostPort: 84 }] },
    ],
  });
  Pod.defaults(open);
  expect(Pod.warnings(open).map((warning) => warning.split(':')[0])).toEqual(['spec.initContainers[0].ports[0].hostPort']);

  const deployment = sampleDeployment();
  if (deployment.spec.template.spec) deployment.spec.template.spec.resourceClaims = [{ name: 'gpu', resourceClaimName: 'gpu' }];
  Deployment.defaults(deployment);
  expect(Deployment.warnings(deployment)).toEqual([
    expect.stringMatching(/^spec\.template\.spec\.resourceClaims: Berth allocates no devices/),
  ]);

  const dual = sampleService({ type: 'LoadBalancer', ipFamilyPolicy: 'PreferDualStack' });
  Service.defaults(dual);
  expect(Service.warnings(dual)).toEqual(['spec.ipFamilyPolicy: Berth networks are IPv4 only']);
  const free = sampleService({ clusterIP: 'None', selector: undefined, ipFamilyPolicy: 'RequireDualStack' });
  Service.defaults(free);
  expect(Service.warnings(free)).toEqual([]);
});

test('fields can select pods', () => {
  const pod = samplePod({ nodeName: 'n1' });
  expect(Pod.selectableFields['spec.nodeName']?.(pod)).toBe('n1');
  expect(Pod.selectableFields['spec.hostNetwork']?.(pod)).toBe('false');
});
