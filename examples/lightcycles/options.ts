/** The command line of the demo: what may be given, what holds without it, and what is wrong with it. */

import { type ParseArgsConfig, parseArgs } from 'node:util';
import { type LieName, liesAgainst, type ProtocolName } from './lies.ts';
import { leastRoundMs, usualRoundMs } from './protocol.ts';

export type CheatName = LieName | 'none';

const protocolNames: readonly ProtocolName[] = ['neo', 'lockstep'];

/** A player whose process is killed as soon as it has played that round. */
export interface Crash {
  /** Its seat. */
  readonly player: number;
  readonly round: number;
}

/** How the run is shown: a live view, lines of text, or one JSON object at the end. */
export type Show = 'view' | 'plain' | 'json';

export interface Options {
  readonly players: number;
  readonly rounds: number;
  /** Unsigned 32-bit; what bots and injected losses are drawn from. */
  readonly seed: number;
  readonly protocol: ProtocolName;
  /** What the last player process does; 'none' when it is as honest as the others. */
  readonly cheat: CheatName;
  /** Injected one-way delay in milliseconds. */
  readonly latencyMs: number;
  /** Injected loss, 0 .. 0.5. */
  readonly loss: number;
  readonly crashes: readonly Crash[];
  /** Length of a round in neo, milliseconds. */
  readonly roundMs: number;
  /** A player moves at most this often, in milliseconds; 0 as fast as it can. */
  readonly tickMs: number;
  readonly show: Show;
  /** The first of consecutive UDP ports; 0 for free ones. */
  readonly port: number;
}

/** What the options are read against besides the command line. */
export interface Surroundings {
  /** True when the output is a terminal that the cursor can be moved on. */
  readonly terminal: boolean;
  /** Draws the seed when none is given. */
  drawSeed(): number;
}

export type Parsed =
  | { readonly ok: true; readonly options: Options }
  | { readonly ok: true; readonly help: string }
  /** `problem` is one sentence that names the option and what it allows. */
  | { readonly ok: false; readonly problem: string };

const config = {
  players: { type: 'string', default: '4' },
  rounds: { type: 'string', default: '200' },
  seed: { type: 'string' },
  protocol: { type: 'string', default: 'neo' },
  cheat: { type: 'string', default: 'inconsistency' },
  crash: { type: 'string', multiple: true, default: [] },
  'round-ms': { type: 'string' },
  latency: { type: 'string', default: '0' },
  loss: { type: 'string', default: '0' },
  tick: { type: 'string' },
  json: { type: 'boolean', default: false },
  plain: { type: 'boolean', default: false },
  port: { type: 'string', default: '0' },
  help: { type: 'boolean', short: 'h', default: false },
} as const satisfies ParseArgsConfig['options'];

type Name = keyof typeof config;

interface Range {
  readonly min: number;
  readonly max: number;
  readonly unit: string;
  readonly whole: boolean;
}

const ranges = {
  players: { min: 2, max: 16, unit: '', whole: true },
  rounds: { min: 1, max: 100_000, unit: '', whole: true },
  seed: { min: 0, max: 2 ** 32 - 1, unit: '', whole: true },
  latency: { min: 0, max: 2000, unit: ' milliseconds', whole: true },
  loss: { min: 0, max: 50, unit: ' percent', whole: false },
  'round-ms': { min: 5, max: 8000, unit: ' milliseconds', whole: true },
  tick: { min: 0, max: 10_000, unit: ' milliseconds', whole: true },
  port: { min: 0, max: 65_535, unit: '', whole: true },
} as const satisfies Partial<Record<Name, Range>>;

/** What an option allows, as the end of a sentence. */
function allowed(name: string, choices: readonly string[] = choicesOf(name)): string {
  if (Object.hasOwn(ranges, name)) {
    const { min, max, unit, whole } = ranges[name as keyof typeof ranges];
    return `must be ${whole ? 'a whole number' : 'a number'} from ${min} to ${max}${unit}`;
  }
  if (choices.length > 0) return `must be one of ${choices.join(', ')}`;
  if (name === 'crash') return 'must be a player and a round, such as B@60';
  return 'takes no value';
}

/** What an option may be set to when nothing else is known; empty for those that are no choice. */
function choicesOf(name: string): readonly string[] {
  if (name === 'protocol') return protocolNames;
  return name === 'cheat' ? cheatsAgainst('neo') : [];
}

function cheatsAgainst(protocol: ProtocolName): readonly CheatName[] {
  return [...liesAgainst(protocol), 'none'];
}

const help = `Light cycles: several player processes play over UDP without a server and without trusting
each other; unless told otherwise the last of them lies, and is convicted by its own signatures.

  npm start -- [options]

  --players N       how many play, 2 to 16 (4)
  --rounds N        rounds to play, 1 to 100000 (200)
  --seed N          whole number below 2^32 that the bots and the injected losses are drawn from
                    (a new one each time, printed); keys and nonces are always fresh
  --protocol NAME   neo, rounds of fixed length, or lockstep, rounds that wait for all (neo)
  --cheat NAME      what the last player does (inconsistency):
                    ${cheatsAgainst('neo').join(', ')}
  --crash P@ROUND   kills the process of player P (A, B, ...) when the match reaches that round; may be
                    given more than once
  --round-ms MS     length of a round in neo, 5 to 8000 (50, or a quarter of the delay if that is more)
  --latency MS      injected one-way delay, 0 to 2000 (0)
  --loss PERCENT    injected loss, 0 to 50 (0)
  --tick MS         a move at most this often, 0 to 10000 (lockstep in the live view: 50, else 0)
  --json            no view: progress on stderr, one JSON object as the last line of stdout
  --plain           lines of text instead of the live view (as when the output is no terminal)
  --port P          first of consecutive UDP ports on 127.0.0.1; 0 takes free ones (0)
  --help            this text

Evidence against a convicted player goes to a directory of the run under the system's directory for
temporary files; \`npx fairstep verify FILE\` judges it.
`;

class Wrong extends Error {}

function quoted(value: string): string {
  return value === '' ? 'nothing' : `'${value}'`;
}

function numberOf(name: keyof typeof ranges, text: string): number {
  const { min, max, whole } = ranges[name];
  const value = Number(text);
  const shape = whole ? /^\d+$/ : /^\d+(\.\d+)?$/;
  if (shape.test(text) && value >= min && value <= max) return value;
  throw new Wrong(`--${name} ${allowed(name)}, not ${quoted(text)}`);
}

function choiceOf<Choice extends string>(name: string, from: readonly Choice[], text: string): Choice {
  const found = from.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new Wrong(`--${name} ${allowed(name, from)}, not ${quoted(text)}`);
}

/** Players by the letters that the view gives them, or by their seats. */
function crashOf(text: string, players: number, rounds: number): Crash {
  const [, name = '', digits = ''] = /^([A-Pa-p]|\d{1,2})@(\d{1,6})$/.exec(text) ?? [];
  const player = /^\d/.test(name) ? Number(name) : name.toUpperCase().charCodeAt(0) - 65;
  const round = Number(digits);
  if (name === '') throw new Wrong(`--crash ${allowed('crash')}, not ${quoted(text)}`);
  if (player >= players) throw new Wrong(`--crash names a player that is none of the ${players}: '${text}'`);
  if (round >= 1 && round <= rounds) return { player, round };
  throw new Wrong(`--crash must name a round from 1 to ${rounds}, not '${text}'`);
}

function crashesOf(texts: readonly string[], players: number, rounds: number): readonly Crash[] {
  const crashes = texts.map((text) => crashOf(text, players, rounds));
  if (new Set(crashes.map(({ player }) => player)).size < crashes.length) {
    throw new Wrong('--crash names a player twice');
  }
  if (crashes.length < players) return crashes;
  throw new Wrong('--crash must leave one player');
}

function roundMsOf(text: string | undefined, latencyMs: number): number {
  if (text === undefined) return usualRoundMs(latencyMs);
  const roundMs = numberOf('round-ms', text);
  const least = leastRoundMs(latencyMs);
  if (roundMs >= least) return roundMs;
  throw new Wrong(`--round-ms must be at least ${least} with a latency of ${latencyMs}, not '${text}'`);
}

/** One sentence for what `parseArgs` found wrong; its own texts do not tell what may be given. */
function explain(thrown: unknown): string {
  const { code, message } = thrown as { code?: string; message: string };
  const all = Object.keys(config)
    .map((each) => `--${each}`)
    .join(', ');
  if (code === 'ERR_PARSE_ARGS_UNEXPECTED_POSITIONAL') {
    return `unexpected argument ${quoted(/'(.*)'/s.exec(message)?.[1] ?? '')}; there are only ${all}`;
  }
  const option = /'(?:-\w, )?([^' ]*)/.exec(message)?.[1] ?? '';
  if (code === 'ERR_PARSE_ARGS_UNKNOWN_OPTION') return `unknown option ${option}; there are ${all}`;
  if (code === 'ERR_PARSE_ARGS_INVALID_OPTION_VALUE')
    return `${option} ${allowed(option.replace(/^-+/, ''))}`;
  throw thrown;
}

function read(args: readonly string[], { terminal, drawSeed }: Surroundings): Parsed {
  const { values } = parseArgs({ args: [...args], options: config, strict: true, allowPositionals: false });
  if (values.help) return { ok: true, help };
  const show: Show = values.json ? 'json' : values.plain || !terminal ? 'plain' : 'view';
  const players = numberOf('players', values.players);
  const port = numberOf('port', values.port);
  if (port > 0 && port + players - 1 > ranges.port.max) {
    throw new Wrong(
      `--port must be at most ${ranges.port.max - players + 1} with ${players} players, not '${port}'`,
    );
  }
  const rounds = numberOf('rounds', values.rounds);
  const protocol = choiceOf('protocol', protocolNames, values.protocol);
  const latencyMs = numberOf('latency', values.latency);
  const usualTickMs = show === 'view' && protocol === 'lockstep' ? 50 : 0;
  const options = {
    players,
    rounds,
    seed: values.seed === undefined ? drawSeed() : numberOf('seed', values.seed),
    protocol,
    cheat: choiceOf('cheat', cheatsAgainst(protocol), values.cheat),
    latencyMs,
    loss: numberOf('loss', values.loss) / 100,
    crashes: crashesOf(values.crash, players, rounds),
    roundMs: roundMsOf(values['round-ms'], latencyMs),
    tickMs: values.tick === undefined ? usualTickMs : numberOf('tick', values.tick),
    show,
    port,
  };
  return { ok: true, options };
}

/** Reads the arguments behind the program's name. */
export function parseOptions(args: readonly string[], surroundings: Surroundings): Parsed {
  try {
    return read(args, surroundings);
  } catch (thrown) {
    return { ok: false, problem: thrown instanceof Wrong ? thrown.message : explain(thrown) };
  }
}
