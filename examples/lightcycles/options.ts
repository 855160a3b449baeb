/** The command line of the demo: what may be given, what holds without it, and what is wrong with it. */

import { type ParseArgsConfig, parseArgs } from 'node:util';

export const cheatNames = ['inconsistency', 'bad-opening', 'replay', 'none'] as const;
export type CheatName = (typeof cheatNames)[number];

const protocolNames = ['lockstep'] as const;
export type ProtocolName = (typeof protocolNames)[number];

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
  protocol: { type: 'string', default: 'lockstep' },
  cheat: { type: 'string', default: 'inconsistency' },
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
  tick: { min: 0, max: 10_000, unit: ' milliseconds', whole: true },
  port: { min: 0, max: 65_535, unit: '', whole: true },
} as const satisfies Partial<Record<Name, Range>>;

const choices = { protocol: protocolNames, cheat: cheatNames } as const;

/** What an option allows, as the end of a sentence. */
function allowed(name: string): string {
  if (Object.hasOwn(ranges, name)) {
    const { min, max, unit, whole } = ranges[name as keyof typeof ranges];
    return `must be ${whole ? 'a whole number' : 'a number'} from ${min} to ${max}${unit}`;
  }
  if (Object.hasOwn(choices, name))
    return `must be one of ${choices[name as keyof typeof choices].join(', ')}`;
  return 'takes no value';
}

const help = `Light cycles: several player processes play over UDP without a server and without trusting
each other; unless told otherwise the last of them lies, and is convicted by its own signatures.

  npm start -- [options]

  --players N       how many play, 2 to 16 (4)
  --rounds N        rounds to play, 1 to 100000 (200)
  --seed N          whole number below 2^32 that the bots and the injected losses are drawn from
                    (a new one each time, printed); keys and nonces are always fresh
  --protocol NAME   lockstep (lockstep)
  --cheat NAME      what the last player does: inconsistency, bad-opening, replay or none (inconsistency)
  --latency MS      injected one-way delay, 0 to 2000 (0)
  --loss PERCENT    injected loss, 0 to 50 (0)
  --tick MS         a move at most this often, 0 to 10000 (50 in the live view, else 0)
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

function choiceOf<Choice extends string>(
  name: 'protocol' | 'cheat',
  from: readonly Choice[],
  text: string,
): Choice {
  const found = from.find((choice) => choice === text);
  if (found !== undefined) return found;
  throw new Wrong(`--${name} ${allowed(name)}, not ${quoted(text)}`);
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
  const tickMs = values.tick === undefined ? (show === 'view' ? 50 : 0) : numberOf('tick', values.tick);
  const options = {
    players,
    rounds: numberOf('rounds', values.rounds),
    seed: values.seed === undefined ? drawSeed() : numberOf('seed', values.seed),
    protocol: choiceOf('protocol', protocolNames, values.protocol),
    cheat: choiceOf('cheat', cheatNames, values.cheat),
    latencyMs: numberOf('latency', values.latency),
    loss: numberOf('loss', values.loss) / 100,
    tickMs,
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
