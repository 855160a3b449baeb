/** Commitments, seeds and evidence, as sections 10 and 15 of src/wire/README.md have them. */

import {
  type CertifiedRead,
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

// 15. Evidence

/** What a game says of an input: whether it breaks the rules; `neo` if it is within an update. */
export type IsIllegal = (asked: {
  readonly state: Buffer;
  readonly seat: number;
  readonly input: Buffer;
  readonly neo: boolean;
}) => boolean;

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
  readonly statement: string;
  readonly entries: readonly EntryRead[];
  /** Digests that must have come along, by the entries that they belong to. */
  readonly hashes?: readonly (readonly Buffer[])[];
}

interface Supplement {
  readonly type: number;
  readonly bytes: Buffer;
}

/** Where entries are compared: whose they are, and the lists of digests that came along. */
interface Scene {
  readonly session: Uint8Array;
  readonly seat: number;
  readonly known: readonly (readonly Buffer[])[];
}

type Test = (scene: Scene, x: EntryRead, y: EntryRead) => readonly (readonly Buffer[])[] | null;

const bit = (set: number | undefined, seat: number): boolean => (((set ?? 0) >> seat) & 1) === 1;
const seats = [...Array(16).keys()];
const zeroes = Buffer.alloc(32);

function vectorDigest(digests: readonly Uint8Array[]): Buffer {
  return H('vector', u8(digests.length), ...digests);
}

/** By seat the hashes of a set, as far as a list with this digest came along. */
function hashesOf(
  { known }: Scene,
  set: number | undefined,
  digest: Buffer | undefined,
): { list: readonly Buffer[]; bySeat: ReadonlyMap<number, Buffer> } | null {
  const named = seats.filter((seat) => bit(set, seat));
  const list = known.find(
    (each) => each.length === named.length && same(vectorDigest(each), digest ?? zeroes),
  );
  return list ? { list, bySeat: new Map(named.map((seat, i) => [seat, list[i] as Buffer])) } : null;
}

const badOpening: Test = ({ session, seat }, { numbers, strings }, reveal) => {
  const { epoch = 0, round = 0 } = numbers;
  const { salt = u8(0), input = u8(0) } = reveal.strings;
  const given = commitment({ session, epoch, round }, { seat, salt, input });
  return same(strings.commitment ?? zeroes, given) ? null : [];
};

const voteAgainstOwn: Test = (scene, commit, { numbers, strings }) => {
  if (!bit(numbers.named, scene.seat)) return [];
  const hashes = hashesOf(scene, numbers.named, strings.values);
  const own = hashes?.bySeat.get(scene.seat) ?? null;
  return hashes === null || own === null || same(own, commit.strings.commitment ?? zeroes)
    ? null
    : [hashes.list];
};

const confirmConflict: Test = (scene, { numbers: a, strings: p }, { numbers: b, strings: q }) => {
  if (a.instance !== b.instance || a.view !== b.view) return null;
  const common = seats.filter((seat) => bit(a.slots, seat) && bit(b.slots, seat));
  if (common.some((seat) => bit(a.named, seat) !== bit(b.named, seat))) return [];
  const [x, y] = [hashesOf(scene, a.named, p.values), hashesOf(scene, b.named, q.values)];
  if (x === null || y === null) return null;
  const apart = common.some((seat) => {
    const [one, other] = [x.bySeat.get(seat), y.bySeat.get(seat)];
    return one !== undefined && other !== undefined && !same(one, other);
  });
  return apart ? [x.list, y.list] : null;
};

const forgottenCertificate: Test = (_, { numbers: confirm }, { numbers: change, lists }) => {
  const [left = 0, entered = 0] = [confirm.view, change.view];
  if (confirm.instance !== change.instance || left >= entered) return null;
  const certified = lists.certified as readonly CertifiedRead[];
  const views = new Map(certified.map(({ slot, view }) => [slot, view]));
  return seats.some((seat) => bit(confirm.slots, seat) && (views.get(seat) ?? -1) < left) ? [] : null;
};

const changedVote: Test = (_, vote, { numbers, lists }) => {
  if (numbers.instance !== 255) return null;
  const votes = vectorDigest(lists.votes as readonly Buffer[]);
  return numbers.named === vote.numbers.named && same(votes, vote.strings.values ?? zeroes) ? null : [];
};

const deniedOpening: Test = (scene, hold, { numbers: { instance = 0 }, strings: { claim = zeroes } }) => {
  if (instance > 15 || !bit(hold.numbers.authors, instance)) return null;
  if (same(claim, zeroes)) return [];
  const hashes = hashesOf(scene, hold.numbers.authors, hold.strings.values);
  return hashes === null || same(hashes.bySeat.get(instance) ?? zeroes, claim) ? null : [hashes.list];
};

/** Kinds of the two statements, name of the lie, statement that is named in the verdict. */
const rules: readonly (readonly [x: string, y: string, kind: string, statement: string, test: Test])[] = [
  ['commit', 'reveal', 'bad-opening', 'reveal', badOpening],
  ['commit', 'vote', 'vote-against-own-commitment', 'vote', voteAgainstOwn],
  ['confirm', 'confirm', 'confirm-conflict', 'confirm', confirmConflict],
  ['confirm', 'change', 'forgotten-certificate', 'change', forgottenCertificate],
  ['vote', 'change', 'changed-vote', 'change', changedVote],
  ['hold', 'change', 'denied-opening', 'change', deniedOpening],
];

/** Every pair of entries, in the order of the standard. */
function* pairs([a, b]: readonly [PacketRead, PacketRead?]): Generator<readonly [EntryRead, EntryRead]> {
  for (const [i, x] of a.entries.entries()) {
    for (const y of b === undefined ? a.entries.slice(i + 1) : b.entries) yield [x, y];
  }
}

const samePlace = (x: EntryRead, y: EntryRead): boolean =>
  x.numbers.epoch === y.numbers.epoch && x.numbers.round === y.numbers.round;

function lieOfPair(packets: readonly [PacketRead, PacketRead?], scene: Scene): Lie | null {
  const [{ entries }, b] = packets;
  const doubled = entries.findIndex(({ key }, i) => i > 0 && same(key, (entries[i - 1] as EntryRead).key));
  if (b === undefined && doubled > 0) {
    const { kind: statement } = entries[doubled] as EntryRead;
    return { kind: 'double-entry', statement, entries: entries.slice(doubled - 1, doubled + 1) };
  }
  const hash = (entry: EntryRead): Buffer => partHash(scene.session, scene.seat, entry);
  for (const [x, y] of b === undefined ? [] : pairs(packets)) {
    if (!same(x.key, y.key) || same(hash(x), hash(y))) continue;
    return { kind: 'inconsistency', statement: x.kind, entries: [x, y] };
  }
  for (const [x, y] of pairs(packets)) {
    if (x.elided || y.elided || !samePlace(x, y)) continue;
    for (const [first, second, kind, statement, test] of rules) {
      const there = x.kind === first && y.kind === second;
      if (!there && !(x.kind === second && y.kind === first)) continue;
      const hashes = there ? test(scene, x, y) : test(scene, y, x);
      if (hashes !== null) return { kind, statement, entries: [x, y], hashes };
    }
  }
  return null;
}

/** What the leader rule makes of view changes, for one slot. */
function leaderValue(slot: number, instance: number, changes: readonly EntryRead[]): Buffer {
  const smallest = (values: readonly Buffer[]): Buffer => [...values].sort(Buffer.compare)[0] ?? zeroes;
  const reported = changes.flatMap(({ lists }) =>
    (lists.certified as readonly CertifiedRead[]).filter((each) => each.slot === slot),
  );
  const highest = Math.max(...reported.map(({ view }) => view));
  if (reported.length > 0) {
    return smallest(reported.filter(({ view }) => view === highest).map(({ value }) => value));
  }
  if (instance !== 255) {
    return smallest(
      changes.map(({ strings }) => strings.claim as Buffer).filter((each) => !same(each, zeroes)),
    );
  }
  const votes = changes.map(({ numbers, lists }) => {
    if (!bit(numbers.named, slot)) return zeroes;
    const before = seats.filter((seat) => seat < slot && bit(numbers.named, seat)).length;
    return (lists.votes as readonly Buffer[])[before] ?? zeroes;
  });
  const most = votes.find((vote) => 2 * votes.filter((other) => same(vote, other)).length > votes.length);
  return most ?? zeroes;
}

/** True when a proposal is what the leader rule makes of these changes. */
export function isForced({ numbers, lists }: EntryRead, changes: readonly EntryRead[]): boolean {
  const { instance = 0 } = numbers;
  const slots = instance === 255 ? seats : [instance];
  const values = (lists.values as readonly Buffer[]).slice();
  const proposed = new Map(
    seats.filter((seat) => bit(numbers.named, seat)).map((seat) => [seat, values.shift()]),
  );
  const wrong =
    values.length > 0 ||
    [...proposed].some(
      ([slot, value]) => !slots.includes(slot) || value === undefined || same(value, zeroes),
    ) ||
    slots.some((slot) => !same(leaderValue(slot, instance, changes), proposed.get(slot) ?? zeroes));
  return !wrong;
}

/** The view change in a statement supplement, with its sender and part hash. */
function readChange(session: Uint8Array, bytes: Buffer): { seat: number; hash: Buffer; change: EntryRead } {
  const seat = bytes[0] ?? 0;
  const { entries } = readPacket(joined(u8(seat), u8(1), bytes.subarray(1), Buffer.alloc(64)));
  const [change] = entries;
  if (change === undefined || change.elided || change.kind !== 'change') throw new Deviates('no-lie');
  return { seat, change, hash: partHash(session, seat, change) };
}

function lieOfProposal(session: Uint8Array, packet: PacketRead, given: readonly Supplement[]): Lie | null {
  const named = given.map(({ bytes }) => readChange(session, bytes));
  const shown = packet.entries.filter((entry) => !entry.elided && entry.kind === 'propose');
  for (const propose of shown) {
    const { numbers, lists } = propose;
    const hashes = lists.changes as readonly Buffer[];
    const complete =
      hashes.length === named.length && named.every(({ hash }, i) => same(hash, hashes[i] ?? hash));
    const { instance = 0 } = numbers;
    if (!complete || (instance > 15 && instance !== 255)) continue;
    const changes = named.map(({ change }) => change);
    const apart = changes.some(({ key }) => !same(key.subarray(1), propose.key.subarray(1)));
    const wrong = !isForced(propose, changes);
    const twice = new Set(named.map(({ seat }) => seat)).size < named.length;
    if (apart || twice || wrong) return { kind: 'bad-proposal', statement: 'propose', entries: [propose] };
  }
  return null;
}

function lieOfInput(
  packets: readonly [PacketRead, PacketRead?],
  { bytes }: Supplement,
  isIllegal: IsIllegal | undefined,
): Lie | null {
  for (const [x, y] of pairs(packets)) {
    const [reveal, named] = x.kind === 'reveal' ? [x, y] : [y, x];
    const neo = named.kind === 'vote';
    if (reveal.kind !== 'reveal' || !(neo || named.kind === 'set')) continue;
    if (reveal.elided || named.elided || !samePlace(x, y)) continue;
    const state = neo ? bytes.subarray(64) : bytes;
    const digest = neo ? H('state', H('state', state), bytes.subarray(0, 64)) : H('state', state);
    must((!neo || bytes.length >= 64) && same(digest, named.strings.state ?? zeroes), 'no-lie');
    const input = reveal.strings.input as Buffer;
    const illegal = isIllegal?.({ state, seat: packets[0].sender, input, neo });
    return illegal ? { kind: 'illegal-input', statement: 'reveal', entries: [x, y] } : null;
  }
  return null;
}

function readSupplements(input: Cursor): Supplement[] {
  const supplements: Supplement[] = [];
  let others = input.at;
  while (input.at < input.bytes.length) {
    const type = input.uint(1);
    must(type >= 1 && type <= 3 && supplements.length < 16, 'trailing');
    const bytes = input.take(input.uint(4));
    supplements.push({ type, bytes });
    others += 5 + (type === 3 ? 0 : bytes.length);
    must(type !== 3 || bytes.length <= 64 + 2 ** 24, 'packet-length');
  }
  must(others <= 16384, 'packet-length');
  return supplements;
}

function split(bytes: Buffer): Buffer[] {
  return Array.from({ length: Math.floor(bytes.length / 32) }, (_, i) => bytes.subarray(32 * i, 32 * i + 32));
}

/** The lie, and the supplements that it needs. */
function lieOf(
  session: Uint8Array,
  packets: readonly [PacketRead, PacketRead?],
  given: readonly Supplement[],
  isIllegal: IsIllegal | undefined,
): { lie: Lie | null; needed: readonly Uint8Array[] } {
  const [first] = given;
  const contents = given.map(({ bytes }) => bytes);
  must(
    given.every(({ type }) => type === first?.type),
    'no-lie',
  );
  if (first?.type === 2) {
    must(packets[1] === undefined, 'no-lie');
    return { lie: lieOfProposal(session, packets[0], given), needed: contents };
  }
  if (first?.type === 3) return { lie: lieOfInput(packets, first, isIllegal), needed: [first.bytes] };
  const lie = lieOfPair(packets, { session, seat: packets[0].sender, known: contents.map(split) });
  return { lie, needed: (lie?.hashes ?? []).map((list) => joined(...list)) };
}

/** Reads evidence and judges it; what convicts nobody deviates. */
export function readEvidence(bytes: Uint8Array, isIllegal?: IsIllegal): VerdictRead {
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
  const supplements = readSupplements(input);
  const [a, b] = packets as [PacketRead, PacketRead?];
  must(b === undefined || a.sender === b.sender, 'senders');
  must(b === undefined || Buffer.compare(a.bytes, b.bytes) < 0, 'packet-order');
  const { lie, needed } = lieOf(session, b ? [a, b] : [a], supplements, isIllegal);
  if (lie === null) throw new Deviates('no-lie');
  const shown = lie.kind === 'double-entry' || lie.kind === 'inconsistency' ? [] : lie.entries;
  const elided = packets.every(({ entries }) =>
    entries.every((each) => each.elided !== shown.includes(each)),
  );
  const exact =
    supplements.length === needed.length &&
    supplements.every((each, i) => same(each.bytes, needed[i] ?? u8(0)));
  must(elided && exact, 'elision');
  for (const packet of packets) checkPacket(session, guilty, packet);
  const place = lie.entries[0] as EntryRead;
  const { epoch = 0 } = place.numbers;
  return { guilty, kind: lie.kind, statement: lie.statement, session, epoch, round: roundOf(place) };
}
