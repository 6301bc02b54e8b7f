// Conditions of a node or pod, as they were reported.
import { Age, State, type Tone } from './small.tsx';

interface Condition {
  type?: string;
  status?: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

/** Conditions of these kinds are bad when they are true. */
const badWhenTrue = /Pressure$|^NetworkUnavailable$|^DisruptionTarget$/;

export function ConditionTable({ conditions }: { conditions: Condition[] }) {
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
              <State tone={toneOf(type, status)}>{status}</State>
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

function toneOf(type: string, status: string | undefined): Tone {
  if (status === 'Unknown') return type === 'Ready' ? 'bad' : 'warn';
  return (status === 'True') !== badWhenTrue.test(type) ? 'good' : 'bad';
}
