/**
 * A lie of each kind of statement of neo: everything that one key can sign in the place of an honest
 * statement, or where there is none. Some are provable, some only unhelpful; which is for others to find out.
 */

import { seatOf } from '../base/ids.ts';
import { playersFromBits, seatsOf } from '../base/players.ts';
import { commit, vectorDigest } from '../crypto/commitment.ts';
import { hash } from '../crypto/hash.ts';
import { pack } from '../protocol/neo/update.ts';
import { type Certified, type NeoStatement, ROUND_INSTANCE } from '../wire/statement.ts';
import type { LiarTable } from './liar-table.ts';

const NONE: Uint8Array = new Uint8Array(32);

export type Random = (bound: number) => number;

export class Lies {
  readonly #table: LiarTable;
  readonly #seat: number;
  readonly #seats: number;
  readonly #random: Random;

  constructor(table: LiarTable, seat: number, seats: number, random: Random) {
    this.#table = table;
    this.#seat = seat;
    this.#seats = seats;
    this.#random = random;
  }

  #one<T>(...choices: readonly T[]): T {
    return choices[this.#random(choices.length)] as T;
  }

  #hash(): Uint8Array {
    return hash('seed', Uint8Array.of(this.#seat, this.#random(256), this.#random(256)));
  }

  #seatSet(): number {
    return this.#random(1 << this.#seats);
  }

  /** An opening of the own slot other than the honest one, always the same for a round. */
  #other(
    epoch: number,
    round: number,
  ): { readonly input: Uint8Array; readonly salt: Uint8Array; readonly commitment: Uint8Array } {
    const session = this.#table.session as Uint8Array;
    const salt = hash('seed', session, Uint8Array.of(this.#seat, round >>> 8, round)).slice(0, 16);
    const input = pack({ lateness: 0, lag: 0 }, [], Uint8Array.of(3, 1));
    return {
      input,
      salt,
      commitment: commit({ session, epoch, round, author: seatOf(this.#seat) }, salt, input),
    };
  }

  /** A hash that a vote on a slot could name. */
  #value(round: number, seat: number): Uint8Array {
    if (seat === this.#seat && this.#random(2) === 0) return this.#other(this.#table.epoch, round).commitment;
    return this.#table.conspiracy.commitments.get(round)?.get(seat) ?? this.#hash();
  }

  #vector(round: number, among: number): { readonly named: never; readonly hashes: readonly Uint8Array[] } {
    const named = playersFromBits(among & this.#one(0xffff, this.#seatSet(), this.#seatSet(), 0));
    return { named: named as never, hashes: seatsOf(named).map((seat) => this.#value(round, seat)) };
  }

  #certified(round: number): readonly Certified[] {
    return seatsOf(playersFromBits(this.#seatSet())).map((slot) => ({
      slot,
      view: this.#one(0, 0, 1, 2, 65534),
      value: this.#one(NONE, this.#value(round, slot)),
    }));
  }

  /** Another statement of the same key, or of another view or index. */
  instead<S extends NeoStatement>(statement: S): NeoStatement {
    const said: NeoStatement = statement;
    const { epoch, round } = said;
    if (said.kind === 'commit') return { ...said, commitment: this.#other(epoch, round).commitment };
    if (said.kind === 'reveal') {
      const { input, salt } = this.#other(epoch, round);
      return this.#one({ ...said, input, salt }, { ...said, input: Uint8Array.of(1, 2, 3) });
    }
    const all = (1 << this.#seats) - 1;
    if (said.kind === 'vote') {
      const { hashes, named } = this.#vector(round, all);
      const values = this.#random(8) === 0 ? this.#hash() : vectorDigest(hashes);
      return { ...said, named, values, state: this.#random(8) === 0 ? this.#hash() : said.state };
    }
    if (said.kind === 'hold') {
      const authors = playersFromBits(this.#seatSet() & ~(1 << this.#seat));
      const values = vectorDigest(seatsOf(authors).map((seat) => this.#value(round, seat)));
      return { ...said, authors, values };
    }
    return this.#inContest(said, round);
  }

  #inContest(said: Extract<NeoStatement, { readonly instance: number }>, round: number): NeoStatement {
    const all = (1 << this.#seats) - 1;
    const slots = said.instance === ROUND_INSTANCE ? all : 1 << said.instance;
    if (said.kind === 'confirm') {
      const about = playersFromBits(slots & this.#one(0xffff, this.#seatSet()));
      const { hashes, named } = this.#vector(round, about);
      return { ...said, slots: about, named, values: vectorDigest(hashes) };
    }
    if (said.kind === 'prepare') return { ...said, proposal: this.#hash() };
    const { hashes, named } = this.#vector(round, slots);
    if (said.kind === 'propose') {
      const changes = this.#one(said.changes, said.changes.slice(1), [
        this.#hash(),
        ...said.changes.slice(1),
      ]);
      return { ...said, changes, named, values: hashes };
    }
    const opening = said.instance !== ROUND_INSTANCE;
    const claim = opening ? this.#one(NONE, this.#value(round, said.instance)) : NONE;
    const vote = opening ? { named: playersFromBits(0), votes: [] } : { named, votes: hashes };
    const certified = this.#one(
      said.certified,
      [],
      this.#certified(round).filter(({ slot }) => (slots & (1 << slot)) !== 0),
    );
    return { ...said, ...this.#one(vote, { named: said.named, votes: said.votes }), certified, claim };
  }

  /** Something that nobody asked for: of any kind, round, epoch, instance and view. */
  unasked(): NeoStatement {
    const { epoch: now, round: newest } = this.#table;
    const random = this.#random;
    const epoch = this.#one(now, now, now, now, now + 1, Math.max(0, now - 1), 0xffff);
    const round = Math.max(
      1,
      this.#one(newest, newest - random(8), newest - random(60), newest + random(60), 0xffffffff),
    );
    const instance = this.#one(
      ROUND_INSTANCE,
      ROUND_INSTANCE,
      random(this.#seats),
      random(this.#seats),
      random(256),
    );
    const view = this.#one(0, 1, 1, 2, 3, 8, 65535);
    const place = { epoch, round, instance, view };
    const empty = playersFromBits(0);
    return this.instead(
      this.#one<NeoStatement>(
        { kind: 'commit', epoch, round, commitment: this.#hash() },
        { kind: 'vote', epoch, round, named: empty, values: NONE, state: NONE },
        { kind: 'reveal', epoch, round, input: NONE, salt: NONE.slice(0, 16) },
        { kind: 'hold', epoch, round, index: random(16), authors: empty, values: NONE },
        { kind: 'confirm', ...place, index: random(4), slots: empty, named: empty, values: NONE },
        { kind: 'change', ...place, named: empty, votes: [], certified: [], claim: NONE },
        { kind: 'propose', ...place, changes: [this.#hash()], named: empty, values: [] },
        { kind: 'prepare', ...place, proposal: this.#hash() },
      ),
    );
  }
}
