import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareBytes, concatBytes, equalBytes, toHex } from '../../src/base/bytes.ts';
import { isValidSignature } from '../../src/crypto/signature.ts';
import { keyring } from '../../src/keyring/node.ts';
import { decodeHello, encodeHello, type HelloBody, sealHello, signedHello } from '../../src/wire/hello.ts';
import { AGREEMENT_BYTES_MAX, PLAYERS_MAX, PLAYERS_MIN } from '../../src/wire/limits.ts';
import { anyBytes, damaged, filled } from '../standard/messages.ts';

const keys = Array.from({ length: PLAYERS_MAX + 1 }, (_, i) => filled(i + 1));

function bodyOf(players: number, agreementBytes = 3): HelloBody {
  return {
    publicKey: keys[0] as Uint8Array,
    nonce: filled(0xaa, 16),
    agreement: filled(6, agreementBytes),
    roster: keys.slice(0, players),
    nonces: keys.slice(0, players).map((_, i) => filled(0xa0 + i, 16)),
  };
}

const signature = filled(0xee, 64);

const anyHello: fc.Arbitrary<HelloBody> = fc
  .record({
    publicKey: anyBytes(32),
    nonce: anyBytes(16),
    agreement: anyBytes(0, AGREEMENT_BYTES_MAX),
    roster: fc.uniqueArray(anyBytes(32), { minLength: PLAYERS_MIN, maxLength: PLAYERS_MAX, selector: toHex }),
  })
  .chain((body) =>
    fc
      .array(anyBytes(16), { minLength: body.roster.length, maxLength: body.roster.length })
      .map((nonces) => ({
        ...body,
        roster: body.roster.sort(compareBytes),
        nonces,
      })),
  );

describe('encodeHello', () => {
  it('writes version, type, key, nonce, agreement, roster and nonces', () => {
    const hex =
      `0101${'01'.repeat(32)}${'aa'.repeat(16)}0003060606` +
      `02${'01'.repeat(32)}${'02'.repeat(32)}${'a0'.repeat(16)}${'a1'.repeat(16)}`;
    expect(toHex(encodeHello(bodyOf(2)))).toBe(hex);
    expect(toHex(signedHello(bodyOf(2), signature).bytes)).toBe(hex + 'ee'.repeat(64));
  });

  it('is read back', () => {
    fc.assert(
      fc.property(anyHello, (body) => {
        const hello = signedHello(body, signature);
        expect(decodeHello(hello.bytes)).toEqual({ ok: true, value: hello });
      }),
    );
  });
});

describe('decodeHello', () => {
  it('refuses any bytes, or reads what encodes to the same bytes', () => {
    const good = anyHello.map((body) => signedHello(body, signature).bytes);
    fc.assert(
      fc.property(damaged(good), (bytes) => {
        const decoded = decodeHello(bytes);
        if (!decoded.ok) return decoded.refused === 'malformed';
        const { signature: signed, ...body } = decoded.value;
        // Version and type are checked before.
        return equalBytes(signedHello(body, signed).bytes.subarray(2), bytes.subarray(2));
      }),
      { numRuns: 5000 },
    );
  });

  it('refuses every truncation and any byte too many', () => {
    for (const players of [2, 16]) {
      const { bytes } = signedHello(bodyOf(players, 315), signature);
      for (let length = 0; length < bytes.length; length++) {
        expect(decodeHello(bytes.subarray(0, length))).toEqual({ ok: false, refused: 'malformed' });
      }
      for (const byte of [0, 1, 0xff])
        expect(decodeHello(concatBytes(bytes, Uint8Array.of(byte))).ok).toBe(false);
    }
  });

  it('takes 2 to 16 players, and agreements of 0 to 315 bytes', () => {
    for (const players of [0, 1, 2, 16, 17]) {
      const { bytes } = signedHello(bodyOf(players), signature);
      expect(decodeHello(bytes).ok).toBe(players >= 2 && players <= 16);
    }
    for (const length of [0, 1, 315, 316, 0xffff]) {
      const { bytes } = signedHello(bodyOf(2, length), signature);
      expect(decodeHello(bytes).ok).toBe(length <= 315);
    }
  });

  it('takes a roster in strictly ascending order only', () => {
    const [a, b, c] = keys as [Uint8Array, Uint8Array, Uint8Array];
    const read = (...roster: Uint8Array[]): boolean => {
      const body = { ...bodyOf(3), roster, nonces: roster.map(() => filled(0, 16)) };
      return decodeHello(signedHello(body, signature).bytes).ok;
    };
    expect(read(a, b, c)).toBe(true);
    for (const wrong of [
      [b, a, c],
      [a, c, b],
      [a, a, b],
      [a, b, b],
      [c, b, a],
    ])
      expect(read(...wrong)).toBe(false);
    const next = a.slice();
    next[31] = (a[31] as number) + 1;
    expect(read(a, next, b)).toBe(true);
    expect(read(next, a, b)).toBe(false);
  });
});

describe('the signature of a hello', () => {
  const secretKey = filled(9);
  const body = { ...bodyOf(3), publicKey: keyring.publicKey(secretKey) };
  const { message } = sealHello(signedHello(body, signature));
  const hello = signedHello(body, keyring.sign(secretKey, message));

  it('is over the domain and all bytes before it', () => {
    expect(toHex(message)).toBe(
      `0e${toHex(new TextEncoder().encode('fairstep/hello'))}${toHex(encodeHello(body))}`,
    );
    const sealed = sealHello(hello);
    expect(isValidSignature(sealed.publicKey, sealed.message, sealed.signature)).toBe(true);
  });

  it('does not hold after a change of any byte that still reads', () => {
    let read = 0;
    for (let at = 0; at < hello.bytes.length; at++) {
      const changed = hello.bytes.slice();
      changed[at] = (changed[at] as number) ^ (1 << (at & 7));
      const decoded = decodeHello(changed);
      if (!decoded.ok) continue;
      read++;
      const sealed = sealHello(decoded.value);
      expect(keyring.verify(sealed.publicKey, sealed.message, sealed.signature)).toBe(false);
    }
    expect(read).toBeGreaterThan(200);
  });
});
