// Pods stay on a node that is lost for five minutes before they are evicted, unless they say otherwise.
import type { Pod, Toleration } from '@berth/api';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';
import { isAbout } from './request-predicates.ts';

const lostNodeSeconds = 300;
const lostNodeTaints = ['node.kubernetes.io/not-ready', 'node.kubernetes.io/unreachable'];

export class DefaultTolerationSeconds implements AdmissionPlugin {
  readonly name = 'DefaultTolerationSeconds';

  mutate(request: AdmissionRequest): void {
    if (!isAbout(request, '', 'Pod')) return;
    const { spec } = request.object as Pod;
    const given = spec.tolerations ?? [];
    const missing = lostNodeTaints.filter((key) => !given.some((toleration) => toleratesEviction(toleration, key)));
    if (missing.length > 0) spec.tolerations = [...given, ...missing.map(stayAWhile)];
  }
}

function stayAWhile(key: string): Toleration {
  return { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: lostNodeSeconds };
}

function toleratesEviction(toleration: Toleration, key: string): boolean {
  const isSameKey = toleration.key === key || (!toleration.key && toleration.operator === 'Exists');
  return isSameKey && (!toleration.effect || toleration.effect === 'NoExecute');
}
