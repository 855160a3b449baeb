/**
 * The cryptography of the NEO round as it was published (GauthierDickey et al. 2004), as symbols: a key is
 * equal only to itself, a cipher opens under its key alone, and a signature exists only if its signer made
 * it.
 *
 * What is signed is exactly S_A(U) and S_A(V): neither names a session, a round or a receiver, and the
 * signature of an update is inside of the encryption. So whoever has opened an update once can seal it
 * again anywhere.
 */

import type { Micros } from '../base/time.ts';

/**
 * A move with the moment that its author claims for it: microseconds before the start of its round,
 * negative.
 */
export interface Update {
  readonly input: number;
  readonly stamp: Micros;
}

/** Whose update arrived in its round, by seat. */
export type Votes = readonly boolean[];

/** What really happened, for whoever counts; no player can see it. */
export interface Truth {
  /** When the content was chosen. */
  readonly moment: Micros;
  /** The round that it was made for. */
  readonly round: number;
  readonly session: number;
}

/** A value under a signature that binds its signer and nothing else. */
export interface Signed<T> {
  readonly signer: number;
  readonly value: T;
  readonly truth: Truth;
}

export class Key {
  /** When its owner first let it go; for whoever counts. */
  released: Micros | null = null;
}

/** An encrypted signed update. Of one that opens under several keys, the key decides what was said. */
export class Cipher {
  readonly #contents: ReadonlyMap<Key, Signed<Update>>;

  constructor(contents: Iterable<readonly [Key, Signed<Update>]>) {
    this.#contents = new Map(contents);
  }

  /** What it says under a key; null if that is nothing. */
  open(key: Key): Signed<Update> | null {
    return this.#contents.get(key) ?? null;
  }

  /** When what it says under this key could no longer change; for whoever counts. */
  fixedAt(key: Key): Micros {
    const moment = this.#contents.get(key)?.truth.moment ?? 0;
    return this.#contents.size > 1 ? Math.max(moment, key.released ?? moment) : moment;
  }
}

/** A cipher of one update under one key. */
export function seal(key: Key, content: Signed<Update>): Cipher {
  return new Cipher([[key, content]]);
}

/** A packet of a round; a part that is null was left out. All but the votes can be said in anybody's name. */
export interface ClassicPacket {
  readonly from: number;
  readonly round: number;
  readonly cipher: Cipher | null;
  /** About the round before. */
  readonly votes: Signed<Votes> | null;
  /** Of the update `pipeline` rounds before. */
  readonly key: Key | null;
  /** The round length that the sender would have. */
  readonly wish: Micros;
}
