// What one may do, for what is shown: undefined while it is not known.
import { useQueries } from '@tanstack/react-query';
import type { AccessQuestion } from '../model/actions/action.ts';
import { accessKey, keptMs } from './access.ts';
import { useSession } from './session-context.ts';

/** Of each question, whether it is allowed; undefined while that is not known. */
export function useAccess(questions: AccessQuestion[]): (boolean | undefined)[] {
  const { access } = useSession();
  return useQueries({
    queries: questions.map((question) => ({
      queryKey: ['access', accessKey(question)],
      queryFn: () => access.isAllowed(question),
      staleTime: keptMs,
    })),
    combine: (results) => results.map(({ data }) => data),
  });
}
