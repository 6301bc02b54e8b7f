// What becomes of requests when a webhook does everything that it should not: over real connections, as its failure policy says.
import { ConfigMap, ValidatingWebhookConfiguration } from '@berth/api';
import { expect, onTestFinished, test } from 'vitest';
import { callFor, startTestServer } from '../../test-server.ts';
import { noMetrics, type WebhookAsked } from '../../types.ts';
import { type Handler, startWebhookServer } from '../../webhooks/webhook-server.ts';

const isSlow = 'is slow';
const faults: [string, Handler, RegExp, number, (string | undefined)?][] = [
  [isSlow, () => {}, /context deadline exceeded$/, 503],
  ['ends every connection', (_, response) => void response.destroy(), /EOF$/, 503],
  ['answers with an error', (_, response) => void response.writeHead(500).end('broken'), /an error on the server \("broken"\)/, 500],
  ['answers garbage', (_, response) => void response.end('garbage'), /json parse error: invalid character 'g'/, 503],
  [
    'redirects to itself without end',
    (_, response, { url }) => void response.writeHead(302, { location: url }).end(),
    /status code 302/,
    302,
  ],
  ['answers 10 MB', (_, response) => void response.end(`"${'x'.repeat(10_000_000)}"`), /http: response body too large$/, 503],
  ['has another’s certificate', () => {}, /certificate signed by unknown authority$/, 503, ''],
];

test.each(faults)('a webhook that %s fails requests or is passed over, within its time', async (what, handler, message, code, caBundle) => {
  const hook = await startWebhookServer(handler);
  const counted: Partial<WebhookAsked>[] = [];
  const opened: string[] = [];
  const metrics = {
    ...noMetrics,
    webhookAsked: ({ code: asked, rejection }: WebhookAsked) => void counted.push({ code: asked, rejection }),
    webhookFailedOpen: (name: string, type: string) => void opened.push(`${name} ${type}`),
  };
  const { server, client } = await startTestServer({ metrics });
  onTestFinished(() => server.stop());
  const configuration = (failurePolicy: string) => ({
    ...{
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: failurePolicy.toLowerCase() },
    },
    webhooks: [
      {
        ...{
          name: 'hook.example.com',
          failurePolicy,
          timeoutSeconds: what === isSlow ? 1 : 30,
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
        clientConfig: { url: hook.address.url, caBundle: caBundle ?? hook.caBundle },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['configmaps'] }],
      },
    ],
  });
  const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x', namespace: 'default' } };
  await client.create(ValidatingWebhookConfiguration, configuration('Fail') as never);
  const failed = server.create(callFor(ConfigMap, 'default'), object);
  await expect(failed).rejects.toMatchObject({ code: 500, reason: 'InternalError', message: expect.stringMatching(message) });
  await expect(failed).rejects.toThrow('Internal error occurred: failed calling webhook "hook.example.com": failed to call webhook: ');
  await client.delete(ValidatingWebhookConfiguration, { name: 'fail' });
  await client.create(ValidatingWebhookConfiguration, configuration('Ignore') as never);
  await server.create(callFor(ConfigMap, 'default'), object);
  expect(counted).toEqual([
    { code, rejection: 'calling_webhook_error' },
    { code, rejection: undefined },
  ]);
  expect(opened).toEqual(['hook.example.com validating']);
});
