// One sentence for what is asked for and answered without being stored, and for other versions of what is. Stored kinds say it in their own
// files.
import { betaKinds, kinds } from '../kind-list.ts';
import type { Descriptions } from './descriptions.ts';

const sentences: Record<string, string> = {
  'core.v1.Binding': 'Says which node a pod runs on; schedulers create it.',
  'decisions.v1alpha1.Decision': 'What the scheduler decided of the pod of the same name last, and why. Read only; it goes with the pod.',
  'history.v1alpha1.Change': 'A write of the last day: who changed what, and when. Read only; seen by whoever may see the object.',
  'history.v1alpha1.Moment': 'Which resource version was the newest at a time, to list what there was. Read only.',
  'core.v1.ComponentStatus': 'Says whether a part of the control plane is well; deprecated.',
  'events.v1.Event': 'Something that happened to an object, for people to read; kept for a while only.',
  'authentication.v1.SelfSubjectReview': 'Asks the server who one is.',
  'authentication.v1.TokenRequest': 'Asks for a token of a service account.',
  'authentication.v1.TokenReview': 'Asks whose token this is.',
  'authorization.v1.LocalSubjectAccessReview': 'Asks whether somebody may do something in one namespace.',
  'authorization.v1.SelfSubjectAccessReview': 'Asks whether one may do something oneself.',
  'authorization.v1.SelfSubjectRulesReview': 'Asks for all that one may do in a namespace.',
  'authorization.v1.SubjectAccessReview': 'Asks whether somebody may do something.',
  'autoscaling.v1.Scale': 'How many pods a workload has and should have; a subresource of it.',
  'policy.v1.Eviction': 'Asks a pod to leave its node, if the budgets of disruption allow it.',
};

const stored = [...kinds, ...betaKinds].map(({ schema, description }): [string, string] => [schema.name, description ?? '']);

export const kindDescriptions: Descriptions = Object.fromEntries(
  [...stored, ...Object.entries(sentences)].map(([type, text]) => [type, { '': text }]),
);
