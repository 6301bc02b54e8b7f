// Why a Service does not answer: whom its selector finds, whether those are ready, and whether its ports are theirs. Whether anything
// listens at a port cannot be seen from outside; then this says so.
import { hasEnded, type Pod, type Service, type ServicePort } from '@berth/api';
import { consequence, type Known, kubectl, objectName, type Step, unwell, type Why, well } from './why.ts';
import { whyPod } from './why-pod.ts';

export function whyService(service: Service, known: Known): Why {
  const object = objectName('service', service);
  const { namespace, name } = service.metadata;
  const { spec } = service;
  if (spec.type === 'ExternalName') return well(object, `it is a name for ${spec.externalName}: whether that answers is not known here`);
  const addresses = readyAddresses(service, known);
  const selector = Object.entries(spec.selector ?? {});
  if (selector.length === 0) {
    if (addresses > 0) return well(object, `it has no selector; somebody else gave it ${addresses} addresses`);
    const text = 'give it spec.selector, or make an EndpointSlice for it';
    return unwell(object, { reason: 'NoSelector', says: 'it has no selector, and nobody gave it addresses' }, [{ text }]);
  }
  const pods = known.pods.filter((pod) => !hasEnded(pod) && selector.every(([key, value]) => pod.metadata.labels?.[key] === value));
  if (pods.length === 0) return whyNobody(service, selector, known);
  const ready = pods.filter(isReady);
  if (ready.length === 0) {
    const [first] = pods.map((pod) => whyPod(pod, known)).filter(({ isWell }) => !isWell);
    const says = `none of the ${pods.length} pods that it selects is ready`;
    const step = {
      text: 'see them',
      command: kubectl(namespace, 'get', 'pods', '-l', `'${selector.map((pair) => pair.join('=')).join(',')}'`),
    };
    return first ? consequence(object, 'NoReadyPods', says, first) : unwell(object, { reason: 'NoReadyPods', says }, [step]);
  }
  const mismatch = (spec.ports ?? []).find((port) => !ready.some((pod) => hasPort(pod, port)));
  if (mismatch) return whyPort(service, mismatch, ready);
  if (addresses === 0) {
    const step = { text: 'look whether the controllers run', command: 'kubectl get componentstatuses' };
    return unwell(
      object,
      { reason: 'NoEndpoints', says: `${ready.length} ready pods are selected, and its endpoints do not list them yet` },
      [step],
    );
  }
  if (spec.type === 'LoadBalancer' && !service.status?.loadBalancer?.ingress?.length) {
    const step = { text: 'see what is said of it', command: kubectl(namespace, 'describe', 'service', name) };
    return unwell(object, { reason: 'NoAddress', says: 'nobody has given it an address for clients outside of the cluster' }, [step]);
  }
  const ports = (spec.ports ?? []).map(({ port, targetPort }) => `${port} to ${targetPort ?? port}`).join(', ');
  const text = 'whether a program listens there cannot be seen from outside: ask it from within the pod';
  const command = kubectl(namespace, 'port-forward', `service/${name}`, `8080:${spec.ports?.[0]?.port ?? 80}`);
  return well(object, `${ready.length} of ${pods.length} selected pods are ready, ports ${ports}`, [{ text, command }]);
}

function readyAddresses({ metadata }: Service, { endpointSlices }: Known): number {
  const own = endpointSlices.filter((slice) => slice.metadata.labels?.['kubernetes.io/service-name'] === metadata.name);
  return own.flatMap(({ endpoints }) => endpoints ?? []).filter(({ conditions }) => conditions?.ready !== false).length;
}

function isReady({ status }: Pod): boolean {
  return status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') ?? false;
}

function whyNobody(service: Service, selector: [string, string][], known: Known): Why {
  const object = objectName('service', service);
  const { namespace, name } = service.metadata;
  const matched = (pod: Pod) => selector.filter(([key, value]) => pod.metadata.labels?.[key] === value).length;
  const text = selector.map((pair) => pair.join('=')).join(',');
  const idle = scaledToZero(selector, known);
  if (idle) {
    const says = `its selector ${text} finds no pod: ${idle.kind.toLowerCase()}/${idle.name}, whose pods it selects, is scaled to 0`;
    const command = kubectl(namespace, 'scale', `${idle.kind.toLowerCase()}/${idle.name}`, '--replicas=1');
    const fix = { type: 'Scale' as const, kind: idle.kind, namespace, name: idle.name };
    return unwell(object, { reason: 'ScaledToZero', says }, [{ text: 'scale it, where it is to answer', command, fix }]);
  }
  const [nearest] = known.pods.filter((pod) => !hasEnded(pod)).sort((a, b) => matched(b) - matched(a));
  const differences = nearest && selector.filter(([key, value]) => nearest.metadata.labels?.[key] !== value);
  const hint = nearest
    ? `; the nearest, pod ${nearest.metadata.name}, has ${differences?.map(([key]) => `${key}=${nearest.metadata.labels?.[key] ?? '(none)'}`).join(', ')}`
    : '; there is no pod in its namespace at all';
  const advice = `make spec.selector of service ${name} and the labels of its pods the same`;
  const steps = [selectorStep(service, selector, nearest, advice)];
  return unwell(object, { reason: 'SelectsNobody', says: `its selector ${text} finds no pod${hint}` }, steps);
}

/** Labels of the same keys, if the nearest pod has them all. */
function selectorStep({ metadata, spec }: Service, selector: [string, string][], nearest: Pod | undefined, text: string): Step {
  const { namespace, name } = metadata;
  const wanted = selector.map(([key]) => [key, nearest?.metadata.labels?.[key]] as const);
  if (!nearest || wanted.some(([, value]) => value === undefined))
    return { text, command: kubectl(namespace, 'get', 'pods', '--show-labels') };
  const found = Object.fromEntries(wanted) as Record<string, string>;
  const command = kubectl(
    namespace,
    'set',
    'selector',
    `service/${name}`,
    Object.entries(found)
      .map((pair) => pair.join('='))
      .join(','),
  );
  return { text, command, fix: { type: 'SetSelector', namespace, name, selector: found, former: spec.selector ?? {} } };
}

function scaledToZero(selector: [string, string][], { deployments, statefulSets }: Known): { kind: string; name: string } | undefined {
  const all = [
    ...deployments.map(({ metadata, spec }) => ({ kind: 'Deployment', metadata, spec })),
    ...statefulSets.map(({ metadata, spec }) => ({ kind: 'StatefulSet', metadata, spec })),
  ];
  const found = all.find(
    ({ spec }) => spec.replicas === 0 && selector.every(([key, value]) => spec.template.metadata?.labels?.[key] === value),
  );
  return found && { kind: found.kind, name: found.metadata.name };
}

/** A port by number needs no declaration in the pod. */
function hasPort({ spec }: Pod, { targetPort, protocol = 'TCP' }: ServicePort): boolean {
  if (typeof targetPort !== 'string') return true;
  return spec.containers.some(({ ports }) => ports?.some((port) => port.name === targetPort && (port.protocol ?? 'TCP') === protocol));
}

function whyPort(service: Service, { port, targetPort }: ServicePort, pods: Pod[]): Why {
  const ports = pods.flatMap(({ spec }) => spec.containers.flatMap((container) => container.ports ?? []));
  const names = [...new Set(ports.map(({ name, containerPort }) => name ?? containerPort))];
  const there = names.length > 0 ? `they have ${names.join(', ')}` : 'they declare none';
  const says = `its port ${port} leads to ${JSON.stringify(targetPort)}, and no selected pod has a port of that name: ${there}`;
  const { namespace, name } = service.metadata;
  const text = 'name a port of the pods in targetPort, or give its number';
  const [only, another] = names;
  const index = service.spec.ports?.findIndex((one) => one.port === port) ?? -1;
  const object = objectName('service', service);
  if (only === undefined || another !== undefined || index < 0) {
    return unwell(object, { reason: 'NoSuchPort', says }, [{ text, command: kubectl(namespace, 'edit', 'service', name) }]);
  }
  const patch = JSON.stringify([{ op: 'replace', path: `/spec/ports/${index}/targetPort`, value: only }]);
  const command = kubectl(namespace, 'patch', 'service', name, '--type', 'json', '-p', `'${patch}'`);
  const fix = { type: 'SetTargetPort' as const, namespace, name, index, port, former: String(targetPort), targetPort: only };
  return unwell(object, { reason: 'NoSuchPort', says }, [{ text, command, fix }]);
}
