import { describe, expect, it } from 'vitest';
import { liesAgainst } from '../../examples/lightcycles/lies.ts';
import { type Options, type Parsed, parseOptions } from '../../examples/lightcycles/options.ts';

const optionNames =
  'players rounds seed protocol cheat crash round-ms latency loss tick json plain port help';

const surroundings = { terminal: true, drawSeed: () => 77 };

function parse(...args: readonly string[]): Parsed {
  return parseOptions(args, surroundings);
}

function optionsOf(...args: readonly string[]): Options {
  const parsed = parse(...args);
  if (!parsed.ok || !('options' in parsed)) throw new Error(JSON.stringify(parsed));
  return parsed.options;
}

describe('without options', () => {
  it('four play, the last one cheats, on a terminal live', () => {
    expect(optionsOf()).toEqual({
      players: 4,
      rounds: 200,
      seed: 77,
      protocol: 'neo',
      cheat: 'inconsistency',
      latencyMs: 0,
      loss: 0,
      crashes: [],
      roundMs: 50,
      tickMs: 0,
      show: 'view',
      port: 0,
    });
  });

  it('there are lines of text, as fast as can be, when the output is no terminal', () => {
    const parsed = parseOptions([], { ...surroundings, terminal: false });
    expect(parsed).toMatchObject({ options: { show: 'plain', tickMs: 0 } });
  });
});

describe('options', () => {
  it.each<[string[], Partial<Options>]>([
    [['--players', '2'], { players: 2 }],
    [['--players=16'], { players: 16 }],
    [['--rounds', '100000'], { rounds: 100_000 }],
    [['--seed', '4294967295'], { seed: 2 ** 32 - 1 }],
    [['--protocol', 'lockstep'], { protocol: 'lockstep', tickMs: 50 }],
    [['--protocol', 'lockstep', '--plain'], { tickMs: 0 }],
    [['--protocol', 'neo'], { protocol: 'neo' }],
    [
      ['--crash', 'B@60', '--crash', '2@7'],
      {
        crashes: [
          { player: 1, round: 60 },
          { player: 2, round: 7 },
        ],
      },
    ],
    [['--crash', 'd@200'], { crashes: [{ player: 3, round: 200 }] }],
    [['--round-ms', '20'], { roundMs: 20 }],
    [['--latency', '200'], { roundMs: 50 }],
    [['--latency', '400'], { roundMs: 100 }],
    [['--latency', '200', '--round-ms', '17'], { roundMs: 17 }],
    [['--cheat', 'none'], { cheat: 'none' }],
    [['--cheat', 'bad-opening'], { cheat: 'bad-opening' }],
    [['--latency', '2000'], { latencyMs: 2000 }],
    [['--loss', '50'], { loss: 0.5 }],
    [['--loss', '0.5'], { loss: 0.005 }],
    [['--tick', '0'], { tickMs: 0, show: 'view' }],
    [['--json'], { show: 'json', tickMs: 0 }],
    [['--plain'], { show: 'plain', tickMs: 0 }],
    [['--plain', '--tick', '20'], { show: 'plain', tickMs: 20 }],
    [['--json', '--plain'], { show: 'json' }],
    [['--port', '65532'], { port: 65_532 }],
    [['--port', '0'], { port: 0 }],
    [['--rounds', '5', '--rounds', '6'], { rounds: 6 }],
  ])('%j', (args, expected) => {
    expect(optionsOf(...args)).toMatchObject(expected);
  });

  it.each(['--help', '-h'])('%s tells every option, whatever else is given', (flag) => {
    const parsed = parse(flag, '--players', '99');
    const help = parsed.ok && 'help' in parsed ? parsed.help : '';
    const names = optionNames.split(' ');
    for (const name of names) expect(help).toContain(`--${name}`);
  });
});

const all = optionNames
  .split(' ')
  .map((name) => `--${name}`)
  .join(', ');

describe('what is wrong is told in one sentence', () => {
  it.each<[string[], string]>([
    [['--players', '1'], "--players must be a whole number from 2 to 16, not '1'"],
    [['--players', '17'], "--players must be a whole number from 2 to 16, not '17'"],
    [['--players', '4.5'], "--players must be a whole number from 2 to 16, not '4.5'"],
    [['--players', '0x4'], "--players must be a whole number from 2 to 16, not '0x4'"],
    [['--players='], '--players must be a whole number from 2 to 16, not nothing'],
    [['--players'], '--players must be a whole number from 2 to 16'],
    [['--players', '-3'], '--players must be a whole number from 2 to 16'],
    [['--players', '--json'], '--players must be a whole number from 2 to 16'],
    [['--rounds', '0'], "--rounds must be a whole number from 1 to 100000, not '0'"],
    [['--rounds', '1e3'], "--rounds must be a whole number from 1 to 100000, not '1e3'"],
    [['--seed', '4294967296'], "--seed must be a whole number from 0 to 4294967295, not '4294967296'"],
    [['--protocol', 'raft'], "--protocol must be one of neo, lockstep, not 'raft'"],
    [['--crash', 'B'], "--crash must be a player and a round, such as B@60, not 'B'"],
    [['--crash', '@9'], "--crash must be a player and a round, such as B@60, not '@9'"],
    [['--crash'], '--crash must be a player and a round, such as B@60'],
    [['--crash', 'E@9'], "--crash names a player that is none of the 4: 'E@9'"],
    [['--crash', 'A@0'], "--crash must name a round from 1 to 200, not 'A@0'"],
    [['--crash', 'A@201'], "--crash must name a round from 1 to 200, not 'A@201'"],
    [['--crash', 'A@9', '--crash', '0@8'], '--crash names a player twice'],
    [['--players', '2', '--crash', 'A@9', '--crash', 'B@8'], '--crash must leave one player'],
    [['--round-ms', '4'], "--round-ms must be a whole number from 5 to 8000 milliseconds, not '4'"],
    [
      ['--round-ms', '16', '--latency', '200'],
      "--round-ms must be at least 17 with a latency of 200, not '16'",
    ],
    [['--cheat', 'lag'], `--cheat must be one of ${[...liesAgainst('neo'), 'none'].join(', ')}, not 'lag'`],
    [
      ['--cheat', 'double-vote', '--protocol', 'lockstep'],
      "--cheat must be one of inconsistency, bad-opening, replay, none, not 'double-vote'",
    ],
    [
      ['--protocol', 'lockstep', '--cheat', 'constructor'],
      "--cheat must be one of inconsistency, bad-opening, replay, none, not 'constructor'",
    ],
    [['--latency', '2001'], "--latency must be a whole number from 0 to 2000 milliseconds, not '2001'"],
    [['--loss', '50.1'], "--loss must be a number from 0 to 50 percent, not '50.1'"],
    [['--loss', '.5'], "--loss must be a number from 0 to 50 percent, not '.5'"],
    [['--tick', '10001'], "--tick must be a whole number from 0 to 10000 milliseconds, not '10001'"],
    [['--port', '65536'], "--port must be a whole number from 0 to 65535, not '65536'"],
    [['--port', '65533'], "--port must be at most 65532 with 4 players, not '65533'"],
    [['--json=1'], '--json takes no value'],
    [['--playres', '3'], `unknown option --playres; there are ${all}`],
    [['--constructor'], `unknown option --constructor; there are ${all}`],
    [['--no-json'], `unknown option --no-json; there are ${all}`],
    [['-x'], `unknown option -x; there are ${all}`],
    [['4'], `unexpected argument '4'; there are only ${all}`],
    [["it's"], `unexpected argument 'it's'; there are only ${all}`],
  ])('%j', (args, problem) => {
    expect(parse(...args)).toEqual({ ok: false, problem });
  });
});
