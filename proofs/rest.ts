/**
 * Rest: states in which everything that one honest player holds and another lacks has been delivered,
 * and every input that is wanted has been given. Steps towards rest never go in circles, so what holds
 * of every state at rest is where all roads end on which what is sent keeps arriving.
 */

import type { Seat } from '../src/base/ids.ts';
import { add, has, intersect, minus, nobody, type PlayerSet, remove, seatsOf } from '../src/base/players.ts';
import type { Lockstep } from '../src/protocol/lockstep-state.ts';
import type { Holding } from '../src/protocol/round.ts';
import type { Standing } from '../src/wire/envelope.ts';
import type { Packet } from '../src/wire/packet.ts';
import type { Claims } from './claims.ts';
import type { Configuration } from './configuration.ts';
import type { Engine } from './engine.ts';
import type { Items } from './items.ts';
import type { Local } from './local.ts';
import type { Players } from './players.ts';

interface Held {
  readonly item: number;
  readonly holding: Holding;
}

export class Rest {
  readonly #engine: Engine;
  readonly #items: Items;
  readonly #configuration: Configuration;
  readonly #claims: Claims;
  readonly #players: Players;
  readonly #held: (readonly Held[] | undefined)[] = [];
  readonly #serves = new Map<number, boolean>();

  constructor(engine: Engine, items: Items, configuration: Configuration, claims: Claims, players: Players) {
    this.#engine = engine;
    this.#items = items;
    this.#configuration = configuration;
    this.#claims = claims;
    this.#players = players;
  }

  #holdings(id: number): readonly Held[] {
    const known = this.#held[id];
    if (known !== undefined) return known;
    const holdings = this.#engine.holdingsOf(this.#players.local(id).machine);
    const held = holdings.map((holding) => ({ holding, item: this.#items.of(holding.item) }));
    this.#held[id] = held;
    return held;
  }

  /** True when a player holds what another lacks, by its standing, and can use. */
  #serve(to: number, from: number): boolean {
    const key = to * 0x1000000 + from;
    const known = this.#serves.get(key);
    if (known !== undefined) return known;
    const { machine, seat } = this.#players.local(to);
    const standing = this.#engine.standingOf(machine);
    const serves = this.#holdings(from).some(({ holding, item }) => {
      if (holding.author === seat && holding.kind !== 'cause') return false;
      return this.#engine.lacks(standing, holding) && this.#players.deliver(to, item) !== to;
    });
    this.#serves.set(key, serves);
    return serves;
  }

  #resting(state: readonly number[]): boolean {
    if (state.some((id) => this.#players.own(id).sure.length > 0)) return false;
    return !state.some((to) => state.some((from) => from !== to && this.#serve(to, from)));
  }

  /** Checks what is claimed of states at rest, if this is one. */
  check(state: readonly number[]): void {
    if (!this.#resting(state)) return;
    const locals = state.map((id) => this.#players.local(id));
    for (const local of locals) {
      const why = this.#stuck(local, this.#faulty(locals, local));
      this.#claims.check('progress', why === null, () => `at rest, but ${local.seat} ${why}`);
    }
    this.#accountable(state, locals);
    this.#stalls(locals);
  }

  #liars(): PlayerSet {
    const seats = Object.keys(this.#configuration.liars ?? {});
    return seats.reduce((set, seat) => add(set, Number(seat) as Seat), nobody);
  }

  /** Of whom a player can expect nothing more: liars, whoever has left, and whoever parts with it. */
  #faulty(locals: readonly Local[], { seat: me }: Local): PlayerSet {
    let faulty = this.#liars();
    for (const { machine, seat } of locals) {
      const { members, over, removal } = machine;
      const parts = !has(members, me) || removal.frozen === me;
      if (over !== null || removal.causes[seat] || parts) faulty = add(faulty, seat);
    }
    return faulty;
  }

  /** Why a player ought not to be at rest, or null. */
  #stuck({ machine, seat }: Local, faulty: PlayerSet): string | null {
    const { members, over, removal, round } = machine;
    if (over !== null) return null;
    const awaited = intersect(remove(members, seat), faulty);
    if (removal.frozen !== null) {
      const split =
        this.#engine.lost(removal, members) !== nobody || remove(awaited, removal.frozen) !== nobody;
      return split ? null : `has signed REMOVE of ${removal.frozen}, and the epoch does not end`;
    }
    if (removal.causes[seat]) return awaited === nobody ? 'has left, and nobody lets it go' : null;
    const cause = seatsOf(members).find((each) => (removal.causes[each]?.after ?? round) < round);
    if (cause !== undefined) return `holds a cause against ${cause}, and signs no REMOVE`;
    if (round > this.#configuration.rounds || awaited !== nobody) return null;
    return `waits in round ${round} for somebody honest`;
  }

  /**
   * Whom one honest player has convicted, all have. And when all have opened, a liar of whom they hold
   * packets that contradict each other, each player one half, is convicted.
   */
  #accountable(state: readonly number[], locals: readonly Local[]): void {
    const present = locals.filter(({ machine }) => machine.over === null);
    const opened = present.every(
      ({ machine: { ownSet, round } }) => ownSet !== null || round > this.#configuration.rounds,
    );
    for (const liar of seatsOf(this.#liars())) {
      const guilty = ({ machine }: Local): boolean => machine.removal.causes[liar]?.reason === 'guilty';
      if (!present.some(guilty) && !(opened && this.#lies(state, liar))) continue;
      for (const local of present) {
        this.#claims.check(
          'accountable',
          guilty(local),
          () => `at rest, but ${local.seat} has not convicted ${liar}`,
        );
      }
    }
  }

  /** True when honest players hold commitments and openings of a liar that convict it. */
  #lies(state: readonly number[], liar: Seat): boolean {
    const held = state
      .flatMap((id) => this.#holdings(id))
      .flatMap(({ holding: { author, kind }, item }): Packet[] => {
        const packet =
          author === liar && (kind === 'commit' || kind === 'open') ? this.#items.packet(item) : null;
        return packet === null ? [] : [packet];
      });
    const packets = [...new Set(held)];
    return packets.some((a, i) => packets.slice(i + 1).some((b) => this.#proves(liar, a, b)));
  }

  #proves(seat: Seat, a: Packet, b: Packet): boolean {
    return this.#engine.prove(this.#items.session, new Uint8Array(32).fill(seat + 1), a, b) !== null;
  }

  /** Whoever waits names somebody in its stall, and nobody who is honest and still there. */
  #stalls(locals: readonly Local[]): void {
    for (const local of locals) {
      const { machine, seat } = local;
      const faulty = this.#faulty(locals, local);
      const { members, over, removal, round } = machine;
      const waits = over === null && (round <= this.#configuration.rounds || removal.frozen !== null);
      const split = this.#engine.lost(removal, members) !== nobody;
      for (const liars of [null, this.#boast(machine)]) {
        const standings = this.#standings(locals, liars);
        const named = this.#engine.suspects(machine, standings)?.players ?? nobody;
        const wrong = minus(named, faulty);
        this.#claims.check(
          'stalls',
          wrong === nobody,
          () => `the stall of ${seat} names ${seatsOf(wrong).join()}`,
        );
        if (!waits || split || removal.causes[seat]) continue;
        this.#claims.check('stalls', named !== nobody, () => `${seat} waits, and its stall names nobody`);
      }
    }
  }

  /** The standing of a liar that claims to hold everything. */
  #boast({ epoch, members, round }: Lockstep): Standing {
    return { epoch, round, commits: members, opens: members, removes: members, causes: members };
  }

  #standings(locals: readonly Local[], liars: Standing | null): readonly (Standing | null)[] {
    return Array.from({ length: this.#configuration.seats }, (_, seat) => {
      const local = locals.find((each) => each.seat === seat);
      return local === undefined ? liars : this.#engine.standingOf(local.machine);
    });
  }
}
