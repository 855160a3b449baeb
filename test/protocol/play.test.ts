import { describe, expect, it } from 'vitest';
import { firstPlayers, nobody, playersFromBits } from '../../src/base/players.ts';
import { defineGame } from '../../src/client/game.ts';
import { Play } from '../../src/protocol/play.ts';
import type { Outcome } from '../../src/protocol/round.ts';
import { sum } from '../sim/games.ts';

const seed = new Uint8Array(32).fill(4);

function outcome(round: number, ...inputs: (number | null)[]): Outcome {
  const encoded = inputs.map((input) => (input === null ? null : sum.encodeInput(input)));
  return { epoch: 0, round, members: firstPlayers(inputs.length), inputs: encoded, seed, nextSeed: seed };
}

describe('a game being played', () => {
  it('has no state before the session is agreed, and does not advance', () => {
    const play = new Play(sum, 2);
    expect(play.current).toBeNull();
    expect(() => play.advance(outcome(1, 1, 2))).toThrow('a game begins before it advances');
  });

  it('begins with round 0, and answers the digest of each state', () => {
    const play = new Play(sum, 2);
    const begun = play.begin(seed);
    expect(play.current).toEqual({
      round: 0,
      state: { total: 0, drawn: 0, last: [] },
      inputs: [],
      illegal: nobody,
      stateHash: begun,
    });
    const after = play.advance(outcome(1, 5, null));
    expect(play.current).toMatchObject({ round: 1, inputs: [5, null], state: { last: [5, null] } });
    expect(after).toBe(play.current);
    expect(after.stateHash).toEqual(sum.stateHash(play.current?.state as never));
    expect(after.stateHash).not.toEqual(begun);
  });

  it('makes null of bytes that are no input', () => {
    const play = new Play(sum, 2);
    play.begin(seed);
    play.advance({ ...outcome(1, 1, 2), inputs: [Uint8Array.of(255), new Uint8Array(0)] });
    expect(play.current?.inputs).toEqual([null, null]);
  });

  it('is the same for the same outcomes, also when it begins anew', () => {
    const hashes = (play: Play<unknown, number>) => [
      play.begin(seed),
      play.advance(outcome(1, 1, 2)).stateHash,
      play.advance(outcome(2, 3, 4)).stateHash,
    ];
    const play = new Play(sum, 2);
    const once = hashes(play as never);
    expect(hashes(play as never)).toEqual(once);
    expect(hashes(new Play(sum, 2) as never)).toEqual(once);
  });

  it('draws from the seed of the outcome', () => {
    const drawn = [seed, new Uint8Array(32)].map((from) => {
      const play = new Play(sum, 2);
      play.begin(seed);
      play.advance({ ...outcome(1, 1, 2), seed: from });
      return play.current?.state.drawn;
    });
    expect(drawn[0]).not.toBe(drawn[1]);
  });
});

interface Purse {
  coins: number;
}

/** Takes coins out and changes its argument; nobody may take more than there are. */
const purse = defineGame<Purse, number>({
  id: 'purse',
  version: 1,
  init: () => ({ coins: 10 }),
  step(state, { inputs }) {
    for (const taken of inputs) state.coins -= taken ?? 0;
    return state;
  },
  legal: ({ coins }, _, taken) => taken <= coins,
});

function takes(round: number, ...inputs: number[]): Outcome {
  const encoded = inputs.map((input) => purse.encodeInput(input));
  return { epoch: 0, round, members: firstPlayers(inputs.length), inputs: encoded, seed, nextSeed: seed };
}

describe('a game whose rounds can be taken back', () => {
  it('goes back to a state, and comes to the same states from there', () => {
    const play = new Play(sum, 2, { lag: 3 });
    const hashes = [play.begin(seed)];
    for (let round = 1; round <= 5; round++) hashes.push(play.advance(outcome(round, round, 2)).stateHash);
    expect(play.rollback(2)).toEqual(hashes[2]);
    expect(play.current).toMatchObject({ round: 2, inputs: [2, 2], stateHash: hashes[2] });
    for (let round = 3; round <= 5; round++) {
      expect(play.advance(outcome(round, round, 2)).stateHash).toEqual(hashes[round]);
    }
    expect(play.rollback(0)).toEqual(hashes[0]);
    expect(play.advance(outcome(1, 9, 9)).stateHash).not.toEqual(hashes[1]);
    expect(play.stateAfter(2)).toBeNull();
  });

  it('goes back to what the state was, also where steps change their argument', () => {
    const play = new Play(purse, 2, { lag: 2 });
    play.begin(seed);
    play.advance(takes(1, 3, 1));
    play.advance(takes(2, 5, 0));
    play.rollback(1);
    expect(play.current?.state).toEqual({ coins: 6 });
    play.advance(takes(2, 1, 1));
    play.rollback(1);
    expect(play.current?.state).toEqual({ coins: 6 });
  });

  it('judges inputs on the state `lag` rounds before, at the beginning on the first', () => {
    const play = new Play(purse, 2, { lag: 2 });
    play.begin(seed);
    expect(play.advance(takes(1, 9, 11)).inputs).toEqual([9, null]);
    expect(play.current?.illegal).toBe(playersFromBits(0b10));
    expect(play.advance(takes(2, 5, 10)).inputs).toEqual([5, 10]);
    expect(play.current?.state).toEqual({ coins: -14 });
    expect(play.advance(takes(3, 1, 2)).inputs).toEqual([1, null]);
    expect(play.advance(takes(4, 0, -20)).inputs).toEqual([null, -20]);
    expect(play.current?.illegal).toBe(playersFromBits(0b01));
  });

  it('with no lag, judges them on the state that is stepped, and keeps nothing', () => {
    const play = new Play(purse, 2);
    play.begin(seed);
    play.advance(takes(1, 9, 2));
    expect(play.advance(takes(2, 1, 0)).inputs).toEqual([null, null]);
    expect(play.stateAfter(2)).toBeNull();
    expect(play.hashAfter(2)).toEqual(play.current?.stateHash);
    expect(play.hashAfter(1)).toBeNull();
    expect(() => play.rollback(1)).toThrow('the state after round 1 is kept');
  });

  it('keeps the states of all rounds that are not final, and of `lag` before; not more', () => {
    const play = new Play(sum, 2, { lag: 2 });
    play.begin(seed);
    for (let round = 1; round <= 9; round++) play.advance(outcome(round, 1, round));
    expect(play.hashAfter(0)).not.toBeNull();
    play.finalize(6);
    const kept = Array.from({ length: 10 }, (_, round) => play.stateAfter(round)?.round ?? null);
    expect(kept).toEqual([null, null, null, null, 4, 5, 6, 7, 8, 9]);
    const { bytes, stateHash } = play.stateAfter(7) as NonNullable<ReturnType<typeof play.stateAfter>>;
    const decoded = sum.decodeState(bytes);
    expect(decoded.ok && sum.stateHash(decoded.state)).toEqual(stateHash);
    expect(play.rollback(6)).toEqual(play.hashAfter(6));
    expect(() => play.rollback(3)).toThrow('the state after round 3 is kept');
  });

  it('says so when the bytes of a state do not decode', () => {
    const state = { encode: (n: number) => Uint8Array.of(n), decode: () => undefined };
    const broken = defineGame<number, number>({
      id: 'b',
      version: 1,
      init: () => 0,
      step: (n) => n + 1,
      state,
    });
    const play = new Play(broken, 2, { lag: 2 });
    play.begin(seed);
    play.advance(outcome(1, 1, 2));
    expect(() => play.rollback(0)).toThrow('mend the state codec');
  });

  it('tells the step who is in the match', () => {
    const told: unknown[] = [];
    const game = defineGame<number, number>({
      id: 'who',
      version: 1,
      init: () => 0,
      step: (state, { members }) => {
        told.push(members);
        return state;
      },
    });
    const play = new Play(game, 3);
    play.begin(seed);
    play.advance({ ...outcome(1, 1, null, 3), members: playersFromBits(0b101) });
    expect(told).toEqual([[true, false, true]]);
  });
});
