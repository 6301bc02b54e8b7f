// Patterns are RE2's, as in Go: one that RE2 does not take would match nothing, or take for ever.
import { RE2JS } from 're2js';

/** Why a pattern is none. */
export function patternError(pattern: string): string | undefined {
  try {
    RE2JS.compile(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
