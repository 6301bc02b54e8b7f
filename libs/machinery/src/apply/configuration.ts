// Puts a configuration into an object as server-side apply does, and owns nothing: what is in it is set, what is not stays. As nobody
// remembers what was set, nothing of an object that is replaced as a whole can be.
import type { MessageSchema } from '../schema.ts';
import { mergeApplied } from './merge-applied.ts';
import { rootShape } from './shape.ts';
import { typedProblems, wholePaths } from './typed-problems.ts';

/** Why a configuration cannot be put into an object, in kube-apiserver's words. */
export class ConfigurationRefusal extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'ConfigurationRefusal';
  }
}

/** A new value; what did not change is shared with the object. @throws ConfigurationRefusal */
export function mergeConfiguration(message: MessageSchema, live: object, configuration: object): unknown {
  const problems = typedProblems(message, configuration).map(({ path, detail }) => `${path}: ${detail}`);
  if (problems.length > 0) {
    const told = problems.length === 1 ? problems[0] : `errors:${problems.map((problem) => `\n  ${problem}`).join('')}`;
    throw new ConfigurationRefusal(`failed to convert patch object to typed object: ${told}`);
  }
  const shape = rootShape(message);
  const whole = wholePaths(shape, { kind: 'message', message }, configuration);
  if (whole.length > 0) {
    throw new ConfigurationRefusal(`invalid ApplyConfiguration: may not mutate atomic arrays, maps or structs: ${whole.join(', ')}`);
  }
  return mergeApplied(shape, live, configuration);
}
