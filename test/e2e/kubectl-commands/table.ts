// Every kubectl command that people use, by topic. Lines run in a shell, one after the other; what they print is in goldens/.
import { topicsAboutClusters } from './topics-about-clusters.ts';
import { topicsAboutLooks } from './topics-about-looks.ts';
import { topicsAboutObjects } from './topics-about-objects.ts';

export interface Topic {
  name: string;
  lines: string[];
}

/** In this order: later topics use what earlier ones made. */
export const topics: Topic[] = [...topicsAboutObjects, ...topicsAboutLooks, ...topicsAboutClusters];
