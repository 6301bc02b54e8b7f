// The create of a kind of which nothing is stored, on the way of every other: its body is read and checked as its kind's, owned by who
// sent it, admitted, validated, and then answered.
import { type KindDefinition, type KubeObject, StatusError } from '@berth/machinery';
import type { Clock } from '@berth/telemetry';
import type { Admission } from '../admission/admission.ts';
import { writeOptions } from '../admission/request-options.ts';
import { matchTarget, readBody } from '../body.ts';
import { trackFields } from '../field-ownership.ts';
import type { KindVersions } from '../kind-versions.ts';
import { computedAnswer } from '../object-answer.ts';
import type { Resource } from '../resource.ts';
import type { Answer, Call, WriteSettings } from '../types.ts';

export interface UnstoredCreatePorts {
  admission: Admission;
  versions: KindVersions;
  clock: Clock;
}

/** What is created becomes its own answer, or leads to another one. */
type Conclude<T> = (object: T, call: Call, settings: WriteSettings) => Promise<KubeObject | Answer> | KubeObject | Answer;

export function unstoredCreate<T extends KubeObject>(ports: UnstoredCreatePorts, conclude: Conclude<T>): NonNullable<Resource['create']> {
  return async (call, body, settings) => {
    const { kind, namespace, user, audit, signal } = call;
    const { object, warnings } = readBody(kind, body, settings);
    matchTarget(call, object);
    kind.defaults(object);
    await trackFields(call, undefined, object, settings, ports);
    const { name } = object.metadata;
    const options = writeOptions(true, settings);
    const asked = { user, audit, signal, kind, namespace, name, object, options, dryRun: settings.dryRun, warnings };
    await ports.admission.admitUnstored({ operation: 'CREATE', ...asked }, () => check(kind, object));
    const concluded = await conclude(object as T, call, settings);
    if ('code' in concluded)
      return { ...concluded, object: concluded.object, bytes: concluded.bytes, warnings: [...warnings, ...concluded.warnings] };
    kind.defaults(concluded);
    return computedAnswer(concluded, 201, warnings);
  };
}

function check(kind: KindDefinition, object: KubeObject): void {
  const errors = kind.validate(object);
  if (errors.length > 0) throw StatusError.invalid(kind, '', errors);
}
