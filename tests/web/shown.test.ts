// What messages show of values that files and callers have.
import { describe, expect, it } from '@jest/globals';

import { VitError } from '../../web/errors.js';
import { shown } from '../../web/shown.js';

const cyclic: unknown[] = [];
cyclic.push(cyclic);
let deep: unknown = 0;
for (let i = 0; i < 100_000; i++) deep = [deep];

describe('a value is shown', () => {
  it.each<[string, unknown, string]>([
    ['a number', 1e300, '1e+300'],
    ['nothing', undefined, 'undefined'],
    ['null', null, 'null'],
    ['a string', 'a"b\n', '"a\\"b\\n"'],
    ['a long string', 'a'.repeat(50) + 'b'.repeat(1e6), `"${'a'.repeat(39)}…${'b'.repeat(20)}"`],
    ['a list', [1, 'a', null], '[1,"a",null]'],
    ['a long list', Array(1e6).fill(0), '[0,0,0,0,0,0,…]'],
    ['an object', { a: { b: [1] } }, '{"a":{"b":[…]}}'],
    ['an object of many members', Object.fromEntries([...'abcdefgh'].map((name) => [name, 1])), '…}'],
    ['a list in itself', cyclic, '[[[…]]]'],
    ['what nests deep', deep, '[[[…]]]'],
    ['a bigint', 10n ** 10n, '10000000000n'],
    ['a symbol', Symbol('x'), 'Symbol(x)'],
    ['a function', () => undefined, 'a function'],
    ['a class of its own', new Map(), 'a Map'],
    ['a buffer', new ArrayBuffer(1), 'an ArrayBuffer'],
    ['an object without a prototype', Object.create(null), '{}'],
  ])('%s', (_, value, expected) => {
    const text = shown(value);
    expect(text.endsWith(expected)).toBe(true);
    expect(text.length).toBeLessThan(600);
  });
});

it('a message is bounded, and keeps its beginning and its end', () => {
  const { message } = new VitError('config', `Who ${'x'.repeat(30e6)} do this.`);
  expect(message.length).toBeLessThanOrEqual(1500);
  expect(message).toMatch(/^Who x.*…x* do this\.$/);
});
