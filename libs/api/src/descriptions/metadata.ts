// What every object has: its name, its labels, who owns it, who wrote which field; and how others select it.
import type { Descriptions } from './descriptions.ts';

export const metadataDescriptions: Descriptions = {
  'meta.v1.ObjectMeta': {
    '': 'What is kept of every object, whatever it is about.',
    name: 'The name of the object, unique among those of its kind in a namespace; it cannot be changed.',
    generateName: 'The beginning of a name whose end the server makes up; used when no name is given.',
    namespace: 'The namespace that the object is in; empty for kinds that belong to the whole cluster.',
    selfLink: 'Once the address of the object; no longer filled in.',
    uid: 'Tells the object from all others, those of the same name before and after it included.',
    resourceVersion: 'Changes with every write; whoever sends it back is refused if somebody else wrote in between.',
    generation: 'Counts the changes of what is asked for; changes of status do not count.',
    creationTimestamp: 'CreationTimestamp is a timestamp: when the object was created.',
    deletionTimestamp: 'When the object is due to be gone; set by the server once somebody has asked for its deletion.',
    deletionGracePeriodSeconds: 'How many seconds the object has to end by itself; set together with deletionTimestamp.',
    labels: 'Short keys and values that others select objects by.',
    annotations: 'Keys and values for tools and people; nothing is selected by them.',
    ownerReferences: 'The objects that this one belongs to; when all of them are gone, so is it.',
    finalizers: 'What must be done, each by somebody who then removes its entry, before the object goes away.',
    managedFields: 'Who set which field, for server-side apply; kept by the server.',
  },
  'meta.v1.OwnerReference': {
    '': 'Names an object, in the same namespace or of the whole cluster, that another belongs to.',
    apiVersion: 'Group and version of the owner.',
    kind: 'Kind of the owner.',
    name: 'Name of the owner.',
    uid: 'UID of the owner, so that another object of the same name is not taken for it.',
    controller: 'Whether the owner is the one that manages this object; at most one is.',
    blockOwnerDeletion: 'Whether an owner that is deleted in the foreground waits until this object is gone.',
  },
  'meta.v1.ManagedFieldsEntry': {
    '': 'The fields that one manager has set in one way.',
    manager: 'Who set them, as the client named itself.',
    operation: 'How they were set: by Apply or by Update.',
    apiVersion: 'The version of the kind that the fields are named in.',
    time: 'When this entry was last changed.',
    fieldsType: 'How fieldsV1 is to be read; always FieldsV1.',
    fieldsV1: 'The fields, as a tree.',
    subresource: 'The subresource through which they were written, such as status; empty for the object itself.',
  },
  'meta.v1.LabelSelector': {
    '': 'Chooses objects by their labels; all that it asks for must hold. An empty one chooses every object.',
    matchLabels: 'Labels that must be there with exactly these values.',
    matchExpressions: 'Further demands on labels, all of which must hold.',
  },
  'meta.v1.LabelSelectorRequirement': {
    '': 'One demand on the value of a label.',
    key: 'The label.',
    operator: 'How its value is compared: In, NotIn, Exists or DoesNotExist.',
    values: 'What it is compared with; empty for Exists and DoesNotExist.',
  },
  'meta.v1.Condition': {
    reason: 'Why the condition last changed, in one word that programs can match.',
  },
  'meta.v1.ListMeta': {
    '': 'What a list tells of itself.',
    selfLink: 'Once the address of the list; no longer filled in.',
    resourceVersion: 'The version at which the list was read; a watch can go on from there.',
    continue: 'Asks for the next page, when there is one.',
    remainingItemCount: 'How many objects come after this page, when that is known.',
  },
};
