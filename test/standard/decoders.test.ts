/** What the library reads and what the checker reads are the same bytes, however they were damaged. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, equalBytes, fromHex } from '../../src/base/bytes.ts';
import { datagramType, decodeBundle, encodeBundle } from '../../src/wire/envelope.ts';
import { DATAGRAM_BYTES_MAX, SESSION_BYTES } from '../../src/wire/limits.ts';
import { decodePacket, encodePacket } from '../../src/wire/packet.ts';
import { decodeRounds, encodeRounds } from '../../src/wire/rounds.ts';
import vectors from '../vectors/packets.json' with { type: 'json' };
import { deviationOf, readPacket } from './checker.ts';
import { readBundle, readRounds } from './checker-datagram.ts';
import { anyPacket, anyRounds, damaged, filled } from './messages.ts';

const session = fromHex(vectors.session) as Uint8Array;

/** The bytes that the library makes of what it reads, or null if it refuses. */
const encodings: Readonly<Record<string, (bytes: Uint8Array) => Uint8Array | null>> = {
  packet: (bytes) => {
    const read = decodePacket(bytes);
    return read.ok ? encodePacket(read.value.sender, read.value.entries, read.value.signature) : null;
  },
  bundle: (bytes) => {
    const read = datagramType(bytes).ok ? decodeBundle(session, bytes) : null;
    return read?.ok ? encodeBundle(session, read.value) : null;
  },
  rounds: (bytes) => {
    const read = datagramType(bytes).ok ? decodeRounds(session, bytes) : null;
    return read?.ok ? encodeRounds(session, read.value) : null;
  },
};

const readings: Readonly<Record<string, (bytes: Uint8Array) => unknown>> = {
  packet: (bytes) => readPacket(bytes),
  bundle: (bytes) => readBundle(session, bytes),
  rounds: (bytes) => readRounds(session, bytes),
};

/** Whether library and checker take these bytes: both or none, and the library to the same bytes. */
function taken(as: string, bytes: Uint8Array): boolean {
  const encoded = encodings[as]?.(bytes) ?? null;
  const deviation = deviationOf(() => readings[as]?.(bytes));
  if ((encoded === null) !== (deviation !== null)) throw new Error(`${as}: the checker says ${deviation}`);
  if (encoded !== null && !equalBytes(encoded, bytes)) throw new Error(`${as}: written in another way`);
  return encoded !== null;
}

const samples = [
  ...vectors.packets.map(({ name, bytes }) => ['packet', name, bytes] as const),
  ...vectors.bundles.map(({ name, bytes }) => ['bundle', name, bytes] as const),
  ...vectors.rounds.map(({ name, bytes }) => ['rounds', name, bytes] as const),
];

describe.each(samples)('%s: %s', (as, _, hex) => {
  const sample = fromHex(hex) as Uint8Array;

  it('is refused, or is other bytes for something else, with any bit changed', () => {
    expect(taken(as, sample)).toBe(true);
    const changed = sample.slice();
    for (let bit = 0; bit < 8 * sample.length; bit++) {
      const at = bit >> 3;
      changed[at] = (changed[at] as number) ^ (1 << (bit & 7));
      taken(as, changed);
      changed[at] = sample[at] as number;
    }
  });

  it('is refused, or is a shorter one, with any bytes cut off; and with any byte more', () => {
    for (let length = 0; length < sample.length; length++) {
      const whole = taken(as, sample.subarray(0, length));
      if (as === 'packet') expect(whole).toBe(false);
    }
    for (let byte = 0; byte < 256; byte++) {
      expect(taken(as, concatBytes(sample, Uint8Array.of(byte)))).toBe(false);
    }
  });
});

describe('library and checker', () => {
  it('take the same packets and datagrams, whatever is done to them', () => {
    expect(session).toHaveLength(SESSION_BYTES);
    const good = fc.oneof(
      anyPacket.map(({ bytes }) => ['packet', bytes] as const),
      anyRounds.map((rounds) => ['rounds', encodeRounds(session, rounds)] as const),
    );
    let refused = 0;
    fc.assert(
      fc.property(
        good.chain(([as, bytes]) => fc.tuple(fc.constant(as), damaged(fc.constant(bytes)))),
        ([as, bytes]) => {
          if (!taken(as, bytes)) refused++;
        },
      ),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(500);
    expect(refused).toBeLessThan(2950);
    expect(taken('rounds', concatBytes(Uint8Array.of(1, 3), filled(0, DATAGRAM_BYTES_MAX)))).toBe(false);
  });
});
