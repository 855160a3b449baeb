/** Commitments, seeds and evidence, as sections 10 and 12 of src/wire/README.md have them. */

import {
  Cursor,
  checkPacket,
  Deviates,
  type EntryRead,
  H,
  joined,
  must,
  type PacketRead,
  partHash,
  readPacket,
  roundOf,
  same,
  u8,
  u16,
  u32,
} from './checker.ts';

// 10. Commitments, sets, seeds, randomness

export interface Slot {
  readonly session: Uint8Array;
  readonly epoch: number;
  readonly round: number;
}

export interface Opening {
  readonly seat: number;
  readonly salt: Uint8Array;
  readonly input: Uint8Array;
}

export function commitment({ session, epoch, round }: Slot, { seat, salt, input }: Opening): Buffer {
  return H('commitment', session, u16(epoch), u32(round), u8(seat), u8(salt.length), salt, input);
}

export function setDigest({ session, epoch, round }: Slot, commitments: readonly Uint8Array[]): Buffer {
  return H('set', session, u16(epoch), u32(round), u8(commitments.length), ...commitments);
}

export const sessionSeed = (session: Uint8Array): Buffer => H('seed', session);
export const firstRoundSeed = (session: Uint8Array): Buffer => H('seed', sessionSeed(session));

/** The seed of the round after, from the openings of a round in seat order. */
export function nextSeed(seed: Uint8Array, openings: readonly Opening[]): Buffer {
  return H('seed', seed, ...openings.flatMap(({ salt, input }) => [salt, H('seed', input)]));
}

/** The first numbers below each bound that the stream of a seed gives. */
export function draw(seed: Uint8Array, bounds: readonly number[]): number[] {
  let stream: Buffer = Buffer.alloc(0);
  let blocks = 0;
  const word = (): number => {
    while (stream.length < 4) {
      const counter = u32(blocks++).reverse();
      stream = joined(stream, H('random', seed, counter));
    }
    const value = stream.readUInt32LE(0);
    stream = stream.subarray(4);
    return value;
  };
  return bounds.map((bound) => {
    for (;;) {
      const value = word();
      if (value < 2 ** 32 - (2 ** 32 % bound)) return value % bound;
    }
  });
}

// 12. Evidence

export interface VerdictRead {
  readonly guilty: Buffer;
  readonly kind: string;
  readonly statement: string;
  readonly session: Buffer;
  readonly epoch: number;
  readonly round: number;
}

interface Lie {
  readonly kind: string;
  readonly entries: readonly (readonly [packet: number, entry: number])[];
}

function doubleEntry([{ entries }]: readonly [PacketRead]): Lie | null {
  const at = entries.findIndex(({ key }, i) => i > 0 && same(key, (entries[i - 1] as EntryRead).key));
  return at < 0
    ? null
    : {
        kind: 'double-entry',
        entries: [
          [0, at - 1],
          [0, at],
        ],
      };
}

function pairs(
  a: PacketRead,
  b: PacketRead,
  test: (x: EntryRead, y: EntryRead) => boolean,
): Lie['entries'] | null {
  for (const [i, x] of a.entries.entries()) {
    for (const [j, y] of b.entries.entries())
      if (test(x, y))
        return [
          [0, i],
          [1, j],
        ];
  }
  return null;
}

function isBadOpening(session: Uint8Array, seat: number, x: EntryRead, y: EntryRead): boolean {
  if (x.kind === 'reveal' && y.kind === 'commit') return isBadOpening(session, seat, y, x);
  if (x.kind !== 'commit' || y.kind !== 'reveal' || x.elided || y.elided) return false;
  if (!same(x.key.subarray(1), y.key.subarray(1))) return false;
  const { epoch = 0, round = 0 } = x.numbers;
  const { salt = u8(0), input = u8(0) } = y.strings;
  return !same(x.strings.commitment as Buffer, commitment({ session, epoch, round }, { seat, salt, input }));
}

function lieOfTwo(session: Uint8Array, [a, b]: readonly [PacketRead, PacketRead]): Lie | null {
  const hash = (entry: EntryRead): Buffer => partHash(session, a.sender, entry);
  const twice = pairs(a, b, (x, y) => same(x.key, y.key) && !same(hash(x), hash(y)));
  if (twice !== null) return { kind: 'inconsistency', entries: twice };
  const bad = pairs(a, b, (x, y) => isBadOpening(session, a.sender, x, y));
  return bad === null ? null : { kind: 'bad-opening', entries: bad };
}

/** Reads evidence and judges it; what convicts nobody deviates. */
export function readEvidence(bytes: Uint8Array): VerdictRead {
  const input = new Cursor(bytes);
  must(input.take(4).toString('latin1') === 'FSEV', 'magic');
  must(input.uint(1) === 1, 'version');
  const [session, guilty] = [input.take(32), input.take(32)];
  const count = input.uint(1);
  must(count === 1 || count === 2, 'count');
  const packets = Array.from({ length: count }, () => {
    const length = input.uint(2);
    must(length >= 1 && length <= 1173, 'packet-length');
    return readPacket(input.take(length), true);
  });
  input.end();
  const [a, b] = packets as [PacketRead, PacketRead?];
  must(b === undefined || a.sender === b.sender, 'senders');
  must(b === undefined || Buffer.compare(a.bytes, b.bytes) < 0, 'packet-order');
  const lie = b === undefined ? doubleEntry([a]) : lieOfTwo(session, [a, b]);
  if (lie === null) throw new Deviates('no-lie');
  const found = lie.entries.map(([packet, entry]) => packets[packet]?.entries[entry] as EntryRead);
  const shown = lie.kind === 'bad-opening' ? found : [];
  const elided = packets.every(({ entries }) =>
    entries.every((each) => each.elided !== shown.includes(each)),
  );
  must(elided, 'elision');
  for (const packet of packets) checkPacket(session, guilty, packet);
  const first = found[0] as EntryRead;
  const statement = lie.kind === 'bad-opening' ? 'reveal' : first.kind;
  const { epoch = 0 } = first.numbers;
  return { guilty, kind: lie.kind, statement, session, epoch, round: roundOf(first) };
}
