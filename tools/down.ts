// npm run down: stops the cluster that npm run up started and removes everything it made; state stays, so that the next start
// finds its objects and volumes, unless --remove-state is given.
import { existsSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { Cluster } from './cluster/cluster.ts';
import { layoutOf } from './cluster/layout.ts';
import { requireRoot } from './cluster/require-root.ts';

const usage = `usage: npm run down -- [options]
  --remove-state  delete the cluster's directory as well: certificates, objects, images, volumes' data
  --instance N    which cluster (default 0)
  --help`;

const { values } = parseArgs({
  options: {
    'remove-state': { type: 'boolean', default: false },
    instance: { type: 'string', default: '0' },
    help: { type: 'boolean', default: false },
  },
});
if (values.help) {
  console.log(usage);
  process.exit(0);
}
try {
  requireRoot('npm run down');
  const layout = layoutOf(Number(values.instance));
  if (!existsSync(layout.directory)) {
    console.log('nothing to stop');
    process.exit(0);
  }
  await new Cluster(layout).stop({ removeState: values['remove-state'] }, (message) => console.log(`  ${message}`));
  console.log(values['remove-state'] ? 'Berth is down and its state removed' : `Berth is down; its state stays in ${layout.directory}`);
} catch (error) {
  console.error(`berth: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
