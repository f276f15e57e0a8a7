import { describe, expect, it } from 'vitest';
import { negotiate } from '../../api/negotiate.ts';

const OFFERED = ['application/json', 'text/plain'] as const;

describe('the media type of an answer', () => {
  it.each<[string | undefined, string]>([
    [undefined, 'application/json'],
    ['', 'application/json'],
    ['*/*', 'application/json'],
    ['text/plain', 'text/plain'],
    ['TEXT/Plain', 'text/plain'],
    ['text/*', 'text/plain'],
    ['text/plain, application/json', 'application/json'],
    ['text/plain, application/json;q=0.9', 'text/plain'],
    ['application/json;q=0, */*', 'text/plain'],
    ['text/plain;q=0.2, */*;q=0.1', 'text/plain'],
    ['text/plain;version=1.0.0;q=0.5, application/json;q=0.3', 'text/plain'],
    ['application/xml', 'application/json'],
    ['text/plain;q=0', 'application/json'],
    ['text/plain;q=7', 'text/plain'],
    [';;,,;q=', 'application/json'],
  ])('for Accept: %s is %s', (accept, expected) => {
    expect(negotiate(accept, OFFERED)).toBe(expected);
  });
});
