// docs/troubleshooting.md, written from the troubles that the test makes: what stands there was seen on a real cluster.
import type { Trouble } from './trouble.ts';
import { troubles } from './troubles.ts';

const intro = `# Troubles, and what mends them

What the dashboard's first page says of each, and what mends it: as a button beside it where there is one, and for a shell. One cause is one card; what
follows from it (a Deployment that lacks the pods which crash, a Service without endpoints) stands on the same card. \`berth doctor\` lists the same causes
at a terminal, and \`berth why KIND/NAME\` says why one object is not well, with the chain down to it.

\`…\` stands for names and numbers of the cluster. Commands are for the namespace of the trouble (\`-n\`). This table is written from
test/e2e/dashboard/troubles, which makes each of them on a real cluster, in a browser: \`BERTH_TROUBLES=all BERTH_E2E_CLUSTERS=1 npm test -- e2e\`.

`;

export function troubleshootingPage(): string {
  const rows = troubles.map((trouble) => `| ${cells(trouble).map(escaped).join(' | ')} |`);
  return [`${intro}| Trouble | What the first page says | What mends it | Command |`, '| --- | --- | --- | --- |', ...rows, ''].join('\n');
}

function cells({ trouble, card, button, mends, command }: Trouble): string[] {
  const says = `**${card.reason}** ${card.kind}: ${card.says}`;
  return [trouble, says, button ? `${mends}: button *${button.label}*` : mends, `\`${command}\``];
}

function escaped(text: string): string {
  return text.replaceAll('|', '\\|');
}
