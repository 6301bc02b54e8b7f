// A part of what a change was.
export interface Sentence {
  action: string;
  text: string;
  /** Whether it says all that changed of what was asked for. */
  isWhole?: boolean;
}
