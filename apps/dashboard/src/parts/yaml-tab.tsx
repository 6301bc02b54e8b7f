// The YAML of an object, loaded when it is first looked at, as its library is large.
import { lazy, Suspense } from 'react';
import type { KubernetesObject } from '../model/kubernetes-object.ts';
import type { ResourceType } from '../model/resource-types.ts';

const YamlEditor = lazy(async () => ({ default: (await import('./yaml-editor.tsx')).YamlEditor }));

export function YamlTab({ type, object }: { type: ResourceType; object: KubernetesObject }) {
  return (
    <Suspense fallback={<p className="quiet">Loading…</p>}>
      <YamlEditor type={type} object={object} />
    </Suspense>
  );
}
