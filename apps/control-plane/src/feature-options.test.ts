import { expect, test } from 'vitest';
import { parseFeatures } from './feature-options.ts';

const version = 'admissionregistration.k8s.io/v1beta1';

test.each([
  [{}, [], []],
  [{ 'runtime-config': [`${version}=true`] }, [version], []],
  [{ 'runtime-config': [version], 'feature-gates': ['MutatingAdmissionPolicy=true'] }, [version], ['MutatingAdmissionPolicy']],
  [{ 'runtime-config': ['api/beta=true'], 'feature-gates': ['MutatingAdmissionPolicy=false'] }, [version], []],
  [{ 'runtime-config': [`api/all=true,${version}=false`] }, [], []],
])('%j', (values, apiVersions, featureGates) => {
  expect(parseFeatures(values)).toEqual({ apiVersions, featureGates, disableAdmissionPlugins: [] });
});

test.each([
  [{ 'runtime-config': ['apps/v1=false'] }, '--runtime-config: "apps/v1" cannot be turned on or off'],
  [{ 'runtime-config': [`${version}=yes`] }, `--runtime-config: "${version}=yes" is not NAME=true or NAME=false`],
  [{ 'feature-gates': ['Other=true'] }, '--feature-gates: unrecognized feature gate: Other'],
  [
    { 'feature-gates': ['MutatingAdmissionPolicy=true'] },
    `--feature-gates MutatingAdmissionPolicy=true needs --runtime-config ${version}=true`,
  ],
])('%j is refused', (values, message) => {
  expect(() => parseFeatures(values)).toThrow(message);
});
