// Metrics of autoscalers between autoscaling/v2 and the older form, which autoscaling/v1 keeps as JSON in annotations.
import type * as v1 from '../generated/autoscaling-v1.types.ts';
import type * as v2 from '../generated/autoscaling-v2.types.ts';

/** What has no value stays out of the object. */
function present<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}

function averageTarget(averageUtilization: number | undefined, averageValue: string | undefined): v2.MetricTarget {
  if (averageUtilization !== undefined) return { type: 'Utilization', averageUtilization };
  return present({ type: 'AverageValue', averageValue });
}

function valueTarget(value: string | undefined, averageValue: string | undefined): v2.MetricTarget {
  return averageValue === undefined ? present({ type: 'Value', value }) : { type: 'AverageValue', averageValue };
}

export function specFromV1(metric: v1.MetricSpec): v2.MetricSpec {
  const { type, resource, containerResource, pods, object, external } = metric;
  return present<v2.MetricSpec>({
    type,
    resource: resource && { name: resource.name, target: averageTarget(resource.targetAverageUtilization, resource.targetAverageValue) },
    containerResource: containerResource && {
      name: containerResource.name,
      container: containerResource.container,
      target: averageTarget(containerResource.targetAverageUtilization, containerResource.targetAverageValue),
    },
    pods: pods && {
      metric: present({ name: pods.metricName, selector: pods.selector }),
      target: averageTarget(undefined, pods.targetAverageValue),
    },
    object: object && {
      describedObject: object.target,
      metric: present({ name: object.metricName, selector: object.selector }),
      target: valueTarget(object.targetValue, object.averageValue),
    },
    external: external && {
      metric: present({ name: external.metricName, selector: external.metricSelector }),
      target: valueTarget(external.targetValue, external.targetAverageValue),
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
  const current = (averageUtilization: number | undefined, averageValue: string | undefined, value?: string): v2.MetricValueStatus =>
    present({ averageUtilization, averageValue, value });
  return present<v2.MetricStatus>({
    type,
    resource: resource && { name: resource.name, current: current(resource.currentAverageUtilization, resource.currentAverageValue) },
    containerResource: containerResource && {
      name: containerResource.name,
      container: containerResource.container,
      current: current(containerResource.currentAverageUtilization, containerResource.currentAverageValue),
    },
    pods: pods && {
      metric: present({ name: pods.metricName, selector: pods.selector }),
      current: current(undefined, pods.currentAverageValue),
    },
    object: object && {
      describedObject: object.target,
      metric: present({ name: object.metricName, selector: object.selector }),
      current: current(undefined, object.averageValue, object.currentValue),
    },
    external: external && {
      metric: present({ name: external.metricName, selector: external.metricSelector }),
      current: current(undefined, external.currentAverageValue, external.currentValue),
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
