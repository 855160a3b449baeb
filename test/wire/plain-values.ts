/** Arbitrary plain data, and plain data as a value in memory of any accepted shape. */

import fc from 'fast-check';
import type { Plain } from '../../src/wire/plain.ts';

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.string({ unit: 'grapheme', maxLength: 6 }),
  fc.string({ maxLength: 40 }),
);

const integer = fc.oneof(fc.maxSafeInteger(), fc.integer(), fc.integer({ min: -70, max: 70 }));

/** Plain data as a decoder gives it back: no -0, the usual prototypes. */
export const plainData: fc.Arbitrary<Plain> = fc.letrec<{ value: Plain }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.constant(null),
    fc.boolean(),
    integer,
    text,
    fc.uint8Array({ maxLength: 20 }).map((bytes) => new Uint8Array(bytes)),
    fc.array(tie('value'), { maxLength: 6 }),
    fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      tie('value'),
      { maxKeys: 6, noNullPrototype: true },
    ),
  ),
})).value;
