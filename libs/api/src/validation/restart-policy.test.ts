import { expect, test } from 'vitest';
import { type Container, type ContainerStatus, Pod } from '../index.ts';
import { samplePod } from '../samples.ts';
import { messages } from './messages.ts';
import { containerShouldRestart } from './restart-policy.ts';

const restartOn = (values: number[], operator = 'In') => ({ action: 'Restart', exitCodes: { operator, values } });

function errors(list: 'containers' | 'initContainers', change: Partial<Container>): string[] {
  const container = { name: 'own', image: 'x', ...change };
  const pod = samplePod({ containers: [{ name: 'main', image: 'x' }], initContainers: [] });
  pod.spec[list] = [...(pod.spec[list] ?? []), container];
  Pod.defaults(pod);
  return messages(Pod.validate(pod));
}

const accepted: [string, 'containers' | 'initContainers', Partial<Container>][] = [
  ['a policy of its own', 'containers', { restartPolicy: 'OnFailure' }],
  ['rules beside it', 'containers', { restartPolicy: 'Never', restartPolicyRules: [restartOn([42]), restartOn([0, 1], 'NotIn')] }],
  ['an init container with rules', 'initContainers', { restartPolicy: 'Never', restartPolicyRules: [restartOn([42])] }],
  ['a sidecar', 'initContainers', { restartPolicy: 'Always' }],
];
test.each(accepted)('accepted: %s', (_, list, change) => {
  expect(errors(list, change)).toEqual([]);
});

const refused: [string, 'containers' | 'initContainers', Partial<Container>, string[]][] = [
  [
    'an unknown policy',
    'containers',
    { restartPolicy: 'Sometimes' },
    ['spec.containers[1].restartPolicy: Unsupported value: "Sometimes": supported values: "Always", "Never", "OnFailure"'],
  ],
  [
    'rules without a policy',
    'containers',
    { restartPolicyRules: [restartOn([1])] },
    ['spec.containers[1].restartPolicy: Required value: must specify restartPolicy when restart rules are used'],
  ],
  [
    'rules of an init container without a policy, whatever they are',
    'initContainers',
    { restartPolicyRules: [restartOn([1], 'Equals')] },
    ['spec.initContainers[0].restartPolicy: Required value: must specify restartPolicy when restart rules are used'],
  ],
  [
    'a rule that restarts the pod, which is alpha',
    'containers',
    { restartPolicy: 'Never', restartPolicyRules: [{ ...restartOn([1]), action: 'RestartAllContainers' }] },
    ['spec.containers[1].restartPolicyRules[0].action: Unsupported value: "RestartAllContainers": supported values: "Restart"'],
  ],
  [
    'a rule without codes, and one without an operator',
    'initContainers',
    { restartPolicy: 'Never', restartPolicyRules: [{ action: 'Restart' }, restartOn([1], 'Equals')] },
    [
      'spec.initContainers[0].restartPolicyRules[0].exitCodes: Required value: must be specified',
      'spec.initContainers[0].restartPolicyRules[1].exitCodes.operator: Unsupported value: "Equals": supported values: "In", "NotIn"',
    ],
  ],
  [
    'more than 20 rules, more than 255 codes',
    'containers',
    { restartPolicy: 'Never', restartPolicyRules: [restartOn(Array<number>(256).fill(1)), ...Array(20).fill(restartOn([1]))] },
    [
      'spec.containers[1].restartPolicyRules: Too long: may not be more than 20 bytes',
      'spec.containers[1].restartPolicyRules[0].exitCodes.values: Too long: may not be more than 255 bytes',
    ],
  ],
  [
    'rules of a sidecar',
    'initContainers',
    { restartPolicy: 'Always', restartPolicyRules: [restartOn([1])] },
    [
      'spec.initContainers[0].restartPolicyRules: Forbidden: restartPolicyRules are not allowed for init containers with restart policy Always',
    ],
  ],
];
test.each(refused)('refused: %s', (_, list, change, expected) => {
  expect(errors(list, change)).toEqual(expected);
});

test('the first rule that matches decides, then the container, then the pod', () => {
  const restarts = (container: Partial<Container>, restartPolicy: string, exitCode: number) =>
    containerShouldRestart({ name: 'c', ...container }, { containers: [], restartPolicy }, exitCode);
  const ruled = { restartPolicy: 'Never', restartPolicyRules: [restartOn([42])] };
  expect(restarts(ruled, 'Always', 42)).toBe(true);
  expect(restarts(ruled, 'Always', 1)).toBe(false);
  expect(restarts({ restartPolicy: 'Never', restartPolicyRules: [restartOn([0], 'NotIn')] }, 'Always', 1)).toBe(true);
  expect(restarts({ restartPolicy: 'OnFailure' }, 'Never', 1)).toBe(true);
  expect(restarts({ restartPolicy: 'OnFailure' }, 'Always', 0)).toBe(false);
  expect(restarts({}, 'OnFailure', 0)).toBe(false);
  expect(restarts({}, 'OnFailure', 1)).toBe(true);
  expect(restarts({}, 'Never', 1)).toBe(false);
});

test('a container that is not to restart stays terminated in its status, one that is may run again', () => {
  const status = (name: string, state: ContainerStatus['state']): ContainerStatus => ({
    name,
    image: 'x',
    imageID: '',
    ready: false,
    restartCount: 0,
    state,
  });
  const pod = (spec: Partial<Container>, state: ContainerStatus['state']): Pod => ({
    ...samplePod({ restartPolicy: 'Never', containers: [{ name: 'c', image: 'x', ...spec }] }),
    status: { containerStatuses: [status('c', state)], ephemeralContainerStatuses: [status('shell', state)] },
  });
  const terminated = { terminated: { exitCode: 42 } };
  const errorsOf = (spec: Partial<Container>) =>
    messages(Pod.validateStatusUpdate(pod(spec, { running: {} }), pod(spec, terminated))).map((text) => text.split(':')[0]);
  expect(errorsOf({})).toEqual(['status.containerStatuses[0].state', 'status.ephemeralContainerStatuses[0].state']);
  expect(errorsOf({ restartPolicy: 'Never', restartPolicyRules: [restartOn([42])] })).toEqual([
    'status.ephemeralContainerStatuses[0].state',
  ]);
});
