// What every object says of itself: age, owners, labels, annotations, finalizers, and the first level of its spec and status where those are
// plain values.
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import { Age, ObjectLink } from './small.tsx';

const longMax = 200;
/** The whole object once more, for kubectl alone. */
const lastApplied = 'kubectl.kubernetes.io/last-applied-configuration';

export function ObjectFacts({ object }: { object: KubernetesObject }) {
  const { metadata } = object;
  const { spec, status } = object as { spec?: unknown; status?: unknown };
  return (
    <>
      <dl className="facts">
        <div>
          <dt>Age</dt>
          <dd>
            <Age of={metadata.creationTimestamp} />
          </dd>
        </div>
        {metadata.ownerReferences?.map(({ apiVersion, kind, name, uid }) => (
          <div key={uid}>
            <dt>Owner</dt>
            <dd>
              <ObjectLink kind={kind} namespace={metadata.namespace} name={name} apiVersion={apiVersion}>{`${kind} ${name}`}</ObjectLink>
            </dd>
          </div>
        ))}
        {metadata.finalizers?.length ? (
          <div>
            <dt>Finalizers</dt>
            <dd>{metadata.finalizers.join(', ')}</dd>
          </div>
        ) : null}
        {[...plainFields(spec), ...plainFields(status)].map(([name, text]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd>{text}</dd>
          </div>
        ))}
      </dl>
      <Pairs title="Labels" pairs={metadata.labels} />
      <Pairs title="Annotations" pairs={metadata.annotations} />
    </>
  );
}

function plainFields(value: unknown): [string, string][] {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return [];
  return Object.entries(value).flatMap(([name, field]) =>
    field === null || typeof field === 'object' ? [] : [[name, shortened(String(field))] as [string, string]],
  );
}

function Pairs({ title, pairs = {} }: { title: string; pairs: Record<string, string> | undefined }) {
  const entries = Object.entries(pairs).filter(([name]) => name !== lastApplied);
  if (entries.length === 0) return null;
  return (
    <dl className="facts pairs" aria-label={title}>
      <dt>{title}</dt>
      {entries.map(([name, value]) => (
        <dd key={name} title={value}>
          {name}={shortened(value)}
        </dd>
      ))}
    </dl>
  );
}

function shortened(text: string): string {
  return text.length > longMax ? `${text.slice(0, longMax)}…` : text;
}
