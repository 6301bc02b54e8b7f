// Autoscalers: what they watch and how fast they follow.
import type { Descriptions } from './descriptions.ts';

const sources: Record<string, string> = {
  object: 'A number that belongs to some other object.',
  pods: 'A number that each pod of the workload has.',
  resource: 'CPU or memory of the pods.',
  containerResource: 'CPU or memory of one container of the pods.',
  external: 'A number from outside of the cluster.',
};

const source = (what: string, more: Record<string, string>): Record<string, string> => ({
  '': `${what}, and what it should be.`,
  target: 'What it should be.',
  ...more,
});

const current = (what: string, more: Record<string, string>): Record<string, string> => ({
  '': `${what}, as last measured.`,
  current: 'What it was last.',
  ...more,
});

const metric = 'Which number is meant.';
const resourceName = 'The resource: cpu or memory.';

export const autoscalingDescriptions: Descriptions = {
  'autoscaling.v2.HorizontalPodAutoscalerSpec': {
    '': 'Which workload is scaled, between which bounds, and by what.',
    scaleTargetRef: 'The workload whose number of pods is changed.',
    minReplicas: 'The fewest pods; by default 1.',
    maxReplicas: 'The most pods.',
    metrics: 'What is watched; the one that wants most pods wins. By default 80 % of the CPU that is asked for.',
    behavior: 'How fast the number of pods may grow and shrink.',
  },
  'autoscaling.v2.CrossVersionObjectReference': {
    '': 'Names an object in the same namespace.',
    kind: 'The kind of the object.',
    name: 'The name of the object.',
    apiVersion: 'Its group and version.',
  },
  'autoscaling.v2.MetricSpec': {
    '': 'One thing to watch.',
    type: 'Which of the fields below is filled in: Resource, ContainerResource, Pods, Object or External.',
    ...sources,
  },
  'autoscaling.v2.MetricStatus': {
    '': 'One thing that is watched, as last measured.',
    type: 'Which of the fields below is filled in.',
    ...sources,
  },
  'autoscaling.v2.ObjectMetricSource': source('A number of an object', {
    metric,
    describedObject: 'The object that the number belongs to.',
  }),
  'autoscaling.v2.PodsMetricSource': source('A number of each pod', { metric }),
  'autoscaling.v2.ResourceMetricSource': source('A resource of the pods', { name: resourceName }),
  'autoscaling.v2.ContainerResourceMetricSource': source('A resource of one container', {
    name: resourceName,
    container: 'The name of the container.',
  }),
  'autoscaling.v2.ExternalMetricSource': source('A number from outside', { metric }),
  'autoscaling.v2.ObjectMetricStatus': current('A number of an object', {
    metric,
    describedObject: 'The object that the number belongs to.',
  }),
  'autoscaling.v2.PodsMetricStatus': current('A number of each pod', { metric }),
  'autoscaling.v2.ResourceMetricStatus': current('A resource of the pods', { name: resourceName }),
  'autoscaling.v2.ContainerResourceMetricStatus': current('A resource of one container', {
    name: resourceName,
    container: 'The name of the container.',
  }),
  'autoscaling.v2.ExternalMetricStatus': current('A number from outside', { metric }),
  'autoscaling.v2.MetricTarget': {
    '': 'What a number should be.',
    type: 'How it is meant: Utilization, Value or AverageValue.',
    value: 'The number as a whole.',
    averageValue: 'The number for each pod, on average.',
    averageUtilization: 'Percent of what the pods ask for, on average.',
  },
  'autoscaling.v2.MetricValueStatus': {
    '': 'What a number was when it was last measured.',
    value: 'The number as a whole.',
    averageValue: 'The number for each pod, on average.',
    averageUtilization: 'Percent of what the pods ask for, on average.',
  },
  'autoscaling.v2.MetricIdentifier': {
    '': 'Names a number.',
    name: 'The name of the number.',
    selector: 'Labels that it must have, where there are several of the name.',
  },
  'autoscaling.v2.HorizontalPodAutoscalerBehavior': {
    '': 'How fast the number of pods may change.',
    scaleUp: 'How fast it grows. By default at once, by 4 pods or to the double each 15 seconds.',
    scaleDown: 'How fast it shrinks. By default only after 5 minutes in which no more were needed.',
  },
  'autoscaling.v2.HPAScalingRules': {
    '': 'How fast the number of pods may change in one direction.',
    stabilizationWindowSeconds: 'How far back is looked for a number that asks for less change, in seconds.',
    selectPolicy: 'Which of the policies counts: Max, Min, or Disabled for no change at all.',
    policies: 'Bounds of the change in a time.',
    tolerance: 'How far, as a share, a number may be from what it should be before anything is done.',
  },
  'autoscaling.v2.HPAScalingPolicy': {
    '': 'How much may change in a time.',
    type: 'Whether value counts Pods or Percent.',
    value: 'The most that may change.',
    periodSeconds: 'In how many seconds.',
  },
  'autoscaling.v2.HorizontalPodAutoscalerStatus': {
    '': 'What an autoscaler last saw and did.',
    lastScaleTime: 'When it last changed the number of pods.',
    currentReplicas: 'How many pods there were when it last looked.',
    desiredReplicas: 'How many pods it last wanted.',
    currentMetrics: 'What it watches, as last measured.',
    conditions: 'Whether it can measure and change what it should, and whether a bound keeps it.',
  },
};
