/** What may be delivered: everything that honest players have sent, and all that liars can form of it. */

import { type Seat, seatOf } from '../src/base/ids.ts';
import type { Configuration } from './configuration.ts';
import type { Engine } from './engine.ts';
import { Interner } from './interner.ts';
import type { Items } from './items.ts';
import type { Known } from './menus.ts';
import type { Players } from './players.ts';

export class Network {
  readonly #engine: Engine;
  readonly #items: Items;
  readonly #configuration: Configuration;
  readonly #players: Players;
  readonly #sent = new Interner();
  readonly #networks = new Map<number, readonly number[]>();

  constructor(engine: Engine, items: Items, configuration: Configuration, players: Players) {
    this.#engine = engine;
    this.#items = items;
    this.#configuration = configuration;
    this.#players = players;
  }

  /** Every item that may be delivered in a global state. */
  items(state: readonly number[]): readonly number[] {
    const base = 2 ** Math.floor(52 / state.length);
    let key = 0;
    for (const id of state) {
      const sent = this.#sent.id(this.#players.local(id).sent);
      if (sent >= base) throw new RangeError(`more than ${base} sets of what a player has sent`);
      key = key * base + sent;
    }
    const known = this.#networks.get(key);
    if (known !== undefined) return known;
    const sent = new Set(state.flatMap((id) => this.#players.local(id).sent));
    const items = [...sent, ...this.#forms([...sent])];
    this.#networks.set(key, [...new Set(items)]);
    return items;
  }

  #forms(sent: readonly number[]): readonly number[] {
    const statements = sent.flatMap((id): Known['sent'][number][] => {
      const packet = this.#items.packet(id);
      if (packet === null) return [];
      return packet.entries.flatMap(({ statement }) =>
        statement ? [{ seat: packet.sender, statement }] : [],
      );
    });
    const { liars = {}, rounds, seats } = this.#configuration;
    const all: readonly Seat[] = Object.keys(liars).map((index) => seatOf(Number(index)));
    const { session } = this.#items;
    return Object.entries(liars).flatMap(([index, menu]) => {
      const me = seatOf(Number(index));
      const known = { engine: this.#engine, session, seats, me, liars: all, rounds, sent: statements };
      return menu(known).map((packet) => this.#items.sign(me, packet));
    });
  }
}
