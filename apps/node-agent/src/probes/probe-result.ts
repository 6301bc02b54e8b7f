// What came of one attempt.

export interface ProbeResult {
  success: boolean;
  message: string;
  /** It succeeded, and there is something to say about how. */
  isWarning?: true;
}
