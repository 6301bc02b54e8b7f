// The dashboards and rules in deploy/ find their data in what is kept: each expression is evaluated over samples of a real cluster, with a
// node, a Deployment, StatefulSet, DaemonSet, autoscaler, quota, volume, failed Job and a pod that ends again and again.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Expression, fitsAll, type Matcher, parse, parseSelector } from '@berth/promql';
import { describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { found, recorded } from './fixtures/recorded-cluster.ts';

const deploy = join(import.meta.dirname, '../../../deploy');
const text = (path: string) => readFileSync(path, 'utf8');

interface Dashboard {
  uid: string;
  title: string;
  templating: { list: { name: string; definition?: string }[] };
  panels: { id: number; type: string; title: string; targets?: { expr: string }[] }[];
}

const dashboards = readdirSync(join(deploy, 'grafana')).map((name) => JSON.parse(text(join(deploy, 'grafana', name))) as Dashboard);

/** As Grafana puts it in when all are chosen. */
function filledIn(expression: string): string {
  return expression.replaceAll('$__rate_interval', '2m').replace(/\$\w+/g, '.*');
}

const panels = dashboards.flatMap(({ title, panels: all }) =>
  all.flatMap((panel) => (panel.targets ?? []).map(({ expr }) => [`${title}: ${panel.title}`, expr] as const)),
);

describe('dashboards', () => {
  it.each(panels)('%s: %s', async (_where, expression) => {
    expect(await found(parse(filledIn(expression)))).toBeGreaterThan(0);
  });

  it('know the values of their variables, and no other variables', () => {
    for (const { templating, panels: all, uid } of dashboards) {
      const names = templating.list.map(({ name }) => name);
      for (const { definition } of templating.list) {
        const [, selector = '', label = ''] = /^label_values\((.*), (\w+)\)$/.exec(definition ?? 'label_values(up, job)') ?? [];
        const matchers = parseSelector(filledIn(selector));
        expect(recorded.some(({ labels }) => fitsAll(matchers, labels) && labels[label])).toBe(true);
      }
      const used = all.flatMap(({ targets = [] }) => targets.flatMap(({ expr }) => expr.match(/(?<=\$)\w+/g) ?? []));
      expect(
        [...new Set(used)].filter((name) => !names.includes(name) && name !== '__rate_interval'),
        uid,
      ).toEqual([]);
    }
  });

  it('have names and panels of their own', () => {
    expect(new Set(dashboards.map(({ uid }) => uid)).size).toBe(dashboards.length);
    for (const { panels: all } of dashboards) expect(new Set(all.map(({ id }) => id)).size).toBe(all.length);
  });
});

interface Rule {
  record?: string;
  alert?: string;
  expr: string;
  annotations?: Record<string, string>;
}

const rules = readdirSync(join(deploy, 'rules'))
  .flatMap((name) => (parseYaml(text(join(deploy, 'rules', name))) as { groups: { rules: Rule[] }[] }).groups)
  .flatMap((group) => group.rules);
const named = (key: 'record' | 'alert') => rules.flatMap((rule) => (rule[key] === undefined ? [] : [[rule[key], rule.expr] as const]));

describe('recording rules', () => {
  it.each(named('record'))('%s: %s', async (_name, expression) => {
    expect(await found(parse(expression))).toBeGreaterThan(0);
  });
});

describe('alerts', () => {
  // An alert that says nothing is as it should be: what it looks at must be there, with the labels that it asks for.
  it.each(named('alert'))('%s: %s', async (_name, expression) => {
    const parsed = parse(expression);
    await found(parsed);
    for (const matchers of selectorsOf(parsed)) {
      const series = recorded.filter(({ labels }) => labels.__name__ === nameOf(matchers));
      for (const { label } of matchers)
        expect(
          series.some(({ labels }) => labels[label] !== undefined),
          `${nameOf(matchers)}: ${label}`,
        ).toBe(true);
    }
  });

  it.each([['KubePodCrashLooping'], ['KubeJobFailed']])('%s is raised where it should be', async (name) => {
    const [rule] = rules.filter(({ alert }) => alert === name);
    expect(await found(parse(rule?.expr ?? ''))).toBe(1);
  });

  it('say what is wrong and with what', () => {
    for (const { alert, annotations } of rules) {
      if (alert === undefined) continue;
      expect(Object.keys(annotations ?? {}), alert).toEqual(['summary', 'description']);
    }
  });
});

function nameOf(matchers: readonly Matcher[]): string | undefined {
  return matchers.find(({ label }) => label === '__name__')?.value;
}

function selectorsOf(expression: Expression): Matcher[][] {
  switch (expression.kind) {
    case 'selector':
      return [expression.matchers];
    case 'range':
      return [expression.selector.matchers];
    case 'number':
    case 'string':
      return [];
    case 'call':
      return expression.args.flatMap(selectorsOf);
    case 'binary':
      return [...selectorsOf(expression.left), ...selectorsOf(expression.right)];
    case 'aggregation':
      return [...(expression.parameter ? selectorsOf(expression.parameter) : []), ...selectorsOf(expression.expression)];
    default:
      return selectorsOf(expression.expression);
  }
}
