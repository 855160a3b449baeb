/** What a player bound by nothing may sign: menus, made anew of what the honest players have sent. */

import type { Seat } from '../src/base/ids.ts';
import type { Statement } from '../src/wire/statement.ts';
import type { Engine } from './engine.ts';

/** What is known to a liar. */
export interface Known {
  readonly engine: Engine;
  readonly session: Uint8Array;
  readonly seats: number;
  readonly me: Seat;
  /** Everybody who is bound by nothing; they conspire. */
  readonly liars: readonly Seat[];
  /** Rounds that honest players play. */
  readonly rounds: number;
  /** Every statement that an honest player has sent. */
  readonly sent: readonly { readonly seat: Seat; readonly statement: Statement }[];
}

/** The packets that can be formed now, as lists of statements. */
export type Menu = (known: Known) => readonly (readonly Statement[])[];

export type Sealed = 'a' | 'b' | 'late';

/** What the liar's commitments of a round are made of. */
export function sealedInput(which: Sealed): { readonly input: Uint8Array; readonly salt: Uint8Array } {
  const mark = { a: 0xa0, b: 0xb0, late: lateMark }[which];
  return { input: Uint8Array.of(mark), salt: new Uint8Array(16).fill(mark) };
}

/** First byte of an input that was chosen when an opening of its round was known. */
export const lateMark = 0xee;

type Commit = Extract<Statement, { kind: 'commit' }>;
type Open = readonly [Extract<Statement, { kind: 'set' }>, Extract<Statement, { kind: 'reveal' }>];

/** A round of epoch 0 as a liar sees it. */
class Place {
  readonly #known: Known;
  readonly #round: number;

  constructor(known: Known, round: number) {
    this.#known = known;
    this.#round = round;
  }

  /** True once an honest player has opened in this round: from then on, `late` can be chosen. */
  get opened(): boolean {
    return this.#known.sent.some(({ statement }) => statement.kind === 'reveal' && this.#here(statement));
  }

  #here(statement: { readonly epoch: number; readonly round: number }): boolean {
    return statement.epoch === 0 && statement.round === this.#round;
  }

  commit(which: Sealed, author: Seat = this.#known.me): Commit {
    const { engine, session } = this.#known;
    const { input, salt } = sealedInput(which);
    const slot = { session, epoch: 0, round: this.#round, author };
    return { kind: 'commit', epoch: 0, round: this.#round, commitment: engine.commit(slot, salt, input) };
  }

  /** Every digest of a set with this commitment of mine; of another liar, with its first. */
  #sets(which: Sealed): Uint8Array[] {
    const { engine, liars, me, seats, sent, session } = this.#known;
    let lists: Uint8Array[][] = [[]];
    for (let seat = 0; seat < seats; seat++) {
      const commits = sent.flatMap(({ seat: author, statement }) =>
        author === seat && statement.kind === 'commit' && this.#here(statement) ? [statement.commitment] : [],
      );
      for (const liar of liars) {
        if (liar === seat) commits.push(this.commit(liar === me ? which : 'a', liar).commitment);
      }
      lists = lists.flatMap((list) => commits.map((commit) => [...list, commit]));
    }
    const slot = { session, epoch: 0, round: this.#round };
    return lists.map((list) => engine.commitmentSet(slot, list));
  }

  #open(set: Uint8Array, revealed: Sealed): Open {
    const { input, salt } = sealedInput(revealed);
    const place = { epoch: 0, round: this.#round };
    return [
      { kind: 'set', ...place, set, state: new Uint8Array(32) },
      { kind: 'reveal', ...place, input, salt },
    ];
  }

  /** Openings that say: my commitment was `which`, and it was made of `revealed`. */
  opens(which: Sealed, revealed: Sealed = which): Open[] {
    return this.#sets(which).map((set) => this.#open(set, revealed));
  }

  /** An opening with a set that lists nothing that anybody signed. */
  wrongSet(revealed: Sealed): Open {
    return this.#open(new Uint8Array(32).fill(1), revealed);
  }
}

function places(known: Known): readonly Place[] {
  return Array.from({ length: known.rounds }, (_, index) => new Place(known, index + 1));
}

/** Commits and opens as an honest player would, or falls silent at any point. */
export const mute: Menu = (known) =>
  places(known).flatMap((place) => [[place.commit('a')], ...place.opens('a')]);

/** Two commitments, one more after others have opened, and the openings of each. */
export const commits: Menu = (known) =>
  places(known).flatMap((place) => {
    const sealed: readonly Sealed[] = place.opened ? ['a', 'b', 'late'] : ['a', 'b'];
    return sealed.flatMap((which) => [[place.commit(which)], ...place.opens(which)]);
  });

/** One commitment, and every wrong way to open it. */
export const openings: Menu = (known) =>
  places(known).flatMap((place) => [
    [place.commit('a')],
    ...place.opens('a'),
    ...place.opens('a', 'b'),
    place.wrongSet('a'),
  ]);

/** One packet that commits twice. */
export const doubles: Menu = (known) => places(known).map((place) => [place.commit('a'), place.commit('b')]);

/** REMOVE of each other player, after each round that could be the last. */
export const removes: Menu = (known) => {
  const statements: Statement[][] = [];
  for (let target = 0; target < known.seats; target++) {
    if (target === known.me) continue;
    for (let advanced = 0; advanced <= known.rounds; advanced++) {
      statements.push([{ kind: 'remove', epoch: 0, target, advanced }]);
    }
  }
  return statements;
};

/** WISHes of the first round, two under each index. */
export const wishes: Menu = ({ me, seats }) =>
  [0, 1].flatMap((index) =>
    Array.from({ length: seats }, (_, target) => target)
      .filter((target) => target !== me)
      .map((target) => [{ kind: 'wish', epoch: 0, index, target, round: 1 } as const]),
  );

/** The wish to go on without one player, and REMOVE of it, after each round that could be the last. */
export function against(target: number): Menu {
  return (known) => [
    [{ kind: 'wish', epoch: 0, index: 0, target, round: 1 }],
    ...removes(known).filter(([statement]) => statement?.kind === 'remove' && statement.target === target),
  ];
}

/** LEAVE, after each round that could be the last. */
export const leaves: Menu = ({ rounds }) =>
  Array.from({ length: rounds + 1 }, (_, advanced) => [{ kind: 'leave', epoch: 0, advanced } as const]);

/** Everything that is on one of the menus. */
export function all(...menus: readonly Menu[]): Menu {
  return (known) => menus.flatMap((menu) => menu(known));
}
