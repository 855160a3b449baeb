/** Faults in virtual time: when each begins and ends, and what it does to the network and the players. */

import { type Seat, seatOf } from '../base/ids.ts';
import type { Prng } from '../base/prng.ts';
import { type Micros, micros } from '../base/time.ts';
import type { Network } from './network.ts';
import type { SimulatedFault, TimedFault } from './options.ts';
import type { PlayerEvent } from './player.ts';

/** Datagrams that wait for a player that stands still, at most. */
const WAITING_MAX = 2048;
const EVERYBODY = { from: null, to: null };

/** What faults act on. */
export interface FaultWorld {
  readonly network: Network;
  now(): Micros;
  later(at: Micros, act: () => void): void;
  take(seat: Seat, what: PlayerEvent): void;
  /** True once the match has begun for everybody. */
  hasBegun(): boolean;
  /** One datagram of junk reaches a player. */
  junk(to: Seat): void;
}

export class Faults {
  readonly #world: FaultWorld;
  readonly #random: Prng;
  /** By seat that stands still what waits for it. */
  readonly #paused = new Map<Seat, PlayerEvent[]>();
  #calm = false;

  constructor(world: FaultWorld, random: Prng) {
    this.#world = world;
    this.#random = random;
  }

  plan(faults: readonly SimulatedFault[]): void {
    for (const fault of faults) {
      if (fault.type !== 'crash-at-act')
        this.#world.later(micros(fault.atMs), () => {
          if (!this.#calm) this.#begin(fault);
        });
    }
  }

  /** True when the player stands still: what happens to it waits. */
  holds(seat: Seat, what: PlayerEvent): boolean {
    const waiting = this.#paused.get(seat);
    if (waiting === undefined || what.type === 'crash' || what.type === 'start') return false;
    if (waiting.length < WAITING_MAX) waiting.push(what);
    return true;
  }

  #begin(fault: TimedFault): void {
    const { network, now } = this.#world;
    const after = (ms: number, act: () => void): void => this.#world.later(now() + micros(ms), act);
    if (fault.type === 'partition') {
      network.partition(fault.groups);
      after(fault.forMs, () => network.partition(null));
    } else if (fault.type === 'silence') after(fault.forMs, network.impair({ ...EVERYBODY, loss: 1 }));
    else if (fault.type === 'link') after(fault.forMs, network.impair(fault));
    else if (fault.type === 'flood')
      this.#flood(seatOf(fault.to), fault.perSecond, now() + micros(fault.forMs));
    else if (fault.type === 'calm') {
      this.#calm = true;
      network.calm();
      for (const seat of this.#paused.keys()) this.#resume(seat);
    } else this.#befall(fault, after);
  }

  #befall(
    fault: Extract<TimedFault, { readonly player: number }>,
    after: (ms: number, act: () => void) => void,
  ): void {
    const { hasBegun, now, take } = this.#world;
    const seat = seatOf(fault.player);
    // Who is gone for good before all have met lets nobody begin: that is no fault to be borne.
    if (fault.type === 'crash' && !Number.isFinite(fault.downMs) && !hasBegun())
      return after(100, () => this.#befall(fault, after));
    if (fault.type === 'leave') take(seat, { type: 'leave' });
    else if (fault.type === 'pause') {
      if (!this.#paused.has(seat)) this.#paused.set(seat, []);
      after(fault.forMs, () => this.#resume(seat));
    } else {
      this.#paused.delete(seat);
      take(seat, { type: 'crash', kept: this.#random.split(now()).below(4) });
      if (Number.isFinite(fault.downMs)) after(fault.downMs, () => take(seat, { type: 'start' }));
    }
  }

  #resume(seat: Seat): void {
    const waiting = this.#paused.get(seat) ?? [];
    this.#paused.delete(seat);
    for (const what of waiting) this.#world.take(seat, what);
    if (waiting.length > 0) this.#world.take(seat, { type: 'tick' });
  }

  /** So many datagrams a second, a millisecond's worth at a time. */
  #flood(to: Seat, perSecond: number, until: Micros): void {
    const { junk, later, now } = this.#world;
    for (let i = 0; i < Math.ceil(perSecond / 1000); i++) junk(to);
    if (now() < until) later(now() + micros(1), () => this.#flood(to, perSecond, until));
  }
}
