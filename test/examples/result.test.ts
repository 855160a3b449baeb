import { describe, expect, it } from 'vitest';
import { game, lightcycles } from '../../examples/lightcycles/game.ts';
import type { Figures } from '../../examples/lightcycles/messages.ts';
import { parseOptions } from '../../examples/lightcycles/options.ts';
import { type Conviction, type Report, resultOf, summaryLines } from '../../examples/lightcycles/result.ts';

function optionsOf(...args: readonly string[]): Parameters<typeof resultOf>[0] {
  const parsed = parseOptions(args, { terminal: false, drawSeed: () => 5 });
  if (!parsed.ok || !('options' in parsed)) throw new Error('a mistake in the test');
  return parsed.options;
}

const figures: Figures = {
  round: 20,
  epoch: 0,
  advanceMs: { p50: 100.5, p99: 120.25 },
  finalMs: { p50: 150.5, p99: 170.25 },
  slowRounds: 1,
  bytesOut: 10_000,
  refused: { stale: 1, duplicate: 2 },
  keyring: 'node',
};

function report(seat: number, change: Partial<Report> = {}): Report {
  return { seat, reason: 'rounds', figures, stateHash: 'aa', scores: [3, 1, 7], wins: [1, 0, 0], ...change };
}

const nobody = { convicted: [], crashed: [] };

const conviction: Conviction = {
  player: 2,
  kind: 'inconsistency',
  round: 10,
  file: '/run/player-C.evidence',
};

describe('the result', () => {
  it('takes the slowest times, the mean bytes and all refusals of the honest players, by seat', () => {
    const slow = {
      ...{ ...figures, advanceMs: { p50: 90, p99: 200 }, finalMs: { p50: 160, p99: 165 } },
      ...{ epoch: 2, slowRounds: 4, bytesOut: 20_000 },
    };
    const result = resultOf(
      optionsOf('--players', '3'),
      [report(1, { figures: slow }), report(0)],
      { convicted: [conviction], crashed: [] },
      2.00049,
    );
    expect(result).toEqual({
      players: 3,
      protocol: 'neo',
      seed: 5,
      cheat: 'inconsistency',
      rounds: 20,
      ended: 'rounds',
      honest: [0, 1],
      stateHashes: ['aa', 'aa'],
      agreed: true,
      winner: 0,
      scores: [3, 1, 7],
      wins: [1, 0, 0],
      convicted: [conviction],
      crashed: [],
      advanceMs: { p50: 100.5, p99: 200 },
      finalMs: { p50: 160, p99: 170.25 },
      slowRounds: 4,
      epochs: 3,
      latencyMs: 0,
      bytesPerRound: 750,
      refused: { stale: 2, duplicate: 4 },
      keyring: 'node',
      seconds: 2,
    });
  });

  it.each<[string, Partial<Report>]>([
    ['hashes differ', { stateHash: 'bb' }],
    ['rounds differ', { figures: { ...figures, round: 19 } }],
  ])('is not agreed when %s', (_, change) => {
    const result = resultOf(optionsOf(), [report(0), report(1, change)], nobody, 1);
    expect(result.agreed).toBe(false);
    expect(summaryLines(result).join('\n')).toContain('THE HONEST PLAYERS DO NOT AGREE');
  });

  it('names no winner among equals, and none that was convicted', () => {
    const level = { scores: [3, 3, 7] };
    expect(
      resultOf(optionsOf(), [report(0, level)], { convicted: [conviction], crashed: [] }, 1).winner,
    ).toBeNull();
    expect(resultOf(optionsOf(), [report(0)], nobody, 1).winner).toBe(2);
  });

  it('does not count a player that was removed among those still in', () => {
    const removed = report(1, { reason: 'expelled', stateHash: 'bb' });
    const result = resultOf(optionsOf(), [report(0), removed], nobody, 1);
    expect(result).toMatchObject({ honest: [0], stateHashes: ['aa'], ended: 'expelled', agreed: true });
    expect(resultOf(optionsOf(), [removed], nobody, 1)).toMatchObject({ honest: [], agreed: false });
  });
});

describe('players that were killed', () => {
  const crashed = [{ player: 2, round: 12 }];

  it('are told, and win nothing', () => {
    const result = resultOf(optionsOf('--cheat', 'none'), [report(0), report(1)], { ...nobody, crashed }, 1);
    expect(result).toMatchObject({ crashed, honest: [0, 1], agreed: true, winner: 0 });
    expect(summaryLines(result).at(-1)).toBe('Player C was killed in round 12.');
  });
});

describe('the summary', () => {
  it('of lockstep has no word of slow rounds', () => {
    const result = resultOf(optionsOf('--protocol', 'lockstep'), [report(0)], nobody, 1);
    expect(summaryLines(result).join('\n')).not.toContain('slow');
  });

  it('tells the winner, the times, the hashes and the conviction', () => {
    const result = resultOf(
      optionsOf('--latency', '50'),
      [report(0), report(1)],
      { convicted: [conviction], crashed: [] },
      12.34,
    );
    expect(summaryLines(result)).toEqual([
      'Winner: A',
      '  points (heats won)  A 3 (1)  B 1 (0)  C 7 (0)',
      '20 rounds in 12.3 s with neo, seed 5',
      '  input to advance    p50 100.5 ms (2.01 one-way delays), p99 120.3 ms (2.40 one-way delays)',
      '  input to final      p50 150.5 ms (3.01 one-way delays), p99 170.3 ms (3.40 one-way delays)',
      '  slow rounds         1, in 1 epoch',
      '  bytes a round       500 sent by each player, to all others together',
      '  keyring             node',
      '  refused             stale 2, duplicate 4',
      'State after the last round: equal with all honest players',
      '  A  aa',
      '  B  aa',
      'Player C was convicted of inconsistency in round 10 and removed.',
      '  evidence            /run/player-C.evidence',
      '  check it            npx fairstep verify /run/player-C.evidence',
    ]);
  });

  it.each<[Report['reason'], string]>([
    ['alone', 'Only one player was left, so play ended there.'],
    [
      'split',
      'Two players were gone at once and the others could not agree how to go on, so play ended there.',
    ],
    ['expelled', 'An honest player was removed by the others, so play ended there.'],
  ])('says why play ended before its end: %s', (reason, sentence) => {
    expect(summaryLines(resultOf(optionsOf(), [report(0, { reason })], nobody, 1))).toContain(sentence);
  });

  it.each([
    ['replay', 'Nobody was convicted: the cheat replay is refused, and proves nothing.'],
    ['inconsistency', 'Nobody was convicted: the cheat inconsistency left no evidence.'],
  ])('says that %s has convicted nobody', (cheat, sentence) => {
    expect(summaryLines(resultOf(optionsOf('--cheat', cheat), [report(0)], nobody, 1)).at(-1)).toBe(sentence);
    const honest = summaryLines(resultOf(optionsOf('--cheat', 'none'), [report(0)], nobody, 1));
    expect(honest.join('\n')).not.toContain('onvicted');
  });

  it('quotes a path that a shell would take apart', () => {
    const file = "/run of Ann's/a.evidence";
    const lines = summaryLines(
      resultOf(optionsOf(), [report(0)], { convicted: [{ ...conviction, file }], crashed: [] }, 1),
    );
    expect(lines.at(-1)).toBe("  check it            npx fairstep verify '/run of Ann'\\''s/a.evidence'");
  });

  it('names the rules for evidence that is judged by them', () => {
    const illegal = { convicted: [{ ...conviction, kind: 'illegal-input' }], crashed: [] };
    const [line = ''] = summaryLines(resultOf(optionsOf(), [report(0)], illegal, 1)).slice(-1);
    const module = /--game (\S+)\.js$/.exec(line)?.[1]?.replace('dist', '../..');
    expect(module).toBe('../../examples/lightcycles/game');
    expect(game).toBe(lightcycles);
  });

  it('does without times when no round was played', () => {
    const none = { ...figures, round: 0, advanceMs: null, finalMs: null, refused: {} };
    const text = summaryLines(resultOf(optionsOf(), [report(0, { figures: none })], nobody, 1)).join('\n');
    expect(text).not.toContain('input to');
    expect(text).toContain('refused             nothing');
  });
});
