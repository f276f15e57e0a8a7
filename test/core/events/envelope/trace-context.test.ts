/** A delivery goes on with the event's trace, in a span of its own (W3C Trace Context). */
import { expect, it } from 'vitest';
import { deliveryTraceparent } from '../../../../core/events/envelope/trace-context.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const random = (length: number): Uint8Array => new Uint8Array(length).fill(0xab);

it.each(['00', '01'])('keeps trace and flags %s, and names a new span', (flags) => {
  const metadata = { traceparent: `00-${TRACE}-00f067aa0ba902b7-${flags}` };
  expect(deliveryTraceparent({ metadata }, random)).toBe(`00-${TRACE}-abababababababab-${flags}`);
});

it.each([{}, { metadata: {} }, { metadata: { traceparent: 7 } }, { metadata: { traceparent: 'none' } }])(
  'begins no trace where there is none: %j',
  (event) => {
    expect(deliveryTraceparent(event, random)).toBeUndefined();
  },
);
