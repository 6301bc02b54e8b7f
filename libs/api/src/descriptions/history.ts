// What changes and moments of the past say.
import type { Descriptions } from './descriptions.ts';

export const historyDescriptions: Descriptions = {
  'history.v1alpha1.Change': {
    time: 'When it was written, to the millisecond; empty where a build before wrote it.',
    type: 'Created, Updated or Deleted.',
    action: 'What it means in a word, such as Scaled, ImageChanged, Evicted, RolledOut or Condition.',
    object: 'What was changed.',
    user: 'Who changed it; nothing where nobody is known, as of what ended by itself.',
    verb: 'How it was asked for, with the subresource: create, patch/status, create/eviction.',
    client: 'The program that asked, as it called itself.',
    message: 'What changed, in a sentence.',
    fields: 'Which fields changed, and from what to what; of secrets only which.',
    fieldsLeftOut: 'How many more fields changed; all of them are shown when the change is asked for by its name.',
    routine: 'Whether it is of the sort that is written all the time, and left out of lists.',
  },
  'history.v1alpha1.ObjectOfChange': {
    '': 'An object that was changed.',
    apiVersion: 'The group and version that it was written in.',
    kind: 'The kind of the object.',
    resource: 'The plural of its kind, as in paths.',
    namespace: 'Its namespace, where it has one.',
    name: 'The name of the object.',
    uid: 'The uid, which tells it from others that had the name.',
  },
  'history.v1alpha1.FieldOfChange': {
    '': 'A field that changed.',
    path: 'Where it is; items of lists by their names where they have any.',
    before: 'What it was, as JSON; nothing where it was not there, or is not shown.',
    after: 'What it is, as JSON; nothing where it went, or is not shown.',
  },
  'history.v1alpha1.Moment': {
    time: 'The moment.',
    revision: 'The newest resource version by then: a list with resourceVersionMatch=Exact shows what there was.',
  },
};
