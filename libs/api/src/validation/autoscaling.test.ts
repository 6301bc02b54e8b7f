import { fieldMessage, type KubeObject } from '@berth/machinery';
import { describe, expect, test } from 'vitest';
import type * as v2 from '../generated/autoscaling-v2.types.ts';
import { AutoscalingV1HorizontalPodAutoscaler, HorizontalPodAutoscaler } from '../index.ts';
import type { FieldError } from './errors.ts';

const texts = (errors: FieldError[]) => errors.map((error) => `${error.field}: ${fieldMessage(error)}`);
const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };

function autoscaler(spec: Partial<v2.HorizontalPodAutoscalerSpec>): v2.HorizontalPodAutoscaler {
  const made = {
    apiVersion: 'autoscaling/v2',
    kind: 'HorizontalPodAutoscaler',
    metadata: { name: 'a', namespace: 'n' },
    spec: { scaleTargetRef, maxReplicas: 3, ...spec },
  };
  HorizontalPodAutoscaler.defaults(made);
  return made;
}

describe('metrics', () => {
  const utilization = { type: 'Utilization', averageUtilization: 50 };

  test('of several sources the first is looked into, and what the type does not name is surplus', () => {
    const metrics = [
      { type: 'Resource', resource: { name: 'cpu', target: utilization }, external: { metric: { name: '' }, target: { type: '' } } },
    ];
    expect(texts(HorizontalPodAutoscaler.validate(autoscaler({ metrics })))).toEqual([
      'spec.metrics[0].external.metric.name: Required value: must specify a metric name',
      'spec.metrics[0].external.target.type: Required value: must specify a metric target type',
      'spec.metrics[0].external.target.type: Invalid value: "": must be either Utilization, Value, or AverageValue',
      'spec.metrics[0].external.target.averageValue: Required value: must set either a target value for metric or a per-pod target',
      'spec.metrics[0].external: Forbidden: must populate the given metric source only',
    ]);
  });

  test('a container has a name, and resources that containers have', () => {
    const metrics = [{ type: 'ContainerResource', containerResource: { name: 'pods', container: 'A', target: utilization } }];
    expect(texts(HorizontalPodAutoscaler.validate(autoscaler({ metrics })))).toEqual([
      'spec.metrics[0].containerResource.name: Invalid value: "pods": must be a standard resource for containers',
      expect.stringContaining('spec.metrics[0].containerResource.container: Invalid value: "A": a lowercase RFC 1123 label'),
    ]);
  });
});

test('what is scaled may go on in a version that a new autoscaler may not name', () => {
  const old = autoscaler({ scaleTargetRef: { kind: 'Deployment', name: 'web' } });
  const asked = 'spec.scaleTargetRef.apiVersion: Invalid value: "": apiVersion must specify API group';
  expect(texts(HorizontalPodAutoscaler.validate(old))).toEqual([asked]);
  expect(texts(HorizontalPodAutoscaler.validate(old, old))).toEqual([]);
  const other = autoscaler({ scaleTargetRef: { kind: 'StatefulSet', name: 'web' } });
  expect(texts(HorizontalPodAutoscaler.validate(other, old))).toEqual([asked]);
});

test('counts of a status are not negative', () => {
  const status = { ...autoscaler({}), status: { currentReplicas: -1, desiredReplicas: 0 } };
  expect(texts(HorizontalPodAutoscaler.validateStatusUpdate(status, autoscaler({})))).toEqual([
    'status.currentReplicas: Invalid value: -1: must be greater than or equal to 0',
  ]);
});

describe('autoscaling/v1', () => {
  const { view } = AutoscalingV1HorizontalPodAutoscaler;
  const shown = (object: v2.HorizontalPodAutoscaler) => view?.fromStored(object as KubeObject).metadata.annotations;

  test('keeps what it has no field for as Go writes it, and reads it whatever the case of its names', () => {
    const behavior = { scaleDown: { stabilizationWindowSeconds: 60 } };
    const external = { metric: { name: 'a<b' }, target: { type: 'Value', value: '3' } };
    const stored = autoscaler({ metrics: [{ type: 'External', external }], behavior });
    const annotations = shown(stored);
    expect(annotations).toEqual({
      'autoscaling.alpha.kubernetes.io/metrics': '[{"type":"External","external":{"metricName":"a\\u003cb","targetValue":"3"}}]',
      'autoscaling.alpha.kubernetes.io/behavior': expect.stringContaining(
        '"ScaleDown":{"StabilizationWindowSeconds":60,"SelectPolicy":"Max"',
      ),
    });
    const again = view?.toStored(view.fromStored(stored as KubeObject)) as v2.HorizontalPodAutoscaler;
    expect(again.spec).toEqual(stored.spec);
  });

  test('keeps every CPU target to itself, and shows the first', () => {
    const cpu = (averageUtilization: number) => ({
      type: 'Resource',
      resource: { name: 'cpu', target: { type: 'Utilization', averageUtilization } },
    });
    const object = view?.fromStored(autoscaler({ metrics: [cpu(50), cpu(60)] }) as KubeObject);
    expect(object).toMatchObject({ spec: { targetCPUUtilizationPercentage: 50 } });
    expect(object?.metadata.annotations).toBeUndefined();
  });
});
