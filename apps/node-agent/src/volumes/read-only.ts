// Which volumes no container may write to, whatever its mount says: those that show objects of the API, whose files the agent
// replaces as root, images, and claims and volumes of storage drivers that the pod itself asks to have read-only.
import type { Volume } from '@berth/api';

export function isReadOnly({ configMap, secret, downwardAPI, projected, persistentVolumeClaim, image, csi }: Volume): boolean {
  return (
    Boolean(configMap ?? secret ?? downwardAPI ?? projected ?? image) || persistentVolumeClaim?.readOnly === true || csi?.readOnly === true
  );
}
