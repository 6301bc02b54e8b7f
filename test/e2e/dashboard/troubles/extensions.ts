// Troubles of certificates, volumes that fill up, what extends the API, and CronJobs that do not start.
import { container, namespaced, type Place, type Trouble, workload } from './trouble.ts';

const front = namespaced('v1', 'Service', 'front', { spec: { selector: { app: 'web' }, ports: [{ port: 80 }] } });
const shop = namespaced('networking.k8s.io/v1', 'Ingress', 'shop', {
  spec: {
    tls: [{ hosts: ['shop.example.com'], secretName: 'shop-tls' }],
    rules: [
      {
        host: 'shop.example.com',
        http: { paths: [{ path: '/', pathType: 'Prefix', backend: { service: { name: 'front', port: { number: 80 } } } }] },
      },
    ],
  },
});
const served = (place: Place) => [workload(place), front(place), shop(place)];
const secret = (place: Place, { certificate, key }: Place['certificates']['expired']) => ({
  ...namespaced('v1', 'Secret', 'shop-tls', { type: 'kubernetes.io/tls' })(place),
  stringData: { 'tls.crt': certificate, 'tls.key': key },
});
const ofIngress = { subject: () => 'ingress/shop' };
const secretCommand = 'kubectl create secret tls shop-tls --cert=FILE --key=FILE --dry-run=client -o yaml | kubectl apply -f -';

function webhooks(place: Place, failurePolicy: string, clientConfig: object): object {
  return {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingWebhookConfiguration',
    metadata: { name: place.namespace },
    webhooks: [
      {
        ...{ name: 'judge.example.com', admissionReviewVersions: ['v1'], sideEffects: 'None', timeoutSeconds: 2 },
        ...{ failurePolicy, clientConfig },
        namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': place.namespace } },
        rules: [{ apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] }],
      },
    ],
  };
}

function cronJob(place: Place, schedule: string, script: string): object {
  const template = { spec: { restartPolicy: 'Never', terminationGracePeriodSeconds: 1, containers: [container(place.image, script)] } };
  return namespaced('batch/v1', 'CronJob', 'report', {
    spec: { schedule, concurrencyPolicy: 'Forbid', jobTemplate: { spec: { template } } },
  })(place);
}

const ofWebhooks = { subject: ({ namespace }: Place) => `validatingwebhookconfiguration/${namespace}` };
const ofCronJob = { subject: () => 'cronjob/report' };

export const extensionTroubles: Trouble[] = [
  {
    id: 'tls-secret',
    trouble: 'An Ingress whose certificate is not there',
    steps: [served],
    ...ofIngress,
    card: {
      kind: 'Ingress',
      name: 'shop',
      reason: 'SecretNotFound',
      says: 'spec.tls[0]: secret shop-tls does not exist; a self-signed certificate is served instead',
    },
    mends: 'make the secret, of a certificate and its key',
    command: secretCommand,
  },
  {
    id: 'tls-expired',
    trouble: 'An Ingress whose certificate has expired',
    steps: [(place) => [secret(place, place.certificates.expired), ...served(place)]],
    ...ofIngress,
    card: {
      kind: 'Ingress',
      name: 'shop',
      reason: 'CertificateExpired',
      says: 'spec.tls[0]: the certificate of secret shop-tls ended on …, … ago',
    },
    mends: 'a new certificate and its key',
    command: secretCommand,
  },
  {
    id: 'tls-host',
    trouble: 'An Ingress whose certificate is for another host',
    steps: [(place) => [secret(place, place.certificates.ofOther), ...served(place)]],
    ...ofIngress,
    card: {
      kind: 'Ingress',
      name: 'shop',
      reason: 'HostNotCovered',
      says: 'spec.tls[0]: the certificate of secret shop-tls is not for shop.example.com, but for other.example.com',
    },
    mends: 'a certificate that is for this host, or a secret of its own for it in spec.tls',
    command: secretCommand,
  },
  {
    id: 'filling',
    trouble: 'A volume that is full',
    steps: [
      (place) => [
        namespaced('v1', 'PersistentVolumeClaim', 'data', {
          spec: { accessModes: ['ReadWriteOnce'], resources: { requests: { storage: '32Mi' } } },
        })(place),
        workload(place, {
          container: container(
            place.image,
            "trap 'exit 0' TERM; /bin/busybox dd if=/dev/zero of=/data/log bs=1M count=64; while true; do /bin/busybox sleep 1 & wait; done",
            { volumeMounts: [{ name: 'data', mountPath: '/data' }] },
          ),
          pod: { volumes: [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }] },
        }),
      ],
    ],
    subject: () => 'pvc/data',
    card: {
      kind: 'PersistentVolumeClaim',
      name: 'data',
      reason: 'FillingUp',
      says: 'its volume is nearly full: … % of 32Mi are free',
    },
    // No button is pressed here: where the agent lacks CAP_SYS_RESOURCE, ext4 grows with its next mount alone.
    mends: 'make it larger (*Enlarge claim*), or remove what need not be there',
    command: 'kubectl patch pvc data -p \'{"spec":{"resources":{"requests":{"storage":"256Mi"}}}}\'',
  },
  {
    id: 'api-service',
    trouble: 'A version of the API whose server is gone',
    steps: [
      ({ namespace }) => [
        {
          apiVersion: 'apiregistration.k8s.io/v1',
          kind: 'APIService',
          metadata: { name: 'v1.prices.example.com' },
          spec: {
            ...{ group: 'prices.example.com', version: 'v1', groupPriorityMinimum: 100, versionPriority: 10 },
            ...{ insecureSkipTLSVerify: true, service: { namespace, name: 'prices' } },
          },
        },
      ],
    ],
    subject: () => 'apiservice/v1.prices.example.com',
    card: {
      kind: 'APIService',
      name: 'v1.prices.example.com',
      reason: 'ServiceNotFound',
      says: 'nobody answers for prices.example.com/v1: service/prices in "…" is not present',
    },
    button: { label: 'Delete apiservice' },
    mends: 'start what answers behind its Service, or take it away',
    command: 'kubectl delete apiservice v1.prices.example.com',
  },
  {
    id: 'webhook-service',
    trouble: 'A webhook whose Service is gone',
    steps: [(place) => [webhooks(place, 'Fail', { service: { namespace: place.namespace, name: 'judge' } })], (place) => [workload(place)]],
    ...ofWebhooks,
    card: {
      kind: 'ValidatingWebhookConfiguration',
      name: '',
      reason: 'ServiceNotFound',
      says: 'its webhook judge.example.com cannot answer: service …/judge does not exist; what it is to judge is refused',
    },
    button: { label: 'Delete validatingwebhookconfiguration' },
    mends: 'make the Service and start what answers there, or take the configuration away',
    command: 'kubectl delete validatingwebhookconfiguration NAME',
  },
  {
    id: 'webhook-trust',
    trouble: 'A webhook whose caBundle has expired',
    steps: [
      (place) => [
        webhooks(place, 'Ignore', {
          url: 'https://127.0.0.1:9/',
          caBundle: Buffer.from(place.certificates.expired.certificate).toString('base64'),
        }),
      ],
    ],
    ...ofWebhooks,
    card: {
      kind: 'ValidatingWebhookConfiguration',
      name: '',
      reason: 'CertificateExpired',
      says: 'the caBundle of its webhook judge.example.com ended on …, … ago',
    },
    mends: 'set caBundle to whoever signs its certificate now',
    command: 'kubectl edit validatingwebhookconfiguration NAME',
  },
  {
    id: 'cron-held',
    trouble: 'A CronJob that a run which does not end holds up',
    steps: [(place) => [cronJob(place, '@every 20s', 'while true; do /bin/busybox sleep 1; done')]],
    ...ofCronJob,
    card: {
      kind: 'CronJob',
      name: 'report',
      reason: 'RunStillActive',
      says: 'it has missed … starts: job report-… has been running for …, and concurrencyPolicy is Forbid',
    },
    button: { label: 'Delete job' },
    mends: 'end it, and give it an activeDeadlineSeconds',
    command: 'kubectl delete job NAME',
  },
  {
    id: 'cron-refused',
    trouble: 'A CronJob whose runs are refused',
    steps: [
      (place) => [namespaced('v1', 'ResourceQuota', 'no-jobs', { spec: { hard: { 'count/jobs.batch': '0' } } })(place)],
      (place) => [cronJob(place, '@every 10s', 'true')],
    ],
    ...ofCronJob,
    card: {
      kind: 'CronJob',
      name: 'report',
      reason: 'Quota',
      says: 'its runs are refused: Error creating job: …exceeded quota: no-jobs, requested: count/jobs.batch=1, used: count/jobs.batch=0, limited: count/jobs.batch=0',
    },
    button: { label: 'Raise quota no-jobs', value: '20' },
    mends: 'raise the quota',
    command: 'kubectl patch resourcequota no-jobs --type merge -p \'{"spec":{"hard":{"count/jobs.batch":"20"}}}\'',
  },
];
