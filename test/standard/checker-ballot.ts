/** What is said of a round of neo, and what it comes to, as section 12 of src/wire/README.md has it. */

import { type CertifiedRead, type EntryRead, same } from './checker.ts';
import { vectorDigest } from './checker-datagram.ts';
import { commitment, type Opening, type Slot } from './checker-evidence.ts';
import { bits, type QuorumRead } from './checker-update.ts';

export const nothing: Buffer = Buffer.alloc(32);
const ofRound = 255;

/** A statement with its signer and part hash. */
export interface SaidRead {
  readonly seat: number;
  readonly entry: EntryRead;
  readonly hash: Buffer;
}

/** By slot a value: a hash, or zeroes. */
type Values = ReadonlyMap<number, Buffer>;

const has = (set: number | undefined, seat: number): boolean => (((set ?? 0) >> seat) & 1) === 1;

/** The values that a set and the hashes of its seats give to some slots. */
function valuesOf(slots: number, named: number, hashes: readonly Buffer[]): Values {
  const bySeat = new Map(bits(named).map((seat, i) => [seat, hashes[i] ?? nothing]));
  return new Map(bits(slots).map((slot) => [slot, bySeat.get(slot) ?? nothing]));
}

export class Ballot {
  readonly round: number;
  readonly epoch: number;
  readonly members: number;
  readonly quorum: QuorumRead;
  readonly #slot: Slot;
  /** In the order in which they were said, those of liars twice. */
  readonly said: SaidRead[] = [];
  readonly #vectors: ReadonlyMap<string, readonly Buffer[]>;

  constructor(
    slot: Slot,
    members: number,
    quorum: QuorumRead,
    vectors: ReadonlyMap<string, readonly Buffer[]>,
  ) {
    this.#slot = slot;
    this.round = slot.round;
    this.epoch = slot.epoch;
    this.members = members;
    this.quorum = quorum;
    this.#vectors = vectors;
  }

  of(kind: string, seat?: number): readonly SaidRead[] {
    return this.said.filter((each) => each.entry.kind === kind && (seat === undefined || each.seat === seat));
  }

  /** What was said of an instance, in one of its views. */
  in(kind: string, instance: number, view: number): readonly SaidRead[] {
    return this.of(kind).filter(
      ({ entry }) => entry.numbers.instance === instance && entry.numbers.view === view,
    );
  }

  commitments(seat: number): readonly Buffer[] {
    return this.of('commit', seat).map(({ entry }) => entry.strings.commitment as Buffer);
  }

  /** The opening of a commitment, if it was shown. */
  opening(seat: number, value: Buffer): Opening | null {
    for (const { entry } of this.of('reveal', seat)) {
      const { salt, input } = entry.strings as { salt: Buffer; input: Buffer };
      if (same(commitment(this.#slot, { seat, salt, input }), value)) return { seat, salt, input };
    }
    return null;
  }

  /** The hashes of a set that a digest stands for: commitments that were made, or a vector that was sent. */
  hashes(named: number, digest: Buffer): readonly Buffer[] | null {
    const seats = bits(named);
    const sent = this.#vectors.get(digest.toString('hex'));
    if (sent?.length === seats.length) return sent;
    let lists: Buffer[][] = [[]];
    for (const seat of seats) {
      lists = lists.flatMap((list) => this.commitments(seat).map((hash) => [...list, hash])).slice(0, 256);
    }
    return lists.find((list) => same(vectorDigest(list), digest)) ?? null;
  }

  slotsOf(instance: number): number {
    return instance === ofRound ? this.members : 1 << instance;
  }

  leader(instance: number, view: number): number | undefined {
    const seats = bits(instance === ofRound ? this.members : this.members & ~(1 << instance));
    return seats[(this.round + view) % seats.length];
  }

  /** The values of a vote or confirm; null if its hashes are not known. */
  values(said: SaidRead): Values | null {
    const known = this.#known.get(said);
    if (known !== undefined) return known;
    const { named = 0, slots = this.members } = said.entry.numbers;
    const hashes = this.hashes(named, said.entry.strings.values ?? nothing);
    const values = hashes && valuesOf(slots, named, hashes);
    if (values !== null) this.#known.set(said, values);
    return values;
  }

  readonly #known = new Map<SaidRead, Values>();

  /** The values of a slot that at least so many different signers of these statements give. */
  #shared(list: readonly SaidRead[], slot: number, least: number): Buffer[] {
    const signers = new Map<string, Set<number>>();
    for (const said of list) {
      const value = this.values(said)?.get(slot);
      if (value === undefined) continue;
      const hex = value.toString('hex');
      signers.set(hex, (signers.get(hex) ?? new Set()).add(said.seat));
    }
    return [...signers].filter(([, seats]) => seats.size >= least).map(([hex]) => Buffer.from(hex, 'hex'));
  }

  /** The values of a slot with a certificate of a view. */
  certified(instance: number, view: number, slot: number): readonly Buffer[] {
    const { q } = this.quorum;
    if (view === 0) return instance === ofRound ? this.#shared(this.of('vote'), slot, q) : [];
    return this.in('propose', instance, view).flatMap(({ entry, hash }) => {
      const accepted = this.in('prepare', instance, view).filter((each) =>
        same(each.entry.strings.proposal ?? nothing, hash),
      );
      if (new Set(accepted.map(({ seat }) => seat)).size < q) return [];
      const hashes = entry.lists.values as readonly Buffer[];
      return valuesOf(this.slotsOf(instance), entry.numbers.named ?? 0, hashes).get(slot) ?? [];
    });
  }

  isCertified(instance: number, { slot, view, value }: CertifiedRead): boolean {
    return this.certified(instance, view, slot).some((each) => same(each, value));
  }

  /** The values of a slot that q confirms of one view have. */
  #confirmed(instance: number, slot: number): readonly Buffer[] {
    const confirms = this.of('confirm').filter(({ entry }) => entry.numbers.instance === instance);
    const views = new Set(confirms.map(({ entry }) => entry.numbers.view));
    return [...views].flatMap((view) =>
      this.#shared(
        confirms.filter(({ entry }) => entry.numbers.view === view && has(entry.numbers.slots, slot)),
        slot,
        this.quorum.q,
      ),
    );
  }

  readonly #decided = new Map<number, Buffer>();

  /** The value that a slot is decided for, or null. */
  decided(slot: number): Buffer | null {
    const known = this.#decided.get(slot);
    if (known !== undefined) return known;
    const value =
      this.#shared(this.of('vote'), slot, this.quorum.fast)[0] ?? this.#confirmed(ofRound, slot)[0];
    if (value !== undefined) this.#decided.set(slot, value);
    return value ?? null;
  }

  /** The members but the author who say that they hold the opening of its decided commitment. */
  holders(author: number): number {
    const seats = this.of('hold').filter(({ seat, entry }) => {
      const { authors = 0 } = entry.numbers;
      if (seat === author || !has(authors, author)) return false;
      const hashes = bits(authors).map((each) => this.decided(each) ?? nothing);
      return same(vectorDigest(hashes), entry.strings.values ?? nothing);
    });
    return new Set(seats.map(({ seat }) => seat)).size;
  }

  /** What the opening of an accepted slot is decided for, or null. */
  opened(author: number): 'open' | 'void' | null {
    const value = this.decided(author) ?? nothing;
    const [confirmed] = this.#confirmed(author, author);
    if (confirmed !== undefined) return same(confirmed, nothing) ? 'void' : 'open';
    const { f, k } = this.quorum;
    if (this.opening(author, value) === null) return null;
    return this.holders(author) >= (k === 1 ? 1 : k + f) || k === 0 ? 'open' : null;
  }

  /** True when a player may take an opening for decided without a word to the others. */
  alone(author: number, by: number): boolean {
    const { k } = this.quorum;
    const value = this.decided(author) ?? nothing;
    if (same(value, nothing) || k > 1) return false;
    if (author === by) return k === 0;
    return this.opening(author, value) !== null;
  }

  /** True when a signer may open its own commitment by what was said so far. */
  mayReveal(seat: number): boolean {
    const own = this.of('vote', seat);
    return own.some(({ entry }) =>
      bits(this.members & ~(1 << seat)).every(
        (author) =>
          has(entry.numbers.named, author) ||
          this.decided(author) !== null ||
          this.certified(ofRound, 0, author).length > 0,
      ),
    );
  }
}
