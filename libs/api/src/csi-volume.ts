// The names by which control plane, nodes and drivers' sidecars know the same volume of a CSI driver: everything that is to be found by them is found.

/** Before a driver's name, in the status of nodes. */
const uniquePrefix = 'kubernetes.io/csi/';

/** One volume of a driver. */
export interface CsiVolume {
  driver: string;
  handle: string;
}

/** As `status.volumesAttached` and `status.volumesInUse` of a node name it. */
export function csiUniqueName({ driver, handle }: CsiVolume): string {
  return `${uniquePrefix}${driver}^${handle}`;
}

/** The volume that a node's status names so; undefined for one of no driver. */
export function csiVolumeNamed(uniqueName: string): CsiVolume | undefined {
  const [driver = '', ...rest] = uniqueName.slice(uniquePrefix.length).split('^');
  return uniqueName.startsWith(uniquePrefix) && rest.length > 0 ? { driver, handle: rest.join('^') } : undefined;
}

/** Of the VolumeAttachment that attaches the volume to the node. @param sha256 of a text, in hexadecimal digits */
export function csiAttachmentName({ driver, handle }: CsiVolume, nodeName: string, sha256: (text: string) => string): string {
  return `csi-${sha256(`${handle}${driver}${nodeName}`)}`;
}
