/** A group of honest players among whom anything may be delivered, as a space to explore. */

import { type Seat, seatOf } from '../src/base/ids.ts';
import type { Claims } from './claims.ts';
import type { Configuration } from './configuration.ts';
import type { Engine } from './engine.ts';
import { type Exploration, explore, type Space } from './explorer.ts';
import { Items } from './items.ts';
import { Network } from './network.ts';
import { Players } from './players.ts';
import { Rest } from './rest.ts';
import { compare, Watch } from './watch.ts';

export class Group implements Space {
  readonly parts: number;
  readonly initial: readonly number[];
  readonly #honest: readonly Seat[];
  readonly #engine: Engine;
  readonly #items: Items;
  readonly #configuration: Configuration;
  readonly #claims: Claims;
  readonly #players: Players;
  readonly #network: Network;
  readonly #rest: Rest;
  readonly #compared = new Set<number>();

  constructor(engine: Engine, configuration: Configuration, claims: Claims) {
    this.#engine = engine;
    this.#configuration = configuration;
    this.#claims = claims;
    this.#items = new Items(engine, configuration.everyProof ?? false);
    const watch = new Watch(engine, this.#items, configuration, claims);
    this.#players = new Players(engine, this.#items, configuration, claims, watch);
    this.#network = new Network(engine, this.#items, configuration, this.#players);
    this.#rest = new Rest(engine, this.#items, configuration, claims, this.#players);
    const { liars = {}, seats } = configuration;
    this.#honest = Array.from({ length: seats }, (_, seat) => seatOf(seat)).filter(
      (seat) => !(seat in liars),
    );
    this.parts = this.#honest.length;
    this.initial = this.#honest.map((seat) => this.#players.begin(seat));
  }

  visit(state: readonly number[], index: number): void {
    this.#claims.at = { state: index, move: null };
    for (const [i, first] of state.entries()) {
      for (const second of state.slice(i + 1)) {
        const pair = first * 0x1000000 + second;
        if (this.#compared.has(pair)) continue;
        this.#compared.add(pair);
        compare(
          this.#engine,
          this.#items,
          this.#claims,
          this.#players.local(first),
          this.#players.local(second),
        );
      }
    }
    this.#rest.check(state);
    this.#sometimes(state);
  }

  #sometimes(state: readonly number[]): void {
    const machines = state.map((id) => this.#players.local(id).machine);
    if (machines.every(({ round }) => round > this.#configuration.rounds))
      this.#claims.seen('sometimes all advance');
    if (machines.some(({ epoch }) => epoch > 0)) this.#claims.seen('sometimes the epoch ends');
  }

  moves(state: readonly number[], report: (part: number, next: number, move: number) => void): void {
    const items = this.#network.items(state);
    for (const [part, id] of state.entries()) {
      const { free, sure } = this.#players.own(id);
      for (const { move, next } of sure) report(part, next, move);
      for (const { move, next } of free) report(part, next, move);
      for (const item of items) {
        report(part, this.#players.deliver(id, item), item);
        for (const { move, next } of this.#players.losses(id, item)) report(part, next, move);
      }
    }
  }

  explore(goesOn: (states: number) => boolean): Exploration {
    const exploration = explore(this, goesOn);
    this.#claims.at = { state: 0, move: null };
    if (!exploration.complete) return exploration;
    const circle = this.#players.circle();
    this.#claims.check('no circles', circle === null, () => `${circle} leads back to a state before it`);
    return exploration;
  }

  /** The way to a state, in words. */
  words(exploration: Exploration, state: number): readonly string[] {
    return exploration
      .path(state)
      .map(({ move, part }) => `${this.#honest[part]} ${this.#players.moveLabel(move)}`);
  }
}
