import { describe, expect, it } from 'vitest';
import { type Prng, prng } from '../../src/base/prng.ts';
import { type ClassicOptions, classic, runClassic, splitRate } from '../../src/sim/classic.ts';
import { Cipher, Key, type Signed, seal, type Update } from '../../src/sim/classic-terms.ts';

const usual: ClassicOptions = { players: 5, rounds: 60, seed: 3 };

describe('a match of the published round', () => {
  it('without loss all moves are played by all, two rounds after they were sealed', () => {
    const { counts, executed, firstSplitMs, latencyRounds, rounds } = runClassic(usual);
    expect(rounds).toBe(60);
    expect(Object.values(counts).every((count) => count === 0)).toBe(true);
    expect(executed).toEqual([60, 60, 60, 60, 60]);
    expect(firstSplitMs).toBeNull();
    expect(latencyRounds).toBe(2);
  });

  it('keys that come later are played later', () => {
    const { executed, latencyRounds } = runClassic({ ...usual, pipeline: 3 });
    expect(latencyRounds).toBe(4);
    expect(executed).toEqual([60, 60, 60, 60, 60]);
  });

  it('is the same for the same options, and another for another seed', () => {
    const lossy = { ...usual, rounds: 400, loss: 0.05, keep: true };
    const first = runClassic(lossy);
    expect(runClassic(lossy)).toEqual(first);
    expect(runClassic({ ...lossy, seed: 4 }).decisions).not.toEqual(first.decisions);
    expect(first.counts.splits).toBeGreaterThan(0);
    expect(first.firstSplitMs).toBeGreaterThan(0);
  });

  it('a packet that comes after its round is voted down, one that comes before is not', () => {
    const delayed = (ms: number) => ({ ...usual, delayMs: (from: number) => (from === 0 ? ms : 20) });
    expect(runClassic(delayed(99)).executed).toEqual([60, 60, 60, 60, 60]);
    const late = runClassic(delayed(101));
    expect(late.executed).toEqual([0, 60, 60, 60, 60]);
    expect(late.counts.excluded).toBe(60);
  });

  it('the guard keeps keys back and shortens the time in which packets must arrive', () => {
    const guarded = (guardMs: number) => runClassic({ ...usual, delayMs: 70, guardMs }).counts.excluded;
    expect(guarded(29)).toBe(0);
    expect(guarded(31)).toBe(60);
  });

  it('a missing update is fetched from who voted for it, and played late', () => {
    const lose = (round: number, from: number, to: number) => from === 0 && to === 1 && round % 2 === 1;
    const { counts, executed, latencyRounds } = runClassic({ ...usual, lose });
    expect(counts.splits).toBe(0);
    expect(executed).toEqual([60, 60, 60, 60, 60]);
    // One of five players asks, in every round, and waits for two delays: for the update in one, for the key
    // in the next.
    expect(latencyRounds).toBeCloseTo(2 + 0.4 / 5, 10);
  });

  it('a player that hears nobody and is heard by nobody is on its own', () => {
    const { counts, executed } = runClassic({ ...usual, lose: (_round, from, to) => from === 0 || to === 0 });
    expect(counts.splits).toBe(60);
    expect(executed).toEqual([0, 0, 0, 0, 0]);
  });

  it.each([
    [{ players: 1 }, 'players'],
    [{ rounds: 0 }, 'rounds'],
    [{ seed: 0.5 }, 'seed'],
    [{ roundMs: 0 }, 'roundMs'],
    [{ pipeline: 0 }, 'pipeline'],
    [{ guardMs: 101 }, 'guardMs'],
    [{ loss: 2 }, 'loss'],
    [{ delayMs: -1 }, 'delayMs'],
    [{ delayMs: () => Number.NaN }, 'delayMs'],
    [{ skewMs: () => -101 }, 'skewMs'],
    [{ cheaters: [5] }, 'cheaters'],
    [{ cheaters: [0, 1, 2, 3, 4] }, 'cheaters'],
  ])('refuses %o', (wrong, name) => {
    expect(() => runClassic({ ...usual, ...wrong })).toThrow(new RegExp(`runClassic: ${name} must`));
    expect(() => runClassic({ ...usual, ...wrong })).toThrow(RangeError);
  });
});

describe('what is signed and sealed', () => {
  const signed = (input: number): Signed<Update> => ({
    signer: 0,
    value: { input, stamp: -1 },
    truth: { moment: 5, round: 1, session: 0 },
  });

  it('opens under its key alone', () => {
    const key = new Key();
    const cipher = seal(key, signed(7));
    expect(cipher.open(key)?.value.input).toBe(7);
    expect(cipher.open(new Key())).toBeNull();
    expect(cipher.fixedAt(key)).toBe(5);
  });

  it('what opens under two keys is fixed when one is let go', () => {
    const keys = [new Key(), new Key()] as const;
    const cipher = new Cipher([
      [keys[0], signed(1)],
      [keys[1], signed(2)],
    ]);
    keys[1].released = 40;
    expect(cipher.open(keys[0])?.value.input).toBe(1);
    expect(cipher.open(keys[1])?.value.input).toBe(2);
    expect(cipher.fixedAt(keys[1])).toBe(40);
  });
});

/** The decisions about the first player's update of round 1 when those packets are lost: round, from, to. */
function aboutTheFirst(
  players: number,
  lost: readonly (readonly [round: number, from: number, to: number])[],
  more: Partial<ClassicOptions> = {},
): readonly (boolean | undefined)[] {
  const lose = (...packet: readonly number[]) =>
    lost.some((one) => one.every((value, index) => value === packet[index]));
  const { decisions } = runClassic({ players, rounds: 1, seed: 1, lose, keep: true, ...more });
  return (decisions[1] ?? []).map((accepted) => accepted[0]);
}

const [A, B, C, D, E] = [0, 1, 2, 3, 4] as const;

describe('where its agreement breaks', () => {
  it('three honest players and two lost packets', () => {
    const update = [1, A, C] as const;
    const vote = [2, B, C] as const;
    expect(aboutTheFirst(3, [update, vote])).toEqual([true, true, false]);
    expect(aboutTheFirst(3, [update])).toEqual([true, true, true]);
    expect(aboutTheFirst(3, [vote])).toEqual([true, true, true]);
  });

  it('five players, one of whom sends its packets to two only', () => {
    const updates = [D, E].map((to) => [1, A, to] as const);
    const votes = [D, E].map((to) => [2, A, to] as const);
    expect(aboutTheFirst(5, [...updates, ...votes])).toEqual([true, true, true, false, false]);
    expect(aboutTheFirst(5, updates)).toEqual([true, true, true, true, true]);
    expect(aboutTheFirst(5, votes)).toEqual([true, true, true, true, true]);
  });

  it('a pivot that votes towards two only, about an innocent player that reached one in time', () => {
    const slow = [C, D, E].map((to) => [1, A, to] as const);
    const cheat = { cheaters: [E] };
    const pivot: ClassicOptions['cheat'] = (table) => ({
      packet: (seat, to, packet) => {
        const yes = packet.votes && table.signVotes(seat, packet.round - 1, packet.votes.value.with(A, true));
        return { ...packet, votes: to === A || to === B ? yes : null };
      },
    });
    const decided = aboutTheFirst(5, slow, { ...cheat, cheat: pivot });
    expect(decided.slice(A, E)).toEqual([true, true, false, false]);
    expect(aboutTheFirst(5, slow, cheat)).toEqual([false, false, false, false, false]);
    // The same from losses alone: nobody can tell.
    const arrived = slow.filter(([, , to]) => to !== E);
    expect(aboutTheFirst(5, [...arrived, [2, E, C], [2, E, D]])).toEqual([true, true, false, false, true]);
  });

  it('a vote for oneself that does not count', () => {
    const lost = [
      [1, A, D],
      [2, E, A],
      [2, E, D],
    ] as const;
    expect(aboutTheFirst(5, lost, { selfVote: false })).toEqual([false, true, true, false, true]);
    expect(aboutTheFirst(5, lost)).toEqual([true, true, true, true, true]);
    expect(aboutTheFirst(5, lost.slice(0, 1), { selfVote: false })).toEqual([true, true, true, true, true]);
  });
});

/** Whether a group that loses those updates and votes decides some slot differently; by counting alone. */
function splits(
  players: number,
  lostUpdate: (from: number, to: number) => boolean,
  lostVote: (from: number, to: number, about: number) => boolean,
): boolean {
  const seats = Array.from({ length: players }, (_, seat) => seat);
  return seats.some((author) => {
    const voters = seats.filter((seat) => seat === author || !lostUpdate(author, seat));
    const yes = seats.map((seat) => voters.filter((v) => v === seat || !lostVote(v, seat, author)).length);
    const accepted = yes.filter((count) => 2 * count > players).length;
    return accepted !== 0 && accepted !== players;
  });
}

/** The exact split rate of three players, by all 2^12 ways to lose packets. */
function exactRateOfThree(loss: number): number {
  const links = [1, 2, 3, 5, 6, 7]; // 3 * from + to
  let rate = 0;
  for (let lost = 0; lost < 1 << 12; lost++) {
    const gone = (wave: number) => (from: number, to: number) =>
      ((lost >> (6 * wave + links.indexOf(3 * from + to))) & 1) === 1;
    if (!splits(3, gone(0), gone(1))) continue;
    const count = [...lost.toString(2)].filter((bit) => bit === '1').length;
    rate += loss ** count * (1 - loss) ** (12 - count);
  }
  return rate;
}

/** The split rate by chance, with votes lost one by one or all that a packet holds together. */
function sampledRate(players: number, loss: number, rounds: number, random: Prng, apart: boolean): number {
  let count = 0;
  const draw = (): boolean => random.unit() < loss;
  for (let round = 0; round < rounds; round++) {
    const updates = Array.from({ length: players ** 2 }, draw);
    const votes = Array.from({ length: players ** (apart ? 3 : 2) }, draw);
    const lostVote = (from: number, to: number, about: number) =>
      votes[from * players + to + (apart ? about * players ** 2 : 0)] as boolean;
    if (splits(players, (from, to) => updates[from * players + to] as boolean, lostVote)) count++;
  }
  return count / rounds;
}

/** Group, loss, split rate as worked out for votes that are lost one by one, and rounds to see it in. */
const published = [
  [3, 0.01, 3.1e-3, 20_000],
  [3, 0.05, 7.1e-2, 4_000],
  [4, 0.01, 1.5e-2, 10_000],
  [4, 0.05, 2.7e-1, 2_000],
  [5, 0.01, 7e-4, 40_000],
  [5, 0.05, 7.4e-2, 4_000],
  [8, 0.01, 3e-4, 40_000],
  [8, 0.05, 1.2e-1, 3_000],
] as const;

describe('how often it splits with nobody cheating', () => {
  it.each(published)('%i players, loss %d: near %d of the rounds', (players, loss, expected, rounds) => {
    const rate = splitRate({ players, loss, rounds, seed: 1 });
    expect(rate).toBeGreaterThan(expected / 1.6);
    expect(rate).toBeLessThan(expected * 1.6);
  });

  it.each([0.02, 0.1])('three players: the exact rate, at loss %d', (loss) => {
    const exact = exactRateOfThree(loss);
    const rounds = 15_000;
    const deviation = Math.sqrt((exact * (1 - exact)) / rounds);
    const rate = splitRate({ players: 3, loss, rounds, seed: 2 });
    expect(Math.abs(rate - exact)).toBeLessThan(4 * deviation);
  });

  it.each([4, 5, 8])(
    '%i players: as counting says, whose votes of one packet are lost together',
    (players) => {
      const random = prng(5).split(players);
      const together = sampledRate(players, 0.05, 6_000, random, false);
      const rate = splitRate({ players, loss: 0.05, rounds: 4_000, seed: 3 });
      expect(rate / together).toBeGreaterThan(0.8);
      expect(rate / together).toBeLessThan(1.25);
      const apart = sampledRate(players, 0.05, 6_000, random, true);
      const expected = published.find(([group, loss]) => group === players && loss === 0.05)?.[2] as number;
      expect(apart / expected).toBeGreaterThan(0.85);
      expect(apart / expected).toBeLessThan(1.15);
    },
  );

  it('far more often if a vote for oneself does not count', () => {
    const rate = splitRate({ players: 5, loss: 0.01, rounds: 10_000, seed: 1, selfVote: false });
    expect(rate).toBeGreaterThan(3e-2 / 1.6);
    expect(rate).toBeLessThan(3e-2 * 1.6);
  });

  it('never without loss', () => {
    for (const players of [3, 4, 5, 8]) expect(splitRate({ players, loss: 0, rounds: 50, seed: 1 })).toBe(0);
  });

  it('so a group of four is apart after seconds', () => {
    const times = Array.from({ length: 40 }, (_, seed) => {
      const { firstSplitMs } = classic.run({ players: 4, rounds: 1_000, seed, loss: 0.01 });
      return (firstSplitMs ?? 100_000) / 1000;
    });
    const mean = times.reduce((sum, time) => sum + time, 0) / times.length;
    expect(mean).toBeGreaterThan(4);
    expect(mean).toBeLessThan(14);
  });
});
