// A new node takes no pods before it is known to be ready: the node controller takes the taint away.
import type { Node } from '@berth/api';
import type { AdmissionPlugin, AdmissionRequest } from './admission.ts';

const notReadyTaint = { key: 'node.kubernetes.io/not-ready', effect: 'NoSchedule' };

export class TaintNodesByCondition implements AdmissionPlugin {
  readonly name = 'TaintNodesByCondition';

  mutate({ operation, kind, object }: AdmissionRequest): void {
    if (operation !== 'CREATE' || kind.group !== '' || kind.kind !== 'Node') return;
    const node = object as Node;
    const taints = node.spec?.taints ?? [];
    if (taints.some(({ key, effect }) => key === notReadyTaint.key && effect === notReadyTaint.effect)) return;
    node.spec = { ...node.spec, taints: [...taints, { ...notReadyTaint }] };
  }
}
