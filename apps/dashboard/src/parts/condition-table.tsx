// Conditions of an object, as they were reported.
import { Age, State, type Tone } from './small.tsx';

interface Condition {
  type?: string;
  status?: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

/** Of kinds that nothing else is known of, by the words that are used everywhere. */
const namesTrouble =
  /Fail|Pressure|Unavailable|Denied|Error|Degraded|Stalled|Conflict|Suspended|NonStructural|Terminating|Deletion|Remaining/;
const mustBeTrue = /Available|Ready|Progressing|Established|Accepted|Approved|Healthy|Synced|Reconciled/;

/** Whether a condition of this kind is as it should be while it is true. Of a node, all but readiness name something bad; of a pod, few do. */
const goodWhenTrue = {
  node: (type: string) => type === 'Ready',
  pod: (type: string) => !/^(DisruptionTarget|PodResizePending|PodResizeInProgress)$/.test(type),
  object: (type: string) => !namesTrouble.test(type),
};

type Owner = keyof typeof goodWhenTrue;

export function ConditionTable({ of, conditions }: { of: Owner; conditions: Condition[] }) {
  if (conditions.length === 0) return <p className="quiet">None reported.</p>;
  return (
    <table className="data wrap" aria-label="Conditions">
      <thead>
        <tr>
          <th className="w-condition">Condition</th>
          <th className="w-count">Status</th>
          <th className="w-short">For</th>
          <th>Why</th>
        </tr>
      </thead>
      <tbody>
        {conditions.map(({ type = '', status, reason, message, lastTransitionTime }) => (
          <tr key={type}>
            <td>{type}</td>
            <td>
              <State tone={toneOf(of, type, status)}>{status}</State>
            </td>
            <td>
              <Age of={lastTransitionTime} />
            </td>
            <td>{[reason, message].filter(Boolean).join(': ')}</td>
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function toneOf(of: Owner, type: string, status: string | undefined): Tone {
  if (status === 'Unknown' && type !== 'Ready') return 'warn';
  if (!isTrouble(of, type, status)) return of === 'object' && status === 'False' ? 'quiet' : 'good';
  return of === 'object' && !mustBeTrue.test(type) && status === 'False' ? 'quiet' : 'bad';
}

/** Whether a condition is not as it should be. */
export function isTrouble(of: Owner, type: string, status: string | undefined): boolean {
  return goodWhenTrue[of](type) ? status !== 'True' : status === 'True';
}
