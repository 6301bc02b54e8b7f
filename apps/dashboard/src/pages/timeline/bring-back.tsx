// A button that makes an object again as it was, for those who may: the object is read when it is pressed, the server asked for a dry run
// before anything is made.
import { useState } from 'react';
import { useSession } from '../../live/session-context.ts';
import { useAccess } from '../../live/use-access.ts';
import type { ResourceType } from '../../model/resource-types.ts';
import { useOpenAction } from '../../parts/action-host.tsx';
import { pastObject } from './past-api.ts';
import { restoreAction, restoreQuestion } from './restoring.ts';

interface Props {
  type: ResourceType;
  namespace: string | undefined;
  name: string;
  atMs: number;
  /** Of just before, where it is known; else it is found by the time. */
  revision?: string;
}

export function BringBack({ type, namespace, name, atMs, revision }: Props) {
  const { api } = useSession();
  const [isAllowed] = useAccess([restoreQuestion(type, namespace)]);
  const openAction = useOpenAction();
  const [error, setError] = useState<string>();
  if (!isAllowed) return null;
  const open = async () => {
    try {
      const { past, services } = await pastObject(api, type, { namespace, name }, revision ?? atMs);
      if (past) openAction(restoreAction({ type, past, atMs, services }));
      setError(past ? undefined : 'It was not there at that moment.');
    } catch (failure) {
      setError(failure instanceof Error ? failure.message : String(failure));
    }
  };
  return (
    <>
      <button type="button" aria-label={`Bring back ${name}`} onClick={() => void open()}>
        Bring back
      </button>
      {error && <span className="trouble">{error}</span>}
    </>
  );
}
