/** Junk for floods: noise, and real datagrams cut, changed, doubled and out of place; never signed. */

import { type Seat, seatOf } from '../base/ids.ts';
import type { Prng } from '../base/prng.ts';

/** Real datagrams that are remembered for each player. */
const REMEMBERED = 32;

export class Junk {
  readonly #random: Prng;
  readonly #players: number;
  readonly #seen = new Map<Seat, Uint8Array[]>();

  constructor(random: Prng, players: number) {
    this.#random = random;
    this.#players = players;
  }

  /** A real datagram on its way to a player. */
  saw(to: Seat, datagram: Uint8Array): void {
    const seen = this.#seen.get(to) ?? [];
    this.#seen.set(to, seen);
    if (seen.length < REMEMBERED) seen.push(datagram);
    else seen[this.#random.below(REMEMBERED)] = datagram;
  }

  /** Something for a player, as if it came from another one. */
  next(to: Seat): readonly [from: Seat, datagram: Uint8Array] {
    const random = this.#random;
    const from = seatOf((to + 1 + random.below(this.#players - 1)) % this.#players);
    const seen = this.#seen.get(to) ?? [];
    const real = seen[seen.length === 0 ? 0 : random.below(seen.length)] ?? new Uint8Array(32);
    const way = random.below(5);
    if (way === 0) return [from, Uint8Array.from({ length: random.below(64) }, () => random.below(256))];
    if (way === 1) return [from, real.slice(0, random.below(real.length + 1))];
    if (way === 2) return [from, real];
    const changed = real.slice();
    for (let i = 1 + random.below(4); i > 0; i--) changed[random.below(changed.length)] = random.below(256);
    if (way === 3) return [from, changed];
    // Noise behind the head of a real one: it passes the first checks.
    for (let i = 10; i < changed.length; i++) changed[i] = random.below(256);
    return [from, changed];
  }
}
