// Which versions there are, which known holes they have, and whether parts are too far from each other
// (kubernetes.io/releases/version-skew-policy). Pure.
import type { Node } from '@berth/api';
import { error, notChecked, type Outcome, ok, warning } from './outcome.ts';

/** Minor versions that an agent may be behind the API, and a kubectl away from it. */
const agentMinorsMax = 3;
const kubectlMinorsMax = 1;

export interface VersionsSeen {
  /** `v1.35.0+berth` */
  server: string;
  /** Undefined where there is no kubectl. */
  kubectl: string | undefined;
  nodes: readonly Node[];
}

export function skewOutcomes({ server, kubectl, nodes }: VersionsSeen): Outcome[] {
  const serverMinor = minorOf(server);
  if (serverMinor === undefined) return [notChecked('versions', `the API calls itself ${JSON.stringify(server)}`)];
  return [...agentSkew(server, serverMinor, nodes), kubectlSkew(server, serverMinor, kubectl)];
}

function agentSkew(server: string, serverMinor: number, nodes: readonly Node[]): Outcome[] {
  const check = 'versions: agents';
  const versions = nodes.map(({ metadata, status }) => ({ name: metadata.name, version: status?.nodeInfo?.kubeletVersion ?? '' }));
  const newer = versions.filter(({ version }) => (minorOf(version) ?? 0) > serverMinor);
  const older = versions.filter(({ version }) => serverMinor - (minorOf(version) ?? serverMinor) > agentMinorsMax);
  const named = (some: typeof versions) => some.map(({ name, version }) => `${name} (${version})`).join(', ');
  const outcomes = [
    ...(newer.length > 0 ? [error(check, `newer than the API (${server}): ${named(newer)}`, 'update the control plane first')] : []),
    ...(older.length > 0 ? [error(check, `too old for the API (${server}): ${named(older)}`, 'update Berth on these nodes')] : []),
  ];
  if (outcomes.length > 0 || nodes.length === 0) return outcomes;
  return [ok(check, `${[...new Set(versions.map(({ version }) => version))].join(', ')} with an API of ${server}`)];
}

function kubectlSkew(server: string, serverMinor: number, kubectl: string | undefined): Outcome {
  const check = 'versions: kubectl';
  const minor = kubectl === undefined ? undefined : minorOf(kubectl);
  if (minor === undefined) return notChecked(check, 'there is no kubectl in PATH');
  if (Math.abs(minor - serverMinor) <= kubectlMinorsMax) return ok(check, `${kubectl} with an API of ${server}`);
  return warning(check, `${kubectl} is more than one minor version from the API (${server})`, `use a kubectl of 1.${serverMinor}`);
}

function minorOf(version: string): number | undefined {
  const minor = /^v?1\.(\d+)/.exec(version)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** What agents have found out about their runc. */
export function holeOutcomes(nodes: readonly Node[]): Outcome[] {
  const check = 'versions: known holes';
  const open = nodes.flatMap(({ metadata, status }) => {
    const condition = status?.conditions?.find(({ type, status: state }) => type === 'RuncVulnerable' && state === 'True');
    return condition ? [warning(check, `node ${metadata.name}: ${condition.message ?? condition.reason}`, 'update runc on that node')] : [];
  });
  return open.length > 0 || nodes.length === 0 ? open : [ok(check, 'none of the runc of any node')];
}

const leastTools: Record<string, string> = { nft: '0.9.4', containerd: '1.6.0', runc: '1.1.0' };

/** @param said what a program writes when it is asked for its version; undefined where it is not installed */
export function toolOutcome(tool: string, said: string | undefined): Outcome {
  const check = `versions: ${tool}`;
  if (said === undefined) return error(check, 'it is not installed, and pods need it', `install it (apt install ${packageOf(tool)})`);
  const version = /(\d+)\.(\d+)\.(\d+)/.exec(said)?.[0];
  if (version === undefined) return notChecked(check, `it says ${JSON.stringify(said.slice(0, 80))}`);
  const least = leastTools[tool];
  if (least !== undefined && compare(version, least) < 0)
    return warning(check, `${version} is older than ${least}`, `update ${packageOf(tool)}`);
  return ok(check, version);
}

function packageOf(tool: string): string {
  return tool === 'nft' ? 'nftables' : tool;
}

function compare(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split('.').map(Number));
  const at = left?.findIndex((number, index) => number !== right?.[index]) ?? -1;
  return at < 0 ? 0 : (left?.[at] ?? 0) - (right?.[at] ?? 0);
}
