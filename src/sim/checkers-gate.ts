/**
 * No lookahead and validity, from what was sent and what arrived alone.
 *
 * - An honest opening leaves only when for every other author the slot is fixed: the own vote names it, or
 *   equal votes of a quorum have arrived, or equal confirms of a quorum.
 * - A commitment of a liar that was first shown to anybody honest after the liars had an honest opening
 *   of its round is not accepted, unless some liar has convicted itself in that round.
 * - If the votes of all honest members name an author that made one commitment, its slot is not "-"; if
 *   all say "-", it is.
 */

import { toHex } from '../base/bytes.ts';
import type { Epoch, Round, Seat } from '../base/ids.ts';
import type { Micros } from '../base/time.ts';
import { vectorDigest } from '../crypto/commitment.ts';
import { type Confirm, type NeoStatement, ROUND_INSTANCE, type Vote } from '../wire/statement.ts';

/** What decides a round: its members, and how many of them must say the same. */
export interface RoundTerms {
  readonly members: readonly Seat[];
  readonly certificate: number;
}

interface Voted {
  readonly epoch: Epoch;
  readonly named: number;
  readonly values: string;
}

interface Watched {
  /** By author the commitments that were signed, and when somebody honest could first see each. */
  readonly commitments: Map<Seat, Map<string, { readonly hash: Uint8Array; at: Micros | null }>>;
  /** By honest seat what it voted. */
  readonly own: Map<Seat, Voted>;
  /** By honest seat and voter what has arrived of votes, and of confirms. */
  readonly votes: Map<Seat, Map<Seat, Voted[]>>;
  readonly confirms: Map<Seat, Map<string, Confirm & { readonly by: Seat }>>;
  readonly revealed: Set<Seat>;
  /** When a liar first had an opening of somebody honest. */
  opened: Micros | null;
  /** A liar has signed two statements of one key, or voted against its own commitment. */
  convicted: boolean;
  readonly lies: Map<string, string>;
}

const NONE = '-';
/** Vectors that are tried to find the hashes behind a digest. */
const TRIES_MAX = 256;
/** Vectors that are remembered. */
const VECTORS_MAX = 4096;
/** Rounds that are watched at once. */
const KEPT = 400;

function has(bits: number, seat: Seat): boolean {
  return (bits & (1 << seat)) !== 0;
}

export class GateChecker {
  readonly #tell: (text: string) => void;
  readonly #honest: (seat: Seat) => boolean;
  readonly #rounds = new Map<Round, Watched>();
  /** By digest. */
  readonly #vectors = new Map<string, readonly Uint8Array[]>();

  constructor(tell: (text: string) => void, honest: (seat: Seat) => boolean) {
    this.#tell = tell;
    this.#honest = honest;
  }

  #round(round: Round): Watched {
    const known = this.#rounds.get(round);
    if (known !== undefined) return known;
    const watched: Watched = {
      commitments: new Map(),
      own: new Map(),
      votes: new Map(),
      confirms: new Map(),
      revealed: new Set(),
      opened: null,
      convicted: false,
      lies: new Map(),
    };
    this.#rounds.set(round, watched);
    if (this.#rounds.size > KEPT) this.#rounds.delete(this.#rounds.keys().next().value as Round);
    return watched;
  }

  /** Hashes travel beside what names them by their digest. */
  vector(hashes: readonly Uint8Array[]): void {
    this.#vectors.set(toHex(vectorDigest(hashes)), hashes);
    if (this.#vectors.size > VECTORS_MAX) this.#vectors.delete(this.#vectors.keys().next().value as string);
  }

  /** Somebody signs a statement for the first time, or shows it again. */
  said(by: Seat, statement: NeoStatement): void {
    const watched = this.#round(statement.round);
    if (statement.kind === 'commit') this.#committed(watched, by, statement.commitment);
    if (this.#honest(by)) {
      if (statement.kind === 'vote') watched.own.set(by, votedOf(statement));
      else if (statement.kind === 'confirm') this.#confirmed(watched, by, by, statement);
      return;
    }
    this.#lie(watched, by, statement);
  }

  #confirmed(watched: Watched, to: Seat, by: Seat, confirm: Confirm): void {
    if (confirm.instance !== ROUND_INSTANCE) return;
    const confirms = watched.confirms.get(to) ?? new Map();
    watched.confirms.set(to, confirms);
    confirms.set(`${by} ${placeOf(confirm)} ${bodyOf(confirm)}`, { ...confirm, by });
  }

  #committed(watched: Watched, by: Seat, hash: Uint8Array): void {
    const known = watched.commitments.get(by) ?? new Map();
    watched.commitments.set(by, known);
    const key = toHex(hash);
    if (!known.has(key)) known.set(key, { hash, at: null });
  }

  /** Remembers what a liar has signed under each key; a second thing convicts it. */
  #lie(watched: Watched, by: Seat, statement: NeoStatement): void {
    const key = `${by} ${statement.kind} ${placeOf(statement)}`;
    const said = bodyOf(statement);
    const before = watched.lies.get(key);
    if (before === undefined) watched.lies.set(key, said);
    else if (before !== said) watched.convicted = true;
    if (statement.kind !== 'vote') return;
    const commitments = watched.commitments.get(by);
    const names = has(statement.named, by);
    if (commitments !== undefined && !names) watched.convicted = true;
  }

  /** A valid statement reaches a player. */
  arrived(at: Micros, to: Seat, by: Seat, statement: NeoStatement): void {
    const watched = this.#round(statement.round);
    if (!this.#honest(to)) {
      if (statement.kind === 'reveal' && this.#honest(by)) watched.opened ??= at;
      return;
    }
    if (statement.kind === 'vote') {
      const votes = watched.votes.get(to) ?? new Map<Seat, Voted[]>();
      watched.votes.set(to, votes);
      const before = votes.get(by) ?? [];
      const voted = votedOf(statement);
      if (!before.some((each) => isSame(voted, each))) votes.set(by, [...before, voted]);
    } else if (statement.kind === 'confirm') this.#confirmed(watched, to, by, statement);
    else if (statement.kind === 'commit' && !this.#honest(by)) {
      this.#committed(watched, by, statement.commitment);
      const seen = watched.commitments.get(by)?.get(toHex(statement.commitment));
      if (seen !== undefined) seen.at ??= at;
    }
  }

  /** An honest player opens a round. */
  opens(by: Seat, round: Round, { certificate, members }: RoundTerms): void {
    const watched = this.#round(round);
    if (watched.revealed.has(by)) return;
    watched.revealed.add(by);
    const own = watched.own.get(by);
    if (own === undefined) return this.#tell(`lookahead: player ${by} opens round ${round} without a vote`);
    const votes = new Map(watched.votes.get(by));
    votes.set(by, [own]);
    for (const author of members) {
      if (author === by || has(own.named, author)) continue;
      if (this.#mostEqual(watched, members, votes, own.epoch, author) >= certificate) continue;
      if (this.#mostConfirmed(watched, members, by, own.epoch, author) >= certificate) continue;
      this.#tell(`lookahead: player ${by} opens round ${round} before the slot of ${author} is fixed`);
    }
  }

  /** How many of the votes say the same of an author's slot. */
  #mostEqual(
    watched: Watched,
    members: readonly Seat[],
    votes: ReadonlyMap<Seat, readonly Voted[]>,
    epoch: Epoch,
    author: Seat,
  ): number {
    const voters = new Map<string, Set<Seat>>();
    for (const voter of members) {
      for (const vote of votes.get(voter) ?? []) {
        const value = vote.epoch === epoch ? this.#valueOf(watched, members, vote, author) : null;
        if (value !== null) voters.set(value, (voters.get(value) ?? new Set()).add(voter));
      }
    }
    return Math.max(0, ...[...voters.values()].map(({ size }) => size));
  }

  #mostConfirmed(watched: Watched, members: readonly Seat[], by: Seat, epoch: Epoch, author: Seat): number {
    const senders = new Map<string, Set<Seat>>();
    for (const confirm of watched.confirms.get(by)?.values() ?? []) {
      if (!has(confirm.slots, author) || confirm.epoch !== epoch || !members.includes(confirm.by)) continue;
      const value = this.#valueOf(watched, members, votedOf(confirm), author);
      if (value === null) continue;
      const key = `${confirm.view} ${value}`;
      senders.set(key, (senders.get(key) ?? new Set()).add(confirm.by));
    }
    return Math.max(0, ...[...senders.values()].map(({ size }) => size));
  }

  /** What a vote or confirm says of a slot; null if the hashes behind its digest are not known. */
  #valueOf(
    watched: Watched,
    members: readonly Seat[],
    { named, values }: Voted,
    author: Seat,
  ): string | null {
    if (!has(named, author)) return NONE;
    const seats = members.filter((seat) => has(named, seat));
    const told = this.#vectors.get(values)?.[seats.indexOf(author)];
    if (told !== undefined) return toHex(told);
    const choices = seats.map((seat) =>
      [...(watched.commitments.get(seat)?.values() ?? [])].map(({ hash }) => [seat, hash] as const),
    );
    let vectors: (readonly (readonly [Seat, Uint8Array])[])[] = [[]];
    for (const choice of choices) {
      vectors = vectors.flatMap((vector) => choice.map((each) => [...vector, each])).slice(0, TRIES_MAX);
    }
    for (const vector of vectors) {
      if (toHex(vectorDigest(vector.map(([, hash]) => hash))) !== values) continue;
      const mine = vector.find(([seat]) => seat === author);
      return mine === undefined ? null : toHex(mine[1]);
    }
    return null;
  }

  /** A round is final; `decided` by seat, zeroes for "-". */
  decided(round: Round, { members }: RoundTerms, decided: readonly (Uint8Array | null)[]): void {
    const watched = this.#rounds.get(round);
    if (watched === undefined) return;
    const votes = members.flatMap((seat) => watched.own.get(seat) ?? []);
    for (const author of members) {
      const value = decided[author] ?? null;
      if (value === null) continue;
      const isNone = value.every((byte) => byte === 0);
      const made = [...(watched.commitments.get(author)?.values() ?? [])];
      const yes = votes.filter(({ named }) => has(named, author)).length;
      if (votes.length > 0 && yes === votes.length && made.length === 1 && isNone)
        this.#tell(`validity: "-" for ${author} in round ${round} although all honest votes name it`);
      if (votes.length > 0 && yes === 0 && !isNone)
        this.#tell(`validity: ${author} is accepted in round ${round} although all honest votes say "-"`);
      const shown = watched.commitments.get(author)?.get(toHex(value));
      const late = watched.opened !== null && (shown?.at ?? 0) > watched.opened;
      if (!this.#honest(author) && !isNone && late && !watched.convicted)
        this.#tell(
          `lookahead: a commitment of ${author} made after an opening is accepted in round ${round}`,
        );
    }
  }
}

function votedOf({ epoch, named, values }: Vote | Confirm): Voted {
  return { epoch, named, values: toHex(values) };
}

function isSame(a: Voted, b: Voted): boolean {
  return a.epoch === b.epoch && a.named === b.named && a.values === b.values;
}

function placeOf(statement: NeoStatement): string {
  const { epoch, kind, round } = statement;
  if (kind === 'hold') return `${epoch} ${round} ${statement.index}`;
  if (kind === 'confirm')
    return `${epoch} ${round} ${statement.instance} ${statement.view} ${statement.index}`;
  return 'instance' in statement
    ? `${epoch} ${round} ${statement.instance} ${statement.view}`
    : `${epoch} ${round}`;
}

/** Everything that a statement says, as text. */
function bodyOf(statement: NeoStatement): string {
  return JSON.stringify(statement, (_, value) => (value instanceof Uint8Array ? toHex(value) : value));
}
