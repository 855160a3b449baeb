/** A network in virtual time: delay, jitter, loss, duplication, reordering and partitions from one seed. */

import type { Seat } from '../base/ids.ts';
import type { Prng } from '../base/prng.ts';
import { type Micros, micros } from '../base/time.ts';

/** What a simulated network does to datagrams. All milliseconds are virtual and one-way. */
export interface NetworkOptions {
  /** 20 unless told. */
  readonly delayMs?: number;
  /** Up to this much more, evenly; larger than the time between datagrams it reorders them. 0 unless told. */
  readonly jitterMs?: number;
  /** Share that is lost, 0 .. 1. 0 unless told. */
  readonly loss?: number;
  /** Share that arrives twice, 0 .. 1. 0 unless told. */
  readonly duplicate?: number;
}

function share(name: string, value: number): number {
  if (!(value >= 0 && value <= 1))
    throw new RangeError(`simulate: network.${name} must be 0 .. 1; got ${value}`);
  return value;
}

function duration(name: string, value: number): Micros {
  if (!(value >= 0 && value <= 3_600_000)) {
    throw new RangeError(`simulate: network.${name} must be 0 .. 3600000 (milliseconds); got ${value}`);
  }
  return micros(value);
}

/** What is wrong with one direction of some links for a while. */
export interface LinkFault {
  readonly from: number | null;
  readonly to: number | null;
  readonly loss?: number;
  readonly delayMs?: number;
}

interface Wrong {
  readonly from: number | null;
  readonly to: number | null;
  readonly loss: number;
  readonly delay: Micros;
}

export class Network {
  readonly #random: Prng;
  #delay: Micros;
  #jitter: Micros;
  #loss: number;
  #duplicate: number;
  #groups: readonly (readonly number[])[] | null = null;
  #wrong: readonly Wrong[] = [];

  constructor(random: Prng, { delayMs = 20, jitterMs = 0, loss = 0, duplicate = 0 }: NetworkOptions = {}) {
    this.#random = random;
    this.#delay = duration('delayMs', delayMs);
    this.#jitter = duration('jitterMs', jitterMs);
    this.#loss = share('loss', loss);
    this.#duplicate = share('duplicate', duplicate);
  }

  /** From now on only players of one group reach each other; null joins all again. */
  partition(groups: readonly (readonly number[])[] | null): void {
    this.#groups = groups;
  }

  /** Until what it answers is called, some links are worse. */
  impair({ delayMs = 0, from, loss = 0, to }: LinkFault): () => void {
    const wrong = { from, to, loss: share('loss', loss), delay: duration('delayMs', delayMs) };
    this.#wrong = [...this.#wrong, wrong];
    return () => {
      this.#wrong = this.#wrong.filter((each) => each !== wrong);
    };
  }

  /** From now on nothing goes wrong any more. */
  calm(): void {
    this.#delay = Math.min(this.#delay, micros(20));
    this.#jitter = 0;
    this.#loss = 0;
    this.#duplicate = 0;
    this.#groups = null;
    this.#wrong = [];
  }

  /** When the copies of a datagram arrive that is sent now; none if it is lost. */
  arrivals(from: Seat, to: Seat, at: Micros): readonly Micros[] {
    const random = this.#random;
    const apart =
      this.#groups !== null && !this.#groups.some((group) => group.includes(from) && group.includes(to));
    const lost = random.unit() < this.#loss;
    const twice = random.unit() < this.#duplicate;
    let later = at;
    for (const wrong of this.#wrong) {
      if ((wrong.from ?? from) !== from || (wrong.to ?? to) !== to) continue;
      if (random.unit() < wrong.loss) return [];
      later += wrong.delay;
    }
    if (apart || lost) return [];
    const times = [this.#arrival(later)];
    if (twice) times.push(this.#arrival(later));
    return times;
  }

  #arrival(at: Micros): Micros {
    return at + this.#delay + (this.#jitter === 0 ? 0 : this.#random.below(this.#jitter + 1));
  }
}
