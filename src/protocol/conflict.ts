/**
 * What a lie is: statements of one signer that no honest player signs together. The one definition that
 * engine, judge and proofs share. What is never provable (lateness, silence, a "-" for something that was
 * received, a state digest that differs) has no place here.
 *
 * Votes, confirms and holds carry a bitmap and the digest of the hashes in it. Where the bitmaps leave it
 * open, the hashes themselves are looked up among the given vectors, by digest.
 */

import { assert } from '../base/assert.ts';
import { equalBytes } from '../base/bytes.ts';
import { type Epoch, type Round, type Seat, seatOf } from '../base/ids.ts';
import { count, firstPlayers, has, intersect, type PlayerSet, seatsOf } from '../base/players.ts';
import { opens, vectorDigest } from '../crypto/commitment.ts';
import { PLAYERS_MAX } from '../wire/limits.ts';
import { doubleEntry, type Entry, type Packet, signedMessage } from '../wire/packet.ts';
import { Reader } from '../wire/reader.ts';
import {
  type Change,
  type Commit,
  type Confirm,
  type Hold,
  type Reveal,
  ROUND_INSTANCE,
  type Statement,
  type StatementKind,
  statementKind,
  statements,
  type Vote,
} from '../wire/statement.ts';

/**
 * - `inconsistency`: two different statements where an honest player signs one
 * - `bad-opening`: an opening that is not what the own commitment was made of
 * - `double-entry`: one packet that lists the same statement key twice
 * - `vote-against-own-commitment`: a vote whose entry for its signer is not the signer's commitment
 * - `confirm-conflict`: two confirms of one view that give different values to one slot
 * - `forgotten-certificate`: a view change that reports less than the signer has confirmed before
 * - `changed-vote`: a view change that repeats another vote than the signer's
 * - `denied-opening`: a view change that denies an opening which the signer said it holds
 * - `bad-proposal`: a proposal that does not follow from the view changes that it names
 * - `illegal-input`: an input that breaks the rules of the game in the state that its signer had to know
 */
export type EvidenceKind =
  | 'inconsistency'
  | 'bad-opening'
  | 'double-entry'
  | 'vote-against-own-commitment'
  | 'confirm-conflict'
  | 'forgotten-certificate'
  | 'changed-vote'
  | 'denied-opening'
  | 'bad-proposal'
  | 'illegal-input';

/** The hashes of a vote, confirm or hold, in seat order. */
export type Hashes = readonly Uint8Array[];

/** A lie found between two packets (or inside one): what it is and which entries show it. */
export interface Conflict {
  readonly kind: EvidenceKind;
  /** What the statements are; of two different kinds, the one that goes against the other. */
  readonly statement: StatementKind;
  readonly epoch: Epoch;
  /** Round of the statements; 0 for statements that belong to no round. */
  readonly round: Round;
  /** Index of the entry in the first and in the second packet, or of both in the one packet there is. */
  readonly entries: readonly [number, number];
  /** The hashes without which the lie does not show, in the order of the entries that they belong to. */
  readonly hashes: readonly Hashes[];
}

/** What two statements come to. */
type Finding = Pick<Conflict, 'kind' | 'statement' | 'hashes'>;

/** Whose statements are compared, and which hashes are known. */
interface Scene {
  readonly session: Uint8Array;
  readonly signer: Seat;
  readonly vectors: readonly Hashes[];
}

function kindOf(entry: Entry): StatementKind {
  const kind = statementKind(entry.key[0] as number);
  assert(kind !== null, 'a decoded entry has a known tag');
  return kind;
}

/** Epoch and round as they stand in an entry's key. */
function placeOf(entry: Entry): { epoch: Epoch; round: Round } {
  const reader = new Reader(entry.key);
  reader.u8();
  const epoch = reader.u16();
  const hasRound = statements[kindOf(entry)].key.some(([name]) => name === 'round');
  return { epoch, round: hasRound ? reader.u32() : 0 };
}

/** True when both entries surely say the same; entries with different keys are not compared. */
function sameStatement(session: Uint8Array, sender: Seat, a: Entry, b: Entry): boolean {
  if (a.statement !== null && b.statement !== null) return equalBytes(a.bytes, b.bytes);
  return equalBytes(signedMessage(session, sender, [a]), signedMessage(session, sender, [b]));
}

/**
 * Two different statements under one key. Keys are unique and ascending, so the first is the same from both
 * sides.
 */
function inconsistency(session: Uint8Array, a: Packet, b: Packet): Conflict | null {
  for (let i = 0; i < a.entries.length; i++) {
    const x = a.entries[i] as Entry;
    for (let j = 0; j < b.entries.length; j++) {
      const y = b.entries[j] as Entry;
      if (x.key[0] !== y.key[0] || !equalBytes(x.key, y.key)) continue;
      if (sameStatement(session, a.sender, x, y)) continue;
      return { kind: 'inconsistency', statement: kindOf(x), ...placeOf(x), entries: [i, j], hashes: [] };
    }
  }
  return null;
}

/** The hashes that a digest stands for, or null while they are not known. */
function resolve({ vectors }: Scene, named: PlayerSet, digest: Uint8Array): Hashes | null {
  const fits = (vector: Hashes): boolean =>
    vector.length === count(named) && equalBytes(vectorDigest(vector), digest);
  return vectors.find(fits) ?? null;
}

/** The hash of one of the named seats. */
function hashOf(named: PlayerSet, hashes: Hashes, seat: Seat): Uint8Array {
  return hashes[count(intersect(named, firstPlayers(seat)))] as Uint8Array;
}

function badOpening({ session, signer }: Scene, commit: Commit, reveal: Reveal): Finding | null {
  const { commitment, epoch, round } = commit;
  const fits = opens(commitment, { session, epoch, round, author: signer }, reveal.salt, reveal.input);
  return fits ? null : { kind: 'bad-opening', statement: 'reveal', hashes: [] };
}

/** An honest player commits before it votes, and names itself. */
function voteAgainstOwn(scene: Scene, { commitment }: Commit, vote: Vote): Finding | null {
  const kind = 'vote-against-own-commitment';
  if (!has(vote.named, scene.signer)) return { kind, statement: 'vote', hashes: [] };
  const hashes = resolve(scene, vote.named, vote.values);
  if (hashes === null || equalBytes(hashOf(vote.named, hashes, scene.signer), commitment)) return null;
  return { kind, statement: 'vote', hashes: [hashes] };
}

/** A slot has one certificate in a view, however many confirms rest on it. */
function confirmConflict(scene: Scene, a: Confirm, b: Confirm): Finding | null {
  if (a.instance !== b.instance || a.view !== b.view) return null;
  const kind = 'confirm-conflict';
  const common = intersect(a.slots, b.slots);
  const named = intersect(common, a.named);
  if (named !== intersect(common, b.named)) return { kind, statement: 'confirm', hashes: [] };
  const first = resolve(scene, a.named, a.values);
  const second = resolve(scene, b.named, b.values);
  if (first === null || second === null) return null;
  const same = (slot: Seat): boolean =>
    equalBytes(hashOf(a.named, first, slot), hashOf(b.named, second, slot));
  return seatsOf(named).every(same) ? null : { kind, statement: 'confirm', hashes: [first, second] };
}

/** Who leaves a view reports, of each slot that it confirmed, a certificate of that view or a later one. */
function forgottenCertificate(confirm: Confirm, change: Change): Finding | null {
  if (confirm.instance !== change.instance || confirm.view >= change.view) return null;
  const forgotten = seatsOf(confirm.slots).some((slot) => {
    const reported = change.certified.find((each) => each.slot === slot);
    return reported === undefined || reported.view < confirm.view;
  });
  return forgotten ? { kind: 'forgotten-certificate', statement: 'change', hashes: [] } : null;
}

/** A view change carries its hashes in full, so a digest is enough to compare it with. */
function changedVote(vote: Vote, { instance, named, votes }: Change): Finding | null {
  if (instance !== ROUND_INSTANCE) return null;
  if (named === vote.named && equalBytes(vectorDigest(votes), vote.values)) return null;
  return { kind: 'changed-vote', statement: 'change', hashes: [] };
}

/**
 * HOLD is said of the decided commitment alone, and never after a view change about that opening which
 * denied it. So a view change without a claim is a lie beside any HOLD that names the author; one that
 * claims to hold the opening of another commitment is a lie once the hash in the HOLD is known.
 */
function deniedOpening(scene: Scene, hold: Hold, { claim, instance }: Change): Finding | null {
  if (instance >= PLAYERS_MAX) return null;
  const author = seatOf(instance);
  if (!has(hold.authors, author)) return null;
  const kind = 'denied-opening';
  if (claim.every((byte) => byte === 0)) return { kind, statement: 'change', hashes: [] };
  const hashes = resolve(scene, hold.authors, hold.values);
  if (hashes === null || equalBytes(hashOf(hold.authors, hashes, author), claim)) return null;
  return { kind, statement: 'change', hashes: [hashes] };
}

/** What two statements of different kinds or keys come to, taken in this order. */
function contradiction(scene: Scene, a: Statement, b: Statement): Finding | null {
  if (!('round' in a) || !('round' in b) || a.epoch !== b.epoch || a.round !== b.round) return null;
  if (a.kind === 'commit' && b.kind === 'reveal') return badOpening(scene, a, b);
  if (a.kind === 'commit' && b.kind === 'vote') return voteAgainstOwn(scene, a, b);
  if (a.kind === 'confirm' && b.kind === 'confirm') return confirmConflict(scene, a, b);
  if (a.kind === 'confirm' && b.kind === 'change') return forgottenCertificate(a, b);
  if (a.kind === 'vote' && b.kind === 'change') return changedVote(a, b);
  if (a.kind === 'hold' && b.kind === 'change') return deniedOpening(scene, a, b);
  return null;
}

/** The first two entries, by the lower index and then by the other, that contradict each other. */
function entriesApart(scene: Scene, a: Packet, b: Packet): Conflict | null {
  for (let i = 0; i < a.entries.length; i++) {
    const x = a.entries[i] as Entry;
    for (let j = a === b ? i + 1 : 0; j < b.entries.length; j++) {
      const y = b.entries[j] as Entry;
      if (x.statement === null || y.statement === null) continue;
      const found =
        contradiction(scene, x.statement, y.statement) ?? contradiction(scene, y.statement, x.statement);
      if (found !== null) return { ...found, ...placeOf(x), entries: [i, j] };
    }
  }
  return null;
}

/**
 * The lie between two packets of one signer and session, or null. Two packets that repeat the same
 * statement are no lie, however often they repeat it. An inconsistency goes before all else: it still
 * shows when everything but its two entries is elided, so engine and judge find the same. `vectors` are
 * hashes that may be those of a vote, confirm or hold; a lie that needs others is not found yet.
 */
export function conflict(
  session: Uint8Array,
  a: Packet,
  b: Packet,
  vectors: readonly Hashes[] = [],
): Conflict | null {
  if (a.sender !== b.sender) return null;
  if (a === b) return selfConflict(session, a, vectors);
  return inconsistency(session, a, b) ?? entriesApart({ session, signer: a.sender, vectors }, a, b);
}

/** The lie inside one packet: one key listed twice, or two entries that contradict each other. */
export function selfConflict(
  session: Uint8Array,
  packet: Packet,
  vectors: readonly Hashes[] = [],
): Conflict | null {
  const index = doubleEntry(packet);
  if (index === null) return entriesApart({ session, signer: packet.sender, vectors }, packet, packet);
  const entry = packet.entries[index] as Entry;
  const entries = [index, index + 1] as const;
  return { kind: 'double-entry', statement: kindOf(entry), ...placeOf(entry), entries, hashes: [] };
}

/** The entries that evidence of a lie shows in full: none where their hashes alone convict. */
export function isShown(kind: EvidenceKind): boolean {
  return kind !== 'inconsistency' && kind !== 'double-entry';
}
