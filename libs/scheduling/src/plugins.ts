// The plugins, in the order in which they are asked: the first that refuses a node names the reason.
import type { LocalPlugin, TallyPlugin } from './plugin.ts';
import { resourcesFit } from './plugins/resources-fit.ts';

export const localPlugins: LocalPlugin[] = [resourcesFit];

export const tallyPlugins: TallyPlugin[] = [];
