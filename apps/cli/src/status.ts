// `berth status`: what of Berth is on this machine, whether it answers, which versions there are, and when certificates end.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Node } from '@berth/api';
import { HttpClient, readKubeconfig } from '@berth/client';
import { type CertificateEnd, nodeCertificates, servedCertificate, storedCertificates } from './certificates.ts';
import { agentDirectory, agentFile, metricsAddress, serverDirectory, serverFile, statedOptions } from './installation.ts';
import { releaseFacts } from './release.ts';

const timeoutMs = 5_000;
const dayMs = 86_400_000;
const gatewayPort = 6444;

export interface StatusReport {
  lines: string[];
  /** Whether all that is here answers. */
  isWell: boolean;
}

interface Finding {
  what: string;
  says: string;
  isWell: boolean;
}

export async function statusReport(nowMs: number): Promise<StatusReport> {
  const { version, commit } = releaseFacts();
  const server = statedOptions([], serverFile);
  const agent = statedOptions([], agentFile);
  const directories = { server: server.value('data-dir') ?? serverDirectory, agent: agent.value('data-dir') ?? agentDirectory };
  const findings: Finding[] = [];
  const ends: CertificateEnd[] = [];
  if (existsSync(directories.server)) {
    findings.push(...(await serverFindings(directories.server)));
    ends.push(...storedCertificates(directories.server), ...(await servedBy(directories.server, server.value('gateway-address'))));
  }
  if (existsSync(directories.agent)) {
    findings.push(await agentFinding(agent.value('metrics-address') ?? metricsAddress));
    ends.push(...nodeCertificates(directories.agent), ...(await servedTo(directories.agent, agent.value('server'))));
  }
  if (findings.length === 0) findings.push({ what: 'nothing', says: 'neither a server nor an agent has run here', isWell: false });
  const certificates = ends.map((end) => certificateFinding(end, nowMs));
  const all = [...findings, ...certificates];
  return { lines: [`berth ${version} (commit ${commit})`, ...table(all)], isWell: all.every(({ isWell }) => isWell) };
}

async function serverFindings(dataDirectory: string): Promise<Finding[]> {
  const what = 'control plane';
  const kubeconfig = join(dataDirectory, 'admin.kubeconfig');
  if (!existsSync(kubeconfig)) return [{ what, says: `has not served yet: there is no ${kubeconfig}`, isWell: false }];
  const connection = await readKubeconfig(kubeconfig);
  const client = new HttpClient(connection);
  try {
    await client.text('/readyz', AbortSignal.timeout(timeoutMs));
    const { gitVersion } = JSON.parse(await client.text('/version', AbortSignal.timeout(timeoutMs))) as { gitVersion: string };
    const { items } = await client.list(Node);
    return [{ what, says: `${connection.server} is ready, ${gitVersion}`, isWell: true }, ...items.map(nodeFinding)];
  } catch (error) {
    return [{ what, says: `${connection.server} does not answer as it should: ${(error as Error).message}`, isWell: false }];
  } finally {
    client.close();
  }
}

function nodeFinding({ metadata, status }: Node): Finding {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const isWell = ready?.status === 'True';
  const address = status?.addresses?.find(({ type }) => type === 'InternalIP')?.address ?? '';
  const versions = `${status?.nodeInfo?.kubeletVersion}, ${status?.nodeInfo?.containerRuntimeVersion}`;
  return {
    what: `node ${metadata.name}`,
    says: `${address} ${isWell ? 'is ready' : `is not ready: ${ready?.message ?? 'unknown'}`}, ${versions}`,
    isWell,
  };
}

async function agentFinding(address: string): Promise<Finding> {
  const what = 'agent';
  try {
    const response = await fetch(`http://${address}/healthz`, { signal: AbortSignal.timeout(timeoutMs) });
    const text = response.ok ? '' : await response.text();
    return { what, says: response.ok ? `${address} runs, and so does its containerd` : `${address}: ${text}`, isWell: response.ok };
  } catch (error) {
    const { message, cause } = error as Error;
    return { what, says: `${address} does not answer: ${cause instanceof Error ? cause.message : message}`, isWell: false };
  }
}

/** A server's own two listeners, as seen from itself. */
export async function servedBy(dataDirectory: string, gateway: string | undefined): Promise<CertificateEnd[]> {
  const kubeconfig = join(dataDirectory, 'admin.kubeconfig');
  if (!existsSync(kubeconfig)) return [];
  const { server, certificateAuthority = '' } = await readKubeconfig(kubeconfig);
  const api = new URL(server);
  const [host = '', port = String(gatewayPort)] = (gateway ?? `127.0.0.1:${gatewayPort}`).replace(/^0\.0\.0\.0:/, '127.0.0.1:').split(':');
  return Promise.all([
    servedCertificate('API', { host: api.hostname, port: Number(api.port) }, certificateAuthority),
    servedCertificate('gateway for agents', { host, port: Number(port) }, certificateAuthority),
  ]);
}

/** Of another machine's server, what an agent needs of it. */
async function servedTo(dataDirectory: string, server: string | undefined): Promise<CertificateEnd[]> {
  const authority = join(dataDirectory, 'identity', 'ca.crt');
  if (server === undefined || !URL.canParse(server) || !existsSync(authority)) return [];
  const { hostname, port } = new URL(server);
  const address = { host: hostname, port: port === '' ? gatewayPort : Number(port) };
  return [await servedCertificate(`gateway at ${hostname}`, address, readFileSync(authority, 'utf8'))];
}

/** Pure. */
export function certificateFinding({ whose, endsAtMs, problem }: CertificateEnd, nowMs: number): Finding {
  const what = `certificate: ${whose}`;
  if (endsAtMs === undefined) return { what, says: problem ?? 'unknown', isWell: false };
  const days = Math.floor((endsAtMs - nowMs) / dayMs);
  const end = new Date(endsAtMs).toISOString().slice(0, 10);
  if (endsAtMs <= nowMs) return { what, says: `ended on ${end}`, isWell: false };
  return { what, says: `until ${end}, for ${days} days`, isWell: true };
}

function table(findings: Finding[]): string[] {
  const width = Math.max(...findings.map(({ what }) => what.length));
  return findings.map(({ what, says, isWell }) => `${isWell ? 'ok  ' : 'FAIL'}  ${what.padEnd(width)}  ${says}`);
}
