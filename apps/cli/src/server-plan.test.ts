// What `berth server` and `berth agent` start, from their command lines and files.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { agentPlan, serverPlan } from './server-plan.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'berth-plan-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function file(name: string, text: string): string {
  const path = join(directory, name);
  writeFileSync(path, text);
  return path;
}

test('a control plane that others reach, and an agent of it', () => {
  const { controlPlane, dataDirectory, agent } = serverPlan(['--log-level', 'debug']);
  expect(controlPlane.join(' ')).toMatch(
    /--data-dir \/var\/lib\/berth\/server --api-address 0.0.0.0:6443 --gateway-address 0.0.0.0:6444 --log-level debug$/,
  );
  expect(dataDirectory).toBe('/var/lib/berth/server');
  expect(agent?.args.join(' ')).toMatch(/--data-dir \/var\/lib\/berth\/agent --log-directory \/var\/log --gateway 127.0.0.1:6444$/);
});

test('what the command line or the file says is not said again', () => {
  const config = file('server.yaml', 'data-dir: /data\ngateway-address: 192.0.2.1:7444\n');
  const agentConfig = file('agent.yaml', 'data-dir: /node\n');
  const plan = serverPlan(['--config', config, '--api-address=192.0.2.1:7443', '--agent-config', agentConfig]);
  expect(plan.controlPlane).toEqual(['--config', config, '--api-address=192.0.2.1:7443']);
  expect(plan.dataDirectory).toBe('/data');
  expect(plan.agent).toEqual({
    args: ['--log-directory', '/var/log', '--gateway', '192.0.2.1:7444', '--config', agentConfig],
    dataDirectory: '/node',
  });
});

test.each([['--disable-agent'], ['--config=FILE']])('no agent with %s', (option) => {
  const config = file('server.yaml', 'disable-agent: true\n');
  expect(serverPlan([option.replace('FILE', config)]).agent).toBeUndefined();
});

test('an agent whose file names a server goes there', () => {
  const config = file('agent.yaml', 'server: https://192.0.2.7\n');
  expect(agentPlan(config, '0.0.0.0:6444').args).not.toContain('--gateway');
});
