// Every string that Kubernetes 1.35 warns with about what makes pods (pkg/api/job/warnings.go, pkg/registry/*/*/strategy.go), one
// case each. Texts are facts: clients see them.
import { describe, expect, test } from 'vitest';
import { CronJob, DaemonSet, Deployment, Job, PodTemplate, ReplicaSet, ReplicationController, StatefulSet } from '../index.ts';
import { advice, fractional, labelRule } from './pods-to-warn-of.ts';

describe('what makes pods', () => {
  const template = {
    metadata: { annotations: { 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' } },
    spec: { nodeSelector: { 'beta.kubernetes.io/os': 'linux' }, containers: [{ name: 'c', image: 'x' }] },
  };
  const metadata = { name: 'with.dot', namespace: 'default', generation: 1 };
  const inTemplate = (field: string) => [
    `${field}.spec.nodeSelector[beta.kubernetes.io/os]: deprecated since v1.14; use "kubernetes.io/os" instead`,
    `${field}.metadata.annotations[container.apparmor.security.beta.kubernetes.io/c]: deprecated since v1.30; use the "appArmorProfile" field instead`,
  ];
  const name = `metadata.name: this is used in Pod names and hostnames, ${advice}: ${labelRule}`;
  const spec = { template, selector: {} };
  const jobTemplate = { spec: { template } };
  // Each kind with its own type would be eight tests of the same lines.
  const kinds: [{ warnings(object: never, old?: never): string[] }, object, string, boolean][] = [
    [Deployment, { metadata, spec }, 'spec.template', true],
    [ReplicaSet, { metadata, spec }, 'spec.template', true],
    [ReplicationController, { metadata, spec }, 'spec.template', true],
    [Job, { metadata, spec }, 'spec.template', true],
    [CronJob, { metadata, spec: { jobTemplate } }, 'spec.jobTemplate.spec.template', true],
    [DaemonSet, { metadata, spec }, 'spec.template', false],
    [StatefulSet, { metadata, spec }, 'spec.template', false],
    [PodTemplate, { metadata, template }, 'template', false],
  ];
  test.each(kinds)('%#', (kind, object, field, isNamed) => {
    const given = object as never;
    expect(kind.warnings(given)).toEqual([...(isNamed ? [name] : []), ...inTemplate(field)]);
    expect(kind.warnings(given, given)).toEqual([]);
    const before = structuredClone({ ...object, metadata: { ...metadata, generation: 0 } });
    const old = JSON.parse(JSON.stringify(before).replace('"image":"x"', '"image":"y"')) as never;
    expect(kind.warnings(given, old)).toEqual(inTemplate(field));
  });

  test('a stateful set with half bytes and no end of revisions', () => {
    const claim = { metadata: { name: 'v' }, spec: { resources: { requests: { storage: '1500m' } } } };
    const set = {
      metadata,
      spec: { selector: {}, template: {}, revisionHistoryLimit: -1, volumeClaimTemplates: [claim] },
    } as unknown as StatefulSet;
    const limit = 'spec.revisionHistoryLimit: a negative value retains all historical revisions; a value >= 0 is recommended';
    expect(StatefulSet.warnings(set)).toEqual([fractional('spec.volumeClaimTemplates[0].resources.requests[storage]'), limit]);
    expect(StatefulSet.warnings(set, set)).toEqual([fractional('spec.volumeClaimTemplates[0].Spec.resources.requests[storage]'), limit]);
  });

  test('an indexed job that is too large to be tracked', () => {
    const large = { completionMode: 'Indexed', completions: 100_001, parallelism: 10_001, template: {} };
    const message =
      'In Indexed Jobs with a number of completions higher than 10^5 and a parallelism higher than 10^4, Kubernetes might not be able to track completedIndexes when a big number of indexes fail';
    const named = { ...metadata, name: 'job' };
    expect(Job.warnings({ metadata: named, spec: large } as Job)).toEqual([`spec: ${message}`]);
    const cronJob = { metadata: named, spec: { schedule: '@daily', jobTemplate: { spec: large } } } as CronJob;
    expect(CronJob.warnings(cronJob)).toEqual([`spec.jobTemplate.spec: ${message}`]);
  });
});
