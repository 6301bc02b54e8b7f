// A pod as a Deployment's would be; with what the server adds, managedFields among it, some 2.5 KB of JSON.

export function benchPod(name: string, namespace: string): object {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace,
      labels: { app: 'web', 'pod-template-hash': '7d9c6f8b5d' },
      annotations: { 'bench.berth/sent': sentMark(0) },
    },
    spec: {
      containers: [
        {
          name: 'web',
          image: 'registry.example/shop/web:1.27.3',
          ports: [{ name: 'http', containerPort: 8080 }],
          env: [{ name: 'LOG_LEVEL', value: 'info' }],
          resources: { requests: { cpu: '100m', memory: '128Mi' }, limits: { memory: '256Mi' } },
          readinessProbe: { httpGet: { path: '/ready', port: 'http' }, periodSeconds: 5 },
        },
      ],
    },
  };
}

/** Milliseconds since the benchmark's process began, always of the same length. */
export function sentMark(ms: number): string {
  return ms.toFixed(3).padStart(12, '0');
}
