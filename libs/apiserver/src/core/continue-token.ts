// Where a paged list goes on: the revision that all its pages show and the first key of the next page.
import { goJsonName, goSyntaxProblem, isRecord, StatusError } from '@berth/machinery';

/** `revision` -1 goes on at the newest state, when the list's own revision is gone. */
export interface ContinueToken {
  revision: number;
  start: string;
}

export function encodeContinue(token: ContinueToken): string {
  return Buffer.from(JSON.stringify({ v: 'meta.k8s.io/v1', rv: token.revision, start: token.start })).toString('base64url');
}

/** @throws StatusError BadRequest for anything that `encodeContinue` did not make. */
export function decodeContinue(text: string): ContinueToken {
  const invalid = (detail: string) => StatusError.badRequest(`invalid continue token: continue key is not valid${detail}`);
  const wrong = firstOutside(text);
  if (wrong !== undefined) throw invalid(`: illegal base64 data at input byte ${wrong}`);
  const decoded = Buffer.from(text, 'base64url').toString('utf8');
  let parsed: unknown;
  try {
    parsed = JSON.parse(decoded);
  } catch {
    throw invalid(`: ${goSyntaxProblem(decoded)}`);
  }
  const problem = typeProblem(parsed);
  if (problem) throw invalid(`: json: cannot unmarshal ${problem}`);
  const { v = '', rv = 0, start = '' } = (parsed ?? {}) as { v?: string; rv?: number; start?: string };
  if (v !== 'meta.k8s.io/v1') throw invalid(`: server does not recognize this encoded version ${v}`);
  if (!Number.isSafeInteger(rv) || rv === 0) throw invalid(': incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (start === '') throw invalid(': encoded start key empty (version meta.k8s.io/v1)');
  const key = start.replace(/^\//, '');
  if (key.split('/').some((part) => part === '.' || part === '..' || part === '')) throw invalid(`: ${start}`);
  return { revision: rv, start: key };
}

/** The first member that is not what Go's type of a token has there. */
function typeProblem(parsed: unknown): string | undefined {
  if (parsed === null) return undefined;
  if (!isRecord(parsed)) return `${goJsonName(parsed)} into Go value of type storage.continueToken`;
  for (const [name, value] of Object.entries(parsed)) {
    const isNumber = name === 'rv';
    if (!isNumber && name !== 'v' && name !== 'start') continue;
    if (value === null || (isNumber ? Number.isInteger(value) : typeof value === 'string')) continue;
    const given = isNumber && typeof value === 'number' ? `number ${value}` : goJsonName(value);
    return `${given} into Go struct field continueToken.${name} of type ${isNumber ? 'int64' : 'string'}`;
  }
  return undefined;
}

/** Where a text stops being base64 for URLs without padding, as Go's decoder tells it. */
function firstOutside(text: string): number | undefined {
  const outside = text.search(/[^A-Za-z0-9_-]/);
  if (outside >= 0) return outside;
  return text.length % 4 === 1 ? text.length - 1 : undefined;
}

/** 410 for a token whose revision was compacted, with a token that goes on regardless, in Kubernetes' words. */
export function continueExpired(start: string): StatusError {
  const error = StatusError.expired(
    'The provided continue parameter is too old to display a consistent list result. You can start a new list without the continue ' +
      'parameter, or use the continue token in this response to retrieve the remainder of the results. Continuing with the provided ' +
      'token results in an inconsistent list - objects that were created, modified, or deleted between the time the first chunk was ' +
      'returned and now may show up in the list.',
  );
  error.status.metadata.continue = encodeContinue({ revision: -1, start });
  return error;
}
