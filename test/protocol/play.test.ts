import { describe, expect, it } from 'vitest';
import { Play } from '../../src/protocol/play.ts';
import type { Outcome } from '../../src/protocol/round.ts';
import { sum } from '../sim/games.ts';

const seed = new Uint8Array(32).fill(4);

function outcome(round: number, ...inputs: (number | null)[]): Outcome {
  const encoded = inputs.map((input) => (input === null ? null : sum.encodeInput(input)));
  return { epoch: 0, round, inputs: encoded, seed, nextSeed: seed };
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
      stateHash: begun,
    });
    const after = play.advance(outcome(1, 5, null));
    expect(play.current).toMatchObject({ round: 1, inputs: [5, null], state: { last: [5, null] } });
    expect(after).toEqual(sum.stateHash(play.current?.state as never));
    expect(after).not.toEqual(begun);
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
      play.advance(outcome(1, 1, 2)),
      play.advance(outcome(2, 3, 4)),
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
