// Objects chosen by their labels, as the address of a page says it.
import { parseLabelSelector, StatusError } from '@berth/machinery';

type Labels = Record<string, string> | undefined;

/** @param text a label selector as kubectl takes it; what is no selector chooses nothing */
export function selectedBy(text: string | null): (labels: Labels) => boolean {
  if (!text) return () => true;
  try {
    const selector = parseLabelSelector(text);
    return (labels) => selector.matches(labels ?? {});
  } catch (error) {
    if (error instanceof StatusError) return () => false;
    throw error;
  }
}
