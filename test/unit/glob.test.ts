import { expect, it } from '@jest/globals';
import { globbed } from '../../src/migration/glob.js';

it.each([
  ['shop.*', ['shop.', 'shop.orders'], ['shopXorders', 'a.shop.b']],
  ['shop.?', ['shop.a', 'shop.b'], ['shop.', 'shop.ab', 'shopXa']],
  ['?-*', ['a-', 'b-orders'], ['-orders']],
  // One character, of however many units.
  ['s-?', ['s-\u{1f600}'], []],
  ['a+(b)|[c]', ['a+(b)|[c]'], ['aab', 'c']],
] as const)('%s stands for a whole name', (glob, names, others) => {
  const wanted = globbed(glob);
  expect([...names, ...others].filter((name) => wanted.test(name))).toEqual(names);
});
