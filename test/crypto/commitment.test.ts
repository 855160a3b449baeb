import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { concatBytes, toHex } from '../../src/base/bytes.ts';
import { seatOf } from '../../src/base/ids.ts';
import { commit, commitmentSet, opens, type Slot } from '../../src/crypto/commitment.ts';
import { domainPrefix, domains, hash } from '../../src/crypto/hash.ts';
import { anyBytes, filled } from '../standard/messages.ts';

const slot: Slot = { session: filled(0x5e), epoch: 0x0102, round: 0x03040506, author: seatOf(7) };
const salt = filled(0x5a, 16);
const input = Uint8Array.of(1, 2, 3);

/** SHA-256 of a text and of hexadecimal bytes, by another implementation. */
function sha256(...parts: readonly string[]): string {
  const [text, ...hex] = parts as [string, ...string[]];
  const bytes = hex.map((each) => Buffer.from(each, 'hex'));
  return createHash('sha256').update(text, 'ascii').update(Buffer.concat(bytes)).digest('hex');
}

describe('hash', () => {
  it('is SHA-256 of the length of the tag, the tag and the chunks', () => {
    expect(toHex(hash('part', Uint8Array.of(1), Uint8Array.of(2, 3)))).toBe(
      sha256('\x0dfairstep/part', '010203'),
    );
    expect(toHex(hash('seed'))).toBe(sha256('\x0dfairstep/seed'));
  });

  it('has tags that differ, are ASCII, and never begin one another with their lengths', () => {
    const prefixes = (Object.keys(domains) as (keyof typeof domains)[]).map((domain) =>
      toHex(domainPrefix(domain)),
    );
    expect(new Set(prefixes).size).toBe(prefixes.length);
    for (const a of prefixes) for (const b of prefixes) expect(a !== b && b.startsWith(a)).toBe(false);
    for (const tag of Object.values(domains)) expect(tag).toMatch(/^fairstep\/[a-z]+$/);
  });
});

describe('commit', () => {
  it('is the tagged hash of session, epoch, round, author, salt with its length, and input', () => {
    const expected = sha256(
      '\x13fairstep/commitment',
      '5e'.repeat(32),
      '0102' + '03040506' + '07' + '10',
      '5a'.repeat(16),
      '010203',
    );
    expect(toHex(commit(slot, salt, input))).toBe(expected);
  });

  it('has 32 bytes for no input, for the largest, and for the last slot there can be', () => {
    const last: Slot = { ...slot, epoch: 0xffff, round: 0xffffffff, author: seatOf(15) };
    const all = [
      commit(slot, salt, new Uint8Array(0)),
      commit(slot, salt, filled(0, 512)),
      commit(last, salt, input),
    ];
    for (const each of all) expect(each).toHaveLength(32);
    expect(new Set(all.map(toHex)).size).toBe(3);
  });

  it('differs for any other slot, salt or input', () => {
    const { author, epoch, round, session } = slot;
    const otherSession = session.slice();
    otherSession[31] = 0;
    const others = [
      commit({ ...slot, session: otherSession }, salt, input),
      commit({ ...slot, epoch: epoch + 1 }, salt, input),
      commit({ ...slot, epoch: epoch ^ 0x0100 }, salt, input),
      ...[1, 0x100, 0x10000, 0x1000000].map((bit) => commit({ ...slot, round: round ^ bit }, salt, input)),
      commit({ ...slot, author: seatOf(author + 1) }, salt, input),
      commit(slot, filled(0x5b, 16), input),
      commit(slot, salt, Uint8Array.of(1, 2)),
      commit(slot, salt, Uint8Array.of(1, 2, 3, 0)),
    ];
    const own = toHex(commit(slot, salt, input));
    const texts = others.map(toHex);
    expect(texts).not.toContain(own);
    expect(new Set(texts).size).toBe(texts.length);
  });

  it('does not depend on where the salt ends and the input begins', () => {
    const bytes = fc.tuple(anyBytes(2, 40), fc.nat(40), fc.nat(40));
    fc.assert(
      fc.property(bytes, ([all, a, b]) => {
        const [i, j] = [a % all.length, b % all.length];
        const at = (place: number): string => toHex(commit(slot, all.slice(0, place), all.slice(place)));
        expect(at(i) === at(j)).toBe(i === j);
      }),
    );
  });
});

describe('opens', () => {
  it('holds for what was committed to, and for no change of it', () => {
    fc.assert(
      fc.property(
        anyBytes(0, 64),
        anyBytes(16),
        fc.nat(79),
        fc.integer({ min: 1, max: 255 }),
        (move, grains, at, mask) => {
          const sealed = commit(slot, grains, move);
          expect(opens(sealed, slot, grains, move)).toBe(true);
          const opening = concatBytes(grains, move);
          opening[at % opening.length] = (opening[at % opening.length] as number) ^ mask;
          expect(opens(sealed, slot, opening.slice(0, 16), opening.slice(16))).toBe(false);
          expect(opens(sealed, { ...slot, round: slot.round + 1 }, grains, move)).toBe(false);
          expect(opens(sealed.slice(0, 31), slot, grains, move)).toBe(false);
        },
      ),
    );
  });
});

describe('commitmentSet', () => {
  const commitments = [filled(1), filled(2), filled(3)];

  it('is the tagged hash of session, epoch, round, count and the commitments', () => {
    const expected = sha256(
      '\x0cfairstep/set',
      '5e'.repeat(32),
      '0102' + '03040506' + '03',
      '01'.repeat(32) + '02'.repeat(32) + '03'.repeat(32),
    );
    expect(toHex(commitmentSet(slot, commitments))).toBe(expected);
  });

  it('differs for another round, epoch, session, order, or any other commitment', () => {
    const [a, b, c] = commitments as [Uint8Array, Uint8Array, Uint8Array];
    const sets = [
      commitmentSet(slot, [a, b, c]),
      commitmentSet({ ...slot, round: 1 }, [a, b, c]),
      commitmentSet({ ...slot, epoch: 1 }, [a, b, c]),
      commitmentSet({ ...slot, session: filled(0) }, [a, b, c]),
      commitmentSet(slot, [b, a, c]),
      commitmentSet(slot, [a, b]),
      commitmentSet(slot, [a, b, c, c]),
      commitmentSet(slot, [a, b, filled(4)]),
      commitmentSet(slot, []),
    ];
    expect(new Set(sets.map(toHex)).size).toBe(sets.length);
  });
});
