// Macros of two variables, functions that make lists, named formats, and questions whether there is a field: as Kubernetes 1.35 has them.
import { expect, test } from 'vitest';
import { Budget } from './budget.ts';
import { ExpressionEnvironment } from './environment.ts';
import { celValue } from './values.ts';

const environment = new ExpressionEnvironment({
  self: 'map<string, dyn>',
  typed: { spec: { name: 'string', tags: 'list<string>' } } as never,
});
const self = celValue({ list: ['a', 'b', 'c'], map: { x: 1, y: 2 }, nested: { 'a.b': { c: 1 } }, objects: [{ n: 3 }, { n: 1 }, { n: 2 }] });
const evaluate = (source: string) => environment.compile(source).evaluate({ self }, new Budget());

test.each<[string, unknown]>([
  ['[1, 2, 3].all(i, v, i < v)', true],
  ['[1, 2, 3].exists(i, v, i == v)', false],
  ['[0, 5, 2].exists(i, v, i == v)', true],
  ['[0, 5, 2].existsOne(i, v, i == v)', false],
  ['[0, 5, 4].existsOne(i, v, i == v)', true],
  ['[0, 5, 4].exists_one(i, v, i == v)', true],
  ['[0, 5, 4].existsOne(v, v == 5)', true],
  ['self.map.all(k, v, v > 0 && k != "z")', true],
  ['self.map.exists(k, v, k == "y" && v == 2)', true],
  // What decides hides what cannot be evaluated.
  ['[0, 1].exists(i, v, 1 / v == 1)', true],
  ['[0, 1].all(i, v, 1 / v == 0)', false],
  ['self.list.transformList(i, v, v + string(i)).join(",")', 'a0,b1,c2'],
  ['self.list.transformList(i, v, i > 0, v).join(",")', 'b,c'],
  ['self.map.transformList(k, v, k + string(v)).join(",")', 'x1,y2'],
  ['self.map.transformMap(k, v, v + 1) == {"x": 2, "y": 3}', true],
  ['self.map.transformMap(k, v, k == "y", v + 1) == {"y": 3}', true],
  ['self.list.transformMap(i, v, v)[2]', 'c'],
  ['self.list.transformMapEntry(i, v, {v: i}) == {"a": 0, "b": 1, "c": 2}', true],
  ['self.list.transformMapEntry(i, v, i > 1, {v: i}) == {"c": 2}', true],
  ['[1, 2].all(i, v, [3, 4].all(j, w, i == j || v != w))', true],
  ['[1, 2, 3, 4].slice(1, 3) == [2, 3]', true],
  ['[[1], [2, 3]].flatten() == [1, 2, 3] && [[[1]], [[2]]].flatten() == [[1], [2]]', true],
  ['[[[1]], [[2]]].flatten(2) == [1, 2] && [[1]].flatten(0) == [[1]]', true],
  ['lists.range(3) == [0, 1, 2] && lists.range(0) == []', true],
  ['[1, 2, 2, 1].distinct() == [1, 2] && [[1], [1]].distinct().size() == 1', true],
  ['[1, 2, 3].reverse() == [3, 2, 1]', true],
  // What the type of the items is not known for is compared once it is there.
  ['self.objects.map(o, o.n).sort()[0] > 0 && self.list.reverse()[0] + "d" == "cd" && self.list.first().value() < "b"', true],
  ['["b", "a"].sort() == ["a", "b"] && [2, 1].sort() == [1, 2]', true],
  ['self.objects.sortBy(o, o.n).map(o, o.n) == [1, 2, 3]', true],
  ['[duration("2s"), duration("1s")].sort()[0] == duration("1s")', true],
  ['[1, 2].first().value() == 1 && [1, 2].last().value() == 2 && ![].first().hasValue()', true],
  ['[optional.of(1), optional.none()].unwrapOpt() == [1] && optional.unwrap([optional.of(2)]) == [2]', true],
  ['has(self.nested["a.b"].c) && !has(self.nested["a.b"].d)', true],
  ['has(self.objects[0].n) && !has(self.objects[1].m)', true],
  ['has({"a": 1}.a)', true],
  ['format.dns1123Label().validate("my-name").hasValue()', false],
  ['format.dns1123Label().validate("My_name").value()[0].startsWith("a lowercase RFC 1123 label must consist of")', true],
  ['format.named("dns1123Subdomain").value().validate("a.b").hasValue() || format.named("none").hasValue()', false],
  ['format.dns1123LabelPrefix().validate("my-").hasValue()', false],
  ['format.dns1035Label().validate("1a").hasValue() && format.qualifiedName().validate("a/b/c").hasValue()', true],
  ['format.labelValue().validate("-").hasValue()', true],
  ['format.uuid().validate("x").value()', ['does not match the UUID format']],
  ['format.byte().validate("?").value()', ['invalid base64']],
  ['format.date().validate("2026-02-30").value()', ['invalid date']],
  ['format.datetime().validate("2026-02-03T04:05:06Z").hasValue()', false],
  ['format.uri().validate("http://example.com").hasValue()', false],
])('%s', (source, expected) => {
  expect(evaluate(source)).toEqual(expected);
});

test.each<[string, string]>([
  ['["a", "a"].transformMapEntry(i, v, {v: i})', 'insert failed: key a already exists'],
  ['[1, 2].existsOne(i, v, 1 / i == 1)', 'division by zero'],
  ['[1, 2].slice(1, 3)', 'cannot slice(1, 3), list is length 2'],
  ['[1, 2].slice(2, 1)', 'cannot slice(2, 1), start index must be less than or equal to end index'],
  ['[1].flatten(-1)', 'level must be non-negative'],
  ['[[1]].sort()', 'list elements must be comparable'],
  ['self.mixed.absent.all(i, v, true)', 'No such key'],
  ['has(self.absent["x"].y)', 'No such key: absent'],
])('%s fails: %s', (source, message) => {
  expect(() => evaluate(source)).toThrow(message);
});

test.each<[string, string]>([
  ['[1].all(i, i, true)', 'duplicate variable name: i'],
  ['[1].all(1, v, true)', 'argument must be a simple name'],
  ['[1].all(i, v, i)', "expected type 'bool'"],
  ['"text".all(i, v, true)', 'cannot be range of a comprehension'],
  ['has(typed.spec.nome)', 'nome'],
])('%s is refused when it is compiled', (source, message) => {
  expect(() => environment.compile(source)).toThrow(message);
});

test.each([
  'lists.range(100000000000)',
  'lists.range(1000).all(i, v, lists.range(1000).all(j, w, i + j >= 0))',
  'lists.range(3000).distinct().size() > 0',
])('%s takes more than it may, and is ended', (source) => {
  const budget = new Budget();
  expect(() => environment.compile(source).evaluate({ self }, budget)).toThrow('takes too much');
});
