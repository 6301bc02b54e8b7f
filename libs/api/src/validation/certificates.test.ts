import { expect, test } from 'vitest';
import { CertificateSigningRequest, CSIDriver, CSINode, VolumeAttachment, VolumeAttributesClass } from '../index.ts';
import { admissionSamples } from '../samples/admission.ts';
import { clusterSamples } from '../samples/cluster.ts';
import { messages } from './messages.ts';

test('a signing request says what for, by whom and how long, and holds a request', () => {
  const request = admissionSamples.CertificateSigningRequest();
  expect(CertificateSigningRequest.columns.map((column) => column.value(request, 0)).slice(2)).toEqual([
    'example.com/signer',
    '',
    '<none>',
    'Pending',
  ]);
  Object.assign(request.spec, {
    request: 'YQ==',
    signerName: 'signer',
    usages: ['client auth', 'client auth', 'fun'],
    expirationSeconds: 599,
  });
  expect(messages(CertificateSigningRequest.validate(request)).map((message) => message.replace(/ supported values.*/, ''))).toEqual([
    'spec.request: Invalid value: "YQ==": PEM block type must be CERTIFICATE REQUEST',
    'spec.usages[1]: Duplicate value: "client auth"',
    'spec.usages[2]: Unsupported value: "fun":',
    `spec.signerName: Invalid value: "signer": must be a fully qualified domain and path of the form 'example.com/signer-name'`,
    'spec.expirationSeconds: Invalid value: 599: may not specify a duration less than 600 seconds (10 minutes)',
  ]);
  request.spec.signerName = 'kubernetes.io/legacy-unknown';
  expect(messages(CertificateSigningRequest.validate(request))[3]).toContain('the legacy signerName is not allowed via this API version');
});

test('only approval decides, only status delivers, and neither takes anything back', () => {
  const old = admissionSamples.CertificateSigningRequest();
  const approval = (...[next, before]: [CertificateSigningRequest, CertificateSigningRequest]) => [
    ...CertificateSigningRequest.validate(next),
    ...(CertificateSigningRequest.strategy.partialUpdates?.approval?.validate(next, before) ?? []),
  ];
  const approved = { ...old, status: { conditions: [{ type: 'Approved', status: 'True' }] } };
  expect(approval(approved, old)).toEqual([]);
  expect(messages(CertificateSigningRequest.validateStatusUpdate(approved, old))).toEqual([
    'status.conditions: Forbidden: updates may not add a condition of type "Approved"',
  ]);
  expect(messages(approval(old, approved))).toEqual([
    'status.conditions: Forbidden: updates may not remove a condition of type "Approved"',
  ]);
  const both = { ...old, status: { conditions: [...approved.status.conditions, { type: 'Denied', status: 'False' }] } };
  expect(messages(approval(both, approved))).toEqual([
    'status.conditions[1].status: Unsupported value: "False": supported values: "True"',
    'status.conditions: Invalid value: "Denied": Approved and Denied conditions are mutually exclusive',
  ]);
  const issued = { ...approved, status: { ...approved.status, certificate: 'YQ==' } };
  expect(CertificateSigningRequest.validateStatusUpdate(issued, approved).map(({ detail }) => detail)).toEqual([
    'must contain at least one CERTIFICATE PEM block',
  ]);
  expect(CertificateSigningRequest.columns[5]?.value(issued, 0)).toBe('Approved,Issued');
});

test('what storage drivers write', () => {
  const driver = clusterSamples.CSIDriver();
  CSIDriver.defaults(driver);
  expect(CSIDriver.columns.map((column) => column.value(driver, 0)).slice(1, 7)).toEqual([
    true,
    false,
    false,
    '<unset>',
    false,
    'Persistent',
  ]);
  expect(messages(CSIDriver.validateUpdate({ ...driver, spec: { ...driver.spec, attachRequired: false } }, driver))).toEqual([
    'spec.attachedRequired: Invalid value: false: field is immutable',
  ]);
  const node = clusterSamples.CSINode();
  const moved = { ...node, spec: { drivers: node.spec.drivers.map((each) => ({ ...each, nodeID: 'n2' })) } };
  expect(CSINode.validateUpdate(moved, node).map(({ field }) => field)).toEqual(['spec.drivers']);
  const attachment = clusterSamples.VolumeAttachment();
  expect(messages(VolumeAttachment.validate({ ...attachment, spec: { ...attachment.spec, source: {} } }))).toEqual([
    'spec.source: Required value: must specify exactly one of inlineVolumeSpec and persistentVolumeName',
  ]);
  const attributes = { ...clusterSamples.VolumeAttributesClass(), parameters: {} };
  expect(messages(VolumeAttributesClass.validate(attributes))).toEqual([
    'parameters: Required value: must contain at least one key/value pair',
  ]);
});

test.each([
  ['example.com/', ['']],
  ['/', ['', '']],
  ['A_b.example.com/x', ['A_b']],
  ['example.com/a.B.c', ['B']],
])('of the signer %s, the first label of each part that is none is told', (signerName, labels) => {
  const request: CertificateSigningRequest = {
    ...admissionSamples.CertificateSigningRequest(),
    spec: { ...admissionSamples.CertificateSigningRequest().spec, signerName },
  };
  const told = messages(CertificateSigningRequest.validate(request)).flatMap((text) => /validating label "(.*?)"/.exec(text)?.[1] ?? []);
  expect(told).toEqual(labels);
});
