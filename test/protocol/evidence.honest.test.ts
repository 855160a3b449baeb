/** Nobody honest can be framed: whatever a player signs that keeps the rules never contradicts itself. */

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seatOf } from '../../src/base/ids.ts';
import { add, has, nobody, type PlayerSet, seatsOf } from '../../src/base/players.ts';
import { type Prng, prng } from '../../src/base/prng.ts';
import { commit, vectorDigest } from '../../src/crypto/commitment.ts';
import { SIGNATURE_BYTES } from '../../src/crypto/signature.ts';
import { conflict, type Hashes, proveProposal, selfConflict } from '../../src/protocol/evidence.ts';
import { justified, leaderValue } from '../../src/protocol/neo/justify.ts';
import { PARTS_MAX } from '../../src/wire/limits.ts';
import { entriesOf, type Packet, partHashOf, signedPacket } from '../../src/wire/packet.ts';
import type { Certified, Change, Propose, Statement } from '../../src/wire/statement.ts';
import { filled } from '../standard/messages.ts';

const SEATS = 5;
const session = filled(0x21);
const NONE = filled(0);
const all = [...Array(SEATS).keys()].map(seatOf);

/** The commitment of a seat that everybody knows of, and another one of a seat that commits twice. */
const hashOf = (round: number, seat: number, which: number): Uint8Array =>
  filled(1 + which + 4 * seat + 40 * round);

/** What the world is to a player in one instance: at most one certified value a slot and view. */
class Instance {
  readonly #random: Prng;
  readonly #round: number;
  readonly #values = new Map<string, Uint8Array>();

  constructor(random: Prng, round: number) {
    this.#random = random;
    this.#round = round;
  }

  certifiedIn(view: number, slot: number): Uint8Array {
    const key = `${view} ${slot}`;
    const value =
      this.#values.get(key) ??
      [NONE, ...[0, 1].map((i) => hashOf(this.#round, slot, i))][this.#random.below(3)];
    this.#values.set(key, value as Uint8Array);
    return value as Uint8Array;
  }
}

/** A player that keeps the rules of the protocol, and what it has signed. */
class Honest {
  readonly statements: Statement[] = [];
  readonly vectors: Hashes[] = [[], [filled(0xee)]];
  readonly #random: Prng;
  readonly #me: number;

  constructor(random: Prng, me: number) {
    this.#random = random;
    this.#me = me;
    for (const round of [1, 2]) this.#play({ epoch: round - 1, round });
  }

  #hold(
    set: PlayerSet,
    bySeat: ReadonlyMap<number, Uint8Array>,
  ): { named: PlayerSet; list: Hashes; values: Uint8Array } {
    let named = nobody;
    const list: Uint8Array[] = [];
    for (const seat of seatsOf(set)) {
      const value = bySeat.get(seat);
      if (value === undefined || value === NONE) continue;
      named = add(named, seat);
      list.push(value);
    }
    this.vectors.push(list);
    return { named, list, values: vectorDigest(list) };
  }

  #play(place: { readonly epoch: number; readonly round: number }): void {
    const { round } = place;
    const [input, salt] = [filled(round, 3), filled(this.#me, 16)];
    const commitment = commit({ session, ...place, author: seatOf(this.#me) }, salt, input);
    this.statements.push({ kind: 'commit', ...place, commitment });
    const held = new Map<number, Uint8Array>([[this.#me, commitment]]);
    for (const seat of all) {
      if (seat !== this.#me && this.#random.below(3) > 0)
        held.set(seat, hashOf(round, seat, this.#random.below(2)));
    }
    const everybody = all.reduce(add, nobody);
    const vote = this.#hold(everybody, held);
    this.statements.push({
      kind: 'vote',
      ...place,
      named: vote.named,
      values: vote.values,
      state: filled(1),
    });
    if (this.#random.below(4) > 0) this.statements.push({ kind: 'reveal', ...place, input, salt });
    this.#contest({ ...place, instance: 255 }, everybody, {
      named: vote.named,
      votes: vote.list,
      claim: () => NONE,
    });
    this.#open(place);
  }

  /** Confirms, prepares and changes views, in any order that the rules allow. */
  #contest(
    place: { readonly epoch: number; readonly round: number; readonly instance: number },
    slots: PlayerSet,
    said: { readonly named: PlayerSet; readonly votes: Hashes; readonly claim: () => Uint8Array },
  ): void {
    const world = new Instance(this.#random, place.round);
    const best = new Map<number, Certified>();
    let [view, index, prepared] = [0, 0, 0];
    for (let step = this.#random.below(14); step > 0; step--) {
      const act = this.#random.below(4);
      if (act === 0) this.#learn(world, best, slots, view);
      else if (act === 1) index = this.#confirm({ ...place, view, index }, best);
      else if (act === 2 && view > prepared) {
        this.statements.push({ kind: 'prepare', ...place, view, proposal: filled(view) });
        prepared = view;
      } else if (act === 3) {
        view += 1 + this.#random.below(3);
        index = 0;
        if (this.#random.below(5) === 0) continue;
        const certified = [...best.values()].sort((x, y) => x.slot - y.slot);
        const { named, votes } = said;
        this.statements.push({
          kind: 'change',
          ...place,
          view,
          named,
          votes,
          certified,
          claim: said.claim(),
        });
      }
    }
  }

  /** Comes to hold a certificate; of several of a slot the one of the highest view is kept. */
  #learn(world: Instance, best: Map<number, Certified>, slots: PlayerSet, mine: number): void {
    const view = this.#random.below(2) === 0 ? mine : this.#random.below(mine + 3);
    for (const slot of seatsOf(slots)) {
      if (this.#random.below(2) === 0 || (best.get(slot)?.view ?? -1) >= view) continue;
      best.set(slot, { slot, view, value: world.certifiedIn(view, slot) });
    }
  }

  /** Confirms some of what is certified in its view; perhaps again what it has confirmed before. */
  #confirm(
    place: {
      readonly epoch: number;
      readonly round: number;
      readonly instance: number;
      readonly view: number;
      readonly index: number;
    },
    best: ReadonlyMap<number, Certified>,
  ): number {
    let slots = nobody;
    for (const { slot, view } of best.values()) {
      if (view === place.view && this.#random.below(3) > 0) slots = add(slots, seatOf(slot));
    }
    if (slots === nobody) return place.index;
    const { named, values } = this.#hold(slots, new Map([...best].map(([slot, { value }]) => [slot, value])));
    this.statements.push({ kind: 'confirm', ...place, slots, named, values });
    return place.index + 1;
  }

  /** HOLDs and the contests about openings: never a HOLD for what a view change has denied. */
  #open(place: { readonly epoch: number; readonly round: number }): void {
    const decided = new Map<number, Uint8Array>();
    for (const seat of all) decided.set(seat, hashOf(place.round, seat, this.#random.below(2)));
    let [mine, denied, said] = [nobody, nobody, nobody];
    let index = 0;
    for (let step = 0; step < 12; step++) {
      const author = seatOf(this.#random.below(SEATS));
      const act = this.#random.below(3);
      if (act === 0) mine = add(mine, author);
      else if (act === 1) {
        let fresh = nobody;
        for (const seat of seatsOf(mine))
          if (!has(denied, seat) && !has(said, seat)) fresh = add(fresh, seat);
        if (fresh === nobody) continue;
        for (const seat of seatsOf(fresh)) said = add(said, seat);
        const { values } = this.#hold(fresh, decided);
        this.statements.push({ kind: 'hold', ...place, index: index++, authors: fresh, values });
      } else if (
        !this.statements.some(
          (each) => 'instance' in each && each.instance === author && each.round === place.round,
        )
      ) {
        const claim = (): Uint8Array => {
          if (has(mine, author)) return decided.get(author) as Uint8Array;
          denied = add(denied, author);
          if (this.#random.below(2) === 0) mine = add(mine, author);
          return NONE;
        };
        const voted = { named: nobody, votes: [], claim };
        this.#contest({ ...place, instance: author }, add(nobody, author), voted);
      }
    }
  }
}

/** The statements in packets, some of them in several, in any company. */
function packed(random: Prng, me: number, statements: readonly Statement[]): Packet[] {
  const packets: Packet[] = [];
  const unsigned = (parts: readonly Statement[]): Packet =>
    signedPacket(seatOf(me), entriesOf(parts), new Uint8Array(SIGNATURE_BYTES));
  let open: Statement[] = [];
  for (const statement of statements) {
    open.push(statement);
    if (open.length < PARTS_MAX && random.below(2) === 0) continue;
    packets.push(unsigned(open));
    if (random.below(4) === 0) packets.push(unsigned(open.slice(-1)));
    open = [];
  }
  return open.length > 0 ? [...packets, unsigned(open)] : packets;
}

describe('what an honest player signs', () => {
  it('never contradicts itself, whichever hashes are known', () => {
    const met = new Map<string, number>();
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0xffffffff }), (seed) => {
        const random = prng(seed);
        const me = random.below(SEATS);
        const { statements, vectors } = new Honest(random, me);
        const packets = packed(random, me, statements);
        for (const a of packets) {
          expect(selfConflict(session, a, vectors)).toBeNull();
          for (const b of packets) expect(conflict(session, a, b, vectors)).toBeNull();
        }
        count(met, statements);
      }),
      { numRuns: 300 },
    );
    for (const [name, times] of met) expect({ name, often: times > 30 }).toEqual({ name, often: true });
    expect([...met.keys()].sort()).toEqual([
      'a view left that had a confirm',
      'an author held and contested',
      'confirms of one view',
      'opening denied',
    ]);
  });

  /** How often a history comes near to each lie. */
  function count(met: Map<string, number>, statements: readonly Statement[]): void {
    const see = (name: string): void => void met.set(name, (met.get(name) ?? 0) + 1);
    for (const x of statements) {
      if (x.kind === 'change' && x.instance !== 255 && x.claim === NONE) see('opening denied');
      for (const y of statements) {
        if (!('round' in x) || !('round' in y) || x.round !== y.round) continue;
        if (x.kind === 'confirm' && y.kind === 'confirm' && x.instance === y.instance && x.view === y.view) {
          if (x.index < y.index && (x.slots & y.slots) !== 0) see('confirms of one view');
        }
        if (x.kind === 'confirm' && y.kind === 'change' && x.instance === y.instance && x.view < y.view) {
          see('a view left that had a confirm');
        }
        if (
          x.kind === 'hold' &&
          y.kind === 'change' &&
          y.instance < SEATS &&
          has(x.authors, seatOf(y.instance))
        ) {
          see('an author held and contested');
        }
      }
    }
  }
});

describe('what an honest leader proposes', () => {
  it('is never a bad proposal, whatever the members have reported', () => {
    const proper = fc.record({
      instance: fc.constantFrom(255, 255, 1),
      seed: fc.integer({ min: 0, max: 0xffffffff }),
      members: fc.integer({ min: 2, max: SEATS }),
    });
    fc.assert(
      fc.property(proper, ({ instance, members, seed }) => {
        const random = prng(seed);
        const slots = (instance === 255 ? all.slice(0, members) : [seatOf(1)]).reduce(add, nobody);
        const place = { epoch: 0, round: 1, instance, view: 3 };
        const pick = (slot: number): Uint8Array =>
          [NONE, hashOf(1, slot, 0), hashOf(1, slot, 1)][random.below(3)] as Uint8Array;
        const changes = all.slice(0, members).map((sender): Packet => {
          const statement = report(random, place, slots, pick);
          return signedPacket(sender, entriesOf([statement]), new Uint8Array(SIGNATURE_BYTES));
        });
        const set = changes.map(({ entries }) => entries[0]?.statement as Change);
        let named = nobody;
        const values: Uint8Array[] = [];
        for (const slot of seatsOf(slots)) {
          const value = leaderValue(instance, slot, set);
          if (value.every((byte) => byte === 0)) continue;
          named = add(named, slot);
          values.push(value);
        }
        const hashes = changes.map((packet) => partHashOf(session, packet, 0));
        const propose: Propose = { kind: 'propose', ...place, changes: hashes, named, values };
        expect(justified(propose, slots, set)).toBe(true);
        const packet = signedPacket(seatOf(0), entriesOf([propose]), new Uint8Array(SIGNATURE_BYTES));
        expect(proveProposal(session, filled(1), packet, changes)).toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  /** A view change that an honest player takes in: of slots of the instance alone. */
  function report(
    random: Prng,
    place: {
      readonly epoch: number;
      readonly round: number;
      readonly instance: number;
      readonly view: number;
    },
    slots: PlayerSet,
    pick: (slot: number) => Uint8Array,
  ): Change {
    const certified = seatsOf(slots).flatMap((slot): Certified[] =>
      random.below(3) === 0 ? [{ slot, view: random.below(3), value: pick(slot) }] : [],
    );
    let named = nobody;
    const votes: Uint8Array[] = [];
    for (const slot of place.instance === 255 ? seatsOf(slots) : []) {
      if (random.below(3) === 0) continue;
      named = add(named, slot);
      votes.push(hashOf(1, slot, random.below(2)));
    }
    const claim = place.instance === 255 ? NONE : pick(place.instance);
    return { kind: 'change', ...place, named, votes, certified, claim };
  }
});
