import { readFileSync } from 'node:fs';
import { expect, it } from '@jest/globals';

it('the board adds up no number that is not known', () => {
  const { panels } = JSON.parse(readFileSync('ops/grafana/kafka-ferry.json', 'utf8')) as {
    panels: { title: string; targets?: { expr: string }[] }[];
  };
  const sums = panels.flatMap(({ title, targets = [] }) =>
    targets.flatMap(({ expr }) => (/^sum\b.*\(max by /.test(expr) ? [{ title, expr }] : [])),
  );
  expect(sums.length).toBeGreaterThan(5);
  expect(sums.filter(({ expr }) => !expr.endsWith(') >= 0)'))).toEqual([]);
});
