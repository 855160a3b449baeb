import { describe, expect, it } from 'vitest';
import { seatOf } from '../../src/base/ids.ts';
import { SIGNATURE_BYTES } from '../../src/crypto/signature.ts';
import { type Bundle, encodeBundle, type Item, type Standing } from '../../src/wire/envelope.ts';
import { encodeHello, signedHello } from '../../src/wire/hello.ts';
import * as limits from '../../src/wire/limits.ts';
import { encodePacket, entriesOf } from '../../src/wire/packet.ts';
import { filled } from '../standard/messages.ts';

const standing = { epoch: 0, round: 0, commits: 0, opens: 0, removes: 0, causes: 0 } as unknown as Standing;

function bundle(...items: Item[]): Bundle {
  return { standing, items };
}

describe('the limits', () => {
  it('let the largest hello fill a datagram exactly', () => {
    const roster = Array.from({ length: limits.PLAYERS_MAX }, (_, i) => filled(i));
    const body = {
      publicKey: filled(0),
      nonce: filled(0, limits.NONCE_BYTES),
      agreement: filled(0, limits.AGREEMENT_BYTES_MAX),
      roster,
      nonces: roster.map(() => filled(0, limits.NONCE_BYTES)),
    };
    const hello = signedHello(body, filled(0, SIGNATURE_BYTES));
    expect(hello.bytes).toHaveLength(limits.DATAGRAM_BYTES_MAX);
    expect(encodeHello(body)).toHaveLength(limits.DATAGRAM_BYTES_MAX - SIGNATURE_BYTES);
  });

  it('let the largest item fill a datagram exactly', () => {
    const item: Item = { type: 'proof', bytes: filled(1, limits.ITEM_BYTES_MAX) };
    expect(encodeBundle(filled(0), bundle(item))).toHaveLength(limits.DATAGRAM_BYTES_MAX);
    const { BUNDLE_HEADER_BYTES, ITEM_HEADER_BYTES } = limits;
    const one = encodeBundle(filled(0), bundle({ type: 'proof', bytes: filled(1, 1) }));
    expect(encodeBundle(filled(0), bundle())).toHaveLength(BUNDLE_HEADER_BYTES);
    expect(one).toHaveLength(BUNDLE_HEADER_BYTES + ITEM_HEADER_BYTES + 1);
  });

  it('let a COMMIT and an OPEN of the largest input share a datagram', () => {
    const slot = { epoch: limits.EPOCH_MAX, round: limits.ROUND_MAX };
    const salt = filled(0, limits.SALT_BYTES);
    const input = filled(0, limits.INPUT_BYTES_MAX);
    const signature = filled(0, SIGNATURE_BYTES);
    const commit = entriesOf([{ kind: 'commit', ...slot, commitment: filled(0) }]);
    const open = entriesOf([
      { kind: 'set', ...slot, set: filled(0), state: filled(0) },
      { kind: 'reveal', ...slot, input, salt },
    ]);
    const items = [commit, open].map((entries): Item => {
      return { type: 'packet', bytes: encodePacket(seatOf(0), entries, signature) };
    });
    expect(encodeBundle(filled(0), bundle(...items)).length).toBeLessThanOrEqual(limits.DATAGRAM_BYTES_MAX);
  });

  it('let a set of all players fit its two bytes, and a session tag its session', () => {
    expect(limits.PLAYERS_MAX).toBeLessThanOrEqual(16);
    expect(limits.SESSION_TAG_BYTES).toBeLessThanOrEqual(limits.SESSION_BYTES);
    const all = { ...standing, causes: 2 ** limits.PLAYERS_MAX - 1 } as Standing;
    expect(encodeBundle(filled(0), { standing: all, items: [] })).toHaveLength(limits.BUNDLE_HEADER_BYTES);
  });
});
