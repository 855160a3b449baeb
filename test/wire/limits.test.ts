import { describe, expect, it } from 'vitest';
import { seatOf } from '../../src/base/ids.ts';
import { nobody, playersFromBits } from '../../src/base/players.ts';
import { SIGNATURE_BYTES } from '../../src/crypto/signature.ts';
import { encodeEvidence, prove } from '../../src/protocol/evidence.ts';
import { type Bundle, encodeBundle, type Item, type Standing } from '../../src/wire/envelope.ts';
import { encodeHello, signedHello } from '../../src/wire/hello.ts';
import * as limits from '../../src/wire/limits.ts';
import { type Entry, encodePacket, entriesOf, type Packet, signedPacket } from '../../src/wire/packet.ts';
import { encodeRounds, headerBeside, type RoundSets, type Rounds } from '../../src/wire/rounds.ts';
import { type RoundsItem, roundsItemBytes } from '../../src/wire/rounds-item.ts';
import { type Statement, type StatementKind, statements } from '../../src/wire/statement.ts';
import { filled, kinds } from '../standard/messages.ts';

const standing = { epoch: 0, round: 0, commits: 0, opens: 0, removes: 0, causes: 0 } as unknown as Standing;

const session = filled(0x5e);

/** As many rounds as a header may list, each as unlike the one before as can be. */
const restless: readonly RoundSets[] = Array.from({ length: limits.HEADER_ROUNDS_MAX }, (_, i) => {
  const set = playersFromBits(i % 2 === 0 ? 0xffff : 0x5555);
  return { commits: set, votes: set, opens: set, decided: set, opened: set };
});

function rounds(listed: readonly RoundSets[], ...items: RoundsItem[]): Rounds {
  return { header: { stamp: { sentAt: 1, echo: 2, held: 3 }, final: 4, rounds: listed }, items };
}

function signed(entries: readonly Entry[]): Packet {
  return signedPacket(seatOf(0), entries, filled(0, SIGNATURE_BYTES));
}

/** Bytes of the statement keys of a kind. */
function keyBytes(kind: StatementKind): number {
  const sizes: Readonly<Record<string, number>> = { u8: 1, u16: 2, u32: 4 };
  return statements[kind].key.reduce((sum, [, type]) => sum + (sizes[type] ?? Number.NaN), 1);
}

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

  it('let an OPEN and a proof against it fit one datagram, even with more than an input', () => {
    const slot = { epoch: 1, round: 2 };
    const open = entriesOf([
      { kind: 'set', ...slot, set: filled(0), state: filled(0) },
      { kind: 'reveal', ...slot, input: filled(1, limits.UPDATE_BYTES_MAX), salt: filled(0, 16) },
    ]);
    const commit = entriesOf([{ kind: 'commit', ...slot, commitment: filled(3) }]);
    const [first, second] = [signed(commit), signed(open)];
    expect(encodeBundle(session, bundle({ type: 'packet', bytes: second.bytes })).length).toBeLessThan(1200);
    const proof = prove(session, filled(4), first, second) as NonNullable<ReturnType<typeof prove>>;
    expect(proof.conflict.kind).toBe('bad-opening');
    const bytes = encodeEvidence(proof);
    expect(bytes).toHaveLength(1109);
    expect(encodeBundle(session, bundle({ type: 'proof', bytes })).length).toBeLessThan(1200);
  });

  it('let a proof of two longest statements fit one datagram, whatever was signed with them', () => {
    const place = { epoch: 1, round: 2, instance: 255, view: 3 };
    const confirms = (value: number): Packet => {
      const parts = Array.from({ length: limits.PARTS_MAX }, (_, index): Statement => {
        return { kind: 'confirm', ...place, index, slots: nobody, named: nobody, values: filled(value) };
      });
      return signed(entriesOf(parts));
    };
    const proof = prove(session, filled(4), confirms(1), confirms(2)) as NonNullable<
      ReturnType<typeof prove>
    >;
    const bytes = encodeEvidence(proof);
    expect(bytes).toHaveLength(722);
    const longest = Math.max(...kinds.map((kind) => keyBytes(kind)));
    expect(keyBytes('confirm')).toBe(longest);
    expect(encodeRounds(session, rounds([], { type: 'accusation', bytes })).length).toBeLessThan(1200);
  });

  it('let the largest packets of neo go beside as many rounds as they assert', () => {
    const hashes = Array.from({ length: limits.PLAYERS_MAX }, () => filled(5));
    const place = { epoch: 1, round: 2, instance: 255, view: 3 };
    const all = playersFromBits(0xffff);
    const slot = { epoch: 1, round: 2 };
    const input = filled(1, limits.UPDATE_BYTES_MAX);
    const wave: Statement[] = [
      { kind: 'commit', ...slot, commitment: filled(1) },
      { kind: 'vote', ...slot, named: all, values: filled(1), state: filled(1) },
      { kind: 'reveal', ...slot, input, salt: filled(0, 16) },
    ];
    const certified = hashes.map((value, each) => ({ slot: each, view: 0, value }));
    const change: Statement = {
      kind: 'change',
      ...place,
      named: all,
      votes: hashes,
      certified,
      claim: filled(0),
    };
    const propose: Statement = { kind: 'propose', ...place, changes: hashes, named: all, values: hashes };
    const items: readonly (readonly [item: RoundsItem, listed: number])[] = [
      [{ type: 'packet', bytes: signed(entriesOf(wave)).bytes }, 15],
      [{ type: 'packet', bytes: signed(entriesOf([change])).bytes }, 1],
      [{ type: 'packet', bytes: signed(entriesOf([propose])).bytes }, 6],
      [{ type: 'vector', digests: hashes }, 59],
      [{ type: 'chunk', transfer: 1, index: 2, count: 3, bytes: filled(1, limits.CHUNK_BYTES_MAX) }, 12],
      [{ type: 'answer', bytes: filled(1, limits.QUERY_BYTES_MAX) }, 6],
    ];
    for (const [item, listed] of items) {
      const { header } = rounds(restless);
      const beside = headerBeside(header, roundsItemBytes(item));
      expect(beside.rounds).toHaveLength(listed);
      expect(encodeRounds(session, { header: beside, items: [item] }).length).toBeLessThanOrEqual(1200);
      const more = { ...header, rounds: restless.slice(0, listed + 1) };
      expect(() => encodeRounds(session, { header: more, items: [item] })).toThrow('fit one datagram');
    }
  });

  it('let the largest item fill a rounds datagram exactly, and the longest header leave room', () => {
    const { ROUNDS_HEADER_BYTES, ROUNDS_ITEM_BYTES_MAX, ROUND_SETS_BYTES_MAX } = limits;
    const item: RoundsItem = { type: 'accusation', bytes: filled(1, ROUNDS_ITEM_BYTES_MAX) };
    expect(encodeRounds(session, rounds([], item))).toHaveLength(limits.DATAGRAM_BYTES_MAX);
    expect(encodeRounds(session, rounds([]))).toHaveLength(ROUNDS_HEADER_BYTES);
    expect(encodeRounds(session, rounds(restless))).toHaveLength(
      ROUNDS_HEADER_BYTES + limits.HEADER_ROUNDS_MAX * ROUND_SETS_BYTES_MAX,
    );
  });

  it('let a set of all players fit its two bytes, and a session tag its session', () => {
    expect(limits.PLAYERS_MAX).toBeLessThanOrEqual(16);
    expect(limits.SESSION_TAG_BYTES).toBeLessThanOrEqual(limits.SESSION_BYTES);
    const all = { ...standing, causes: 2 ** limits.PLAYERS_MAX - 1 } as Standing;
    expect(encodeBundle(filled(0), { standing: all, items: [] })).toHaveLength(limits.BUNDLE_HEADER_BYTES);
  });
});
