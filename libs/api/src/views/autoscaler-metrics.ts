// Metrics of autoscalers between autoscaling/v2 and the older form, which autoscaling/v1 keeps as JSON in annotations.
import type * as v1 from '../generated/autoscaling-v1.types.ts';
import type * as v2 from '../generated/autoscaling-v2.types.ts';

/** What has no value stays out of the object. */
function present<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

/** The type follows from what is given; what contradicts it is kept, for validation to see. */
function resourceTarget(averageUtilization: number | undefined, averageValue: string | undefined): v2.MetricTarget {
  const type = averageUtilization === undefined ? 'AverageValue' : 'Utilization';
  return present({ type, averageUtilization, averageValue });
}

export function specFromV1(metric: v1.MetricSpec): v2.MetricSpec {
  const { type, resource, containerResource, pods, object, external } = metric;
  return present<v2.MetricSpec>({
    type: type ?? '',
    resource: resource && {
      name: resource.name ?? '',
      target: resourceTarget(resource.targetAverageUtilization, resource.targetAverageValue),
    },
    containerResource: containerResource && {
      name: containerResource.name ?? '',
      container: containerResource.container ?? '',
      target: resourceTarget(containerResource.targetAverageUtilization, containerResource.targetAverageValue),
    },
    pods: pods && {
      metric: present({ name: pods.metricName ?? '', selector: pods.selector }),
      target: { type: 'AverageValue', averageValue: pods.targetAverageValue ?? '0' },
    },
    object: object && {
      describedObject: object.target ?? { kind: '', name: '' },
      metric: present({ name: object.metricName ?? '', selector: object.selector }),
      target: present<v2.MetricTarget>({
        type: object.averageValue === undefined ? 'Value' : 'AverageValue',
        value: object.targetValue ?? '0',
        averageValue: object.averageValue,
      }),
    },
    external: external && {
      metric: present({ name: external.metricName ?? '', selector: external.metricSelector }),
      target: present<v2.MetricTarget>({
        type: external.targetValue === undefined ? 'AverageValue' : 'Value',
        value: external.targetValue,
        averageValue: external.targetAverageValue,
      }),
    },
  });
}

export function specToV1(metric: v2.MetricSpec): v1.MetricSpec {
  const { type, resource, containerResource, pods, object, external } = metric;
  const averages = ({ averageUtilization, averageValue }: v2.MetricTarget) =>
    present({ targetAverageUtilization: averageUtilization, targetAverageValue: averageValue });
  return present<v1.MetricSpec>({
    type,
    resource: resource && { name: resource.name, ...averages(resource.target) },
    containerResource: containerResource && {
      name: containerResource.name,
      container: containerResource.container,
      ...averages(containerResource.target),
    },
    pods:
      pods &&
      present({ metricName: pods.metric.name, selector: pods.metric.selector, targetAverageValue: pods.target.averageValue ?? '0' }),
    object:
      object &&
      present({
        target: object.describedObject,
        metricName: object.metric.name,
        selector: object.metric.selector,
        targetValue: object.target.value ?? '0',
        averageValue: object.target.averageValue,
      }),
    external:
      external &&
      present({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        targetValue: external.target.value,
        targetAverageValue: external.target.averageValue,
      }),
  });
}

export function statusFromV1(metric: v1.MetricStatus): v2.MetricStatus {
  const { type, resource, containerResource, pods, object, external } = metric;
  const usage = (averageUtilization: number | undefined, averageValue = '0') => present({ averageUtilization, averageValue });
  const total = (value = '0', averageValue?: string) => present({ value, averageValue });
  return present<v2.MetricStatus>({
    type: type ?? '',
    resource: resource && { name: resource.name ?? '', current: usage(resource.currentAverageUtilization, resource.currentAverageValue) },
    containerResource: containerResource && {
      name: containerResource.name ?? '',
      container: containerResource.container ?? '',
      current: usage(containerResource.currentAverageUtilization, containerResource.currentAverageValue),
    },
    pods: pods && {
      metric: present({ name: pods.metricName ?? '', selector: pods.selector }),
      current: { averageValue: pods.currentAverageValue ?? '0' },
    },
    object: object && {
      describedObject: object.target ?? { kind: '', name: '' },
      metric: present({ name: object.metricName ?? '', selector: object.selector }),
      current: total(object.currentValue, object.averageValue),
    },
    external: external && {
      metric: present({ name: external.metricName ?? '', selector: external.metricSelector }),
      current: total(external.currentValue, external.currentAverageValue),
    },
  });
}

export function statusToV1(metric: v2.MetricStatus): v1.MetricStatus {
  const { type, resource, containerResource, pods, object, external } = metric;
  const averages = ({ averageUtilization, averageValue }: v2.MetricValueStatus) => ({
    ...present({ currentAverageUtilization: averageUtilization }),
    currentAverageValue: averageValue ?? '0',
  });
  return present<v1.MetricStatus>({
    type,
    resource: resource && { name: resource.name, ...averages(resource.current) },
    containerResource: containerResource && {
      name: containerResource.name,
      container: containerResource.container,
      ...averages(containerResource.current),
    },
    pods:
      pods &&
      present({ metricName: pods.metric.name, selector: pods.metric.selector, currentAverageValue: pods.current.averageValue ?? '0' }),
    object:
      object &&
      present({
        target: object.describedObject,
        metricName: object.metric.name,
        selector: object.metric.selector,
        currentValue: object.current.value ?? '0',
        averageValue: object.current.averageValue,
      }),
    external:
      external &&
      present({
        metricName: external.metric.name,
        metricSelector: external.metric.selector,
        currentValue: external.current.value ?? '0',
        currentAverageValue: external.current.averageValue,
      }),
  });
}
