// A value of the annotation that fills nothing is said wherever somebody may write one.
import { expect, test } from 'vitest';
import { CronJob, Deployment, PersistentVolumeClaim, Pod, ReplicationController, StatefulSet } from './index.ts';

const metadata = { name: 'x', annotations: { 'berth.io/populate': 'yes' } };
const template = { metadata, spec: { containers: [] } };
const says = (field: string) => `${field}.annotations[berth.io/populate]: "yes" does nothing: only "image" fills volumes`;

test.each<[string, { warnings?: unknown }, object, string]>([
  ['a claim', PersistentVolumeClaim, { metadata, spec: {} }, 'metadata'],
  ['a pod', Pod, { metadata, spec: { containers: [] } }, 'metadata'],
  ['a template', Deployment, { metadata: { name: 'x' }, spec: { template } }, 'spec.template.metadata'],
  ['an old template', ReplicationController, { metadata: { name: 'x' }, spec: { template } }, 'spec.template.metadata'],
  [
    "a job's template",
    CronJob,
    { metadata: { name: 'x' }, spec: { schedule: '@daily', jobTemplate: { spec: { template } } } },
    'spec.jobTemplate.spec.template.metadata',
  ],
  [
    'a claim template',
    StatefulSet,
    { metadata: { name: 'x' }, spec: { template: { spec: { containers: [] } }, volumeClaimTemplates: [{ metadata, spec: {} }] } },
    'spec.volumeClaimTemplates[0].metadata',
  ],
])('%s', (_, kind, object, field) => {
  // The kinds' own types differ; each object is one of its kind.
  const { warnings } = kind as { warnings(object: object): string[] };
  expect(warnings(object)).toContain(says(field));
  const filled = JSON.parse(JSON.stringify(object).replaceAll('"yes"', '"image"')) as object;
  expect(warnings(filled).filter((text) => text.includes('berth.io/populate'))).toEqual([]);
});
