/**
 * One player of the NEO round as it was published: holds what arrives, votes on what arrived in time, and
 * accepts what has a majority among the votes that it holds at its own deadline. Silence counts as a no.
 */

import type { Micros } from '../base/time.ts';
import type { Cipher, ClassicPacket, Key, Signed, Update, Votes } from './classic-terms.ts';

/** What a player holds of one round, by author. */
export interface Held {
  readonly ciphers: (Cipher | null)[];
  readonly keys: (Key | null)[];
  /** About this round, by voter. */
  readonly votes: (Signed<Votes> | null)[];
  /** What could be opened, and since when. */
  readonly opened: (Signed<Update> | null)[];
  readonly openedAt: (Micros | null)[];
  /** Wishes that came with this round's packets. */
  readonly wishes: (Micros | null)[];
  /** How much later than expected this round's packets came, by sender. */
  readonly lags: (Micros | null)[];
  accepted: readonly boolean[] | null;
}

export interface PlayerRules {
  readonly players: number;
  readonly pipeline: number;
  readonly selfVote: boolean;
}

/** Votes that make a majority of a group. */
export function majorityOf(players: number): number {
  return Math.floor(players / 2) + 1;
}

function blank<T>(players: number): (T | null)[] {
  return new Array<T | null>(players).fill(null);
}

export class ClassicPlayer {
  readonly seat: number;
  readonly #rules: PlayerRules;
  readonly #rounds = new Map<number, Held>();
  #oldest = 0;

  constructor(seat: number, rules: PlayerRules) {
    this.seat = seat;
    this.#rules = rules;
  }

  /** What is held of a round; of a forgotten round, nothing. */
  held(round: number): Held {
    let held = this.#rounds.get(round);
    if (held === undefined) {
      const { players } = this.#rules;
      held = {
        ciphers: blank(players),
        keys: blank(players),
        votes: blank(players),
        opened: blank(players),
        openedAt: blank(players),
        wishes: blank(players),
        lags: blank(players),
        accepted: null,
      };
      if (round >= this.#oldest) this.#rounds.set(round, held);
    }
    return held;
  }

  /** Forgets all rounds before one. */
  forget(before: number): void {
    for (; this.#oldest < before; this.#oldest++) this.#rounds.delete(this.#oldest);
  }

  /**
   * Takes a packet, whoever really sent it: of each part the first wins. Only votes can be checked on
   * arrival; an update shows its signature when its key is there, a round too late for another to take its
   * place.
   */
  take(packet: ClassicPacket, at: Micros): void {
    const { from, round, cipher, votes, key, wish } = packet;
    const { pipeline } = this.#rules;
    const now = this.held(round);
    now.wishes[from] ??= wish;
    if (cipher !== null && now.ciphers[from] === null) {
      now.ciphers[from] = cipher;
      this.#open(now, from, at);
    }
    if (votes !== null && votes.signer === from) this.held(round - 1).votes[from] ??= votes;
    if (key !== null) this.takeKey(round - pipeline, from, key, at);
  }

  /** Takes the key of an author's update of a round, unless there is one. */
  takeKey(round: number, author: number, key: Key, at: Micros): void {
    const held = this.held(round);
    if (held.keys[author] !== null) return;
    held.keys[author] = key;
    this.#open(held, author, at);
  }

  #open(held: Held, author: number, at: Micros): void {
    const cipher = held.ciphers[author];
    const key = held.keys[author];
    if (!cipher || !key) return;
    const content = cipher.open(key);
    if (content?.signer !== author) return;
    held.opened[author] = content;
    held.openedAt[author] = at;
  }

  /** The own votes about a round, at its end. */
  votesAbout(round: number): Votes {
    const { ciphers } = this.held(round);
    return ciphers.map((cipher, author) => (author === this.seat ? this.#rules.selfVote : cipher !== null));
  }

  /** Those whose yes about an update is held. */
  voters(round: number, author: number): readonly number[] {
    return this.held(round).votes.flatMap((votes, voter) => (votes?.value[author] ? [voter] : []));
  }

  /** Whose updates of a round are valid, by the votes that are held now. */
  decide(round: number): readonly boolean[] {
    const held = this.held(round);
    const needed = majorityOf(this.#rules.players);
    const yes = new Array<number>(this.#rules.players).fill(0);
    for (const votes of held.votes)
      votes?.value.forEach((vote, author) => {
        if (vote) yes[author] = (yes[author] ?? 0) + 1;
      });
    held.accepted = yes.map((count) => count >= needed);
    return held.accepted;
  }
}
