/** What a session is made from: the options that a game gives, and the two protocols with parameters. */

import type { Keyring } from '../keyring/keyring.ts';
import type { LogFactory } from '../log/log.ts';
import type { Game } from '../protocol/game.ts';
import { neoParameters } from '../protocol/handshake.ts';
import { alphaOf, type NeoParameters } from '../protocol/neo/options.ts';
import type { Transport } from '../transport/transport.ts';
import type { Identity } from './identity.ts';

/** A player of the match. */
export interface PlayerOption {
  /** 32 bytes. */
  readonly publicKey: Uint8Array;
  /** As the transport writes addresses, such as `127.0.0.1:7001`. */
  readonly address: string;
}

/** The lockstep protocol with its parameters; part of what all players must agree on. */
export interface LockstepProtocol {
  readonly name: 'lockstep';
  readonly parameters: { readonly stallMs: number };
}

/** The neo protocol with its parameters; part of what all players must agree on. */
export interface NeoProtocol {
  readonly name: 'neo';
  readonly parameters: NeoParameters;
}

/** What {@link createSession} takes. */
export interface SessionOptions<State, Input> {
  readonly game: Game<State, Input>;
  readonly identity: Identity;
  /** All players, in any order, oneself included: seats are ordered by public key. */
  readonly players: readonly PlayerOption[];
  /** The session's from now on: leaving closes it. */
  readonly transport: Transport;
  /**
   * Where signed statements are kept: `fileLog(path)`, or `memoryLog()` if a crash may end the match for you.
   */
  readonly log: LogFactory;
  /** `neo({ ... })` or `lockstep({ ... })`. */
  readonly protocol: LockstepProtocol | NeoProtocol;
  /** What checks signatures; the identity's own keyring unless told. */
  readonly keyring?: Keyring;
  /**
   * Milliseconds until `start` gives up on players that do not answer; 30000 unless told, Infinity for never.
   */
  readonly handshakeMs?: number;
  /**
   * Neo: keep what `session.recording()` answers, some kilobytes a round; true unless told. False for matches
   * of many hours.
   */
  readonly record?: boolean;
}

/** Rounds that a decision may take until it acts: memory, and what is told of open rounds, grow with it. */
const ALPHA_MAX = 128;
/** The longest of short times and of long ones: a handshake has room for no more digits. */
const TIME_MS_MAX = 8000;
const WAIT_MS_MAX = 1_000_000;
const SILENT_ROUNDS_MAX = 8000;

/** What is wrong with a whole number of milliseconds or rounds, or null. */
function outside(
  name: string,
  value: unknown,
  min: number,
  max: number,
  unit = 'milliseconds',
): string | null {
  if (Number.isInteger(value) && Number(value) >= min && Number(value) <= max) return null;
  return `${name} must be an integer ${min} .. ${max} (${unit}); got ${String(value)}`;
}

function wrongStall(stallMs: unknown): string | null {
  return outside('stallMs', stallMs, 1, 3_600_000);
}

/**
 * Lockstep: a round ends when all have moved, however long that takes.
 *
 * @param options.stallMs milliseconds without progress after which `stall` is reported; 5000 unless told
 */
export function lockstep(options: { readonly stallMs?: number } = {}): LockstepProtocol {
  const { stallMs = 5000 } = options;
  const wrong = wrongStall(stallMs);
  if (wrong !== null) throw new RangeError(`lockstep: ${wrong}`);
  return { name: 'lockstep', parameters: { stallMs } };
}

/** The parameters of neo as they may be given: whole numbers, times in milliseconds. */
export interface NeoOptions {
  /** Length of a round; rounds never get shorter. 5 to 8000; 50 unless told. */
  readonly roundMs?: number;
  /** What rounds may grow to when players cannot keep up; four rounds unless told. */
  readonly roundMaxMs?: number;
  /** How long an input may take to reach the others, at first; two rounds unless told. */
  readonly arrivalMs?: number;
  /** What that time may shrink to as the players' reports allow it; one round, at least 20, unless told. */
  readonly arrivalMinMs?: number;
  /** What it may grow to; six rounds unless told. How long decisions take to act comes from it. */
  readonly arrivalMaxMs?: number;
  /** Rounds in a row without an input in time that remove a player; eight more than those of a decision. */
  readonly silentRounds?: number;
  /**
   * Rounds that a player may commit ahead of what is played; 1 is strict. Unless told what two arrivals
   * take, and two more: who falls behind then waits, instead of having ever more rounds under way.
   */
  readonly window?: number;
  /** How long an accepted input may stay unopened until the others give it up; 3000 unless told. */
  readonly openMs?: number;
  /** How late an opening may come before the others report it; 1500 unless told. */
  readonly lateMs?: number;
  /** Without a final round for that long `stall` is reported; 5000 unless told. */
  readonly stallMs?: number;
  /** Quorums go on as if the liars of the first members were all still there: safer, stalls earlier. */
  readonly keepF?: boolean;
}

/** What does not follow from the round length alone. */
function withDefaults(options: NeoOptions): NeoParameters {
  const short = (ms: number): number => Math.min(ms, TIME_MS_MAX);
  const { roundMs = 50, roundMaxMs = short(4 * roundMs), arrivalMs = short(2 * roundMs) } = options;
  const { arrivalMinMs = Math.min(Math.max(roundMs, 20), arrivalMs) } = options;
  const { arrivalMaxMs = Math.max(short(6 * roundMs), arrivalMs) } = options;
  const { lateMs = Math.max(1500, 5 * arrivalMaxMs) } = options;
  const { openMs = Math.max(3000, 2 * lateMs), stallMs = 5000, keepF = false } = options;
  const times = { roundMs, roundMaxMs, arrivalMs, arrivalMinMs, arrivalMaxMs, openMs, lateMs, stallMs };
  const alpha = alphaOf({ ...times, silentRounds: 0, window: 0, keepF });
  const usualWindow = Math.min(alpha, Math.ceil((2 * arrivalMs) / roundMs) + 2);
  const { silentRounds = alpha + 8, window = usualWindow } = options;
  return { ...times, silentRounds, window, keepF };
}

/** What is wrong with the parameters of neo, with what to do about it; or null. */
function wrongNeo(parameters: NeoParameters): string | null {
  const { roundMs, roundMaxMs, arrivalMs, arrivalMinMs, arrivalMaxMs } = parameters;
  const { silentRounds, window, openMs, lateMs, stallMs, keepF } = parameters;
  const wrong =
    outside('roundMs', roundMs, 5, TIME_MS_MAX) ??
    outside('roundMaxMs', roundMaxMs, roundMs, TIME_MS_MAX) ??
    outside('arrivalMaxMs', arrivalMaxMs, 1, TIME_MS_MAX) ??
    outside('arrivalMs', arrivalMs, 1, arrivalMaxMs) ??
    outside('arrivalMinMs', arrivalMinMs, 1, arrivalMs);
  if (wrong !== null) return wrong;
  const alpha = alphaOf(parameters);
  if (alpha > ALPHA_MAX) {
    const rounds = `a decision takes ${alpha} rounds to act, more than ${ALPHA_MAX}`;
    return `arrivalMaxMs ${arrivalMaxMs} is too long for roundMs ${roundMs}: ${rounds}; lengthen the rounds`;
  }
  return (
    outside('silentRounds', silentRounds, alpha + 1, SILENT_ROUNDS_MAX, 'rounds') ??
    outside('window', window, 1, alpha, 'rounds') ??
    outside('lateMs', lateMs, 5 * arrivalMaxMs, WAIT_MS_MAX - 1) ??
    outside('openMs', openMs, lateMs + 1, WAIT_MS_MAX) ??
    outside('stallMs', stallMs, 1, WAIT_MS_MAX) ??
    (typeof keepF === 'boolean' ? null : `keepF must be true or false; got ${String(keepF)}`)
  );
}

/**
 * Neo: rounds of fixed length; who is late is played without, who stays silent is removed, and votes decide.
 * Everything is part of what all players must agree on. Throws a RangeError or TypeError that names the
 * option.
 */
export function neo(options: NeoOptions = {}): NeoProtocol {
  for (const name of Object.keys(options)) {
    if ((neoParameters as readonly string[]).includes(name)) continue;
    throw new TypeError(`neo: there is no option ${name}; there are ${neoParameters.join(', ')}`);
  }
  const parameters = withDefaults(options);
  const wrong = wrongNeo(parameters);
  if (wrong !== null) throw new RangeError(`neo: ${wrong}`);
  return { name: 'neo', parameters };
}

/** What is wrong with a protocol, wherever it comes from; or null. */
export function wrongProtocol(protocol: LockstepProtocol | NeoProtocol | null | undefined): string | null {
  const name: unknown = protocol?.name;
  const known = name === 'lockstep' || name === 'neo';
  if (!known || typeof protocol?.parameters !== 'object' || protocol.parameters === null) {
    const got = name === undefined ? String(protocol) : `a protocol named ${String(name)}`;
    return `protocol must be lockstep({ stallMs }) or neo({ roundMs, ... }); got ${got}`;
  }
  const wrong =
    protocol.name === 'neo' ? wrongNeo(protocol.parameters) : wrongStall(protocol.parameters.stallMs);
  return wrong === null ? null : `protocol: ${wrong}`;
}
