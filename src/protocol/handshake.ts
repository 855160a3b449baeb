/**
 * The handshake: every player says hello until everybody holds the same nonces of everybody; their
 * hash is the session. A hello that repeats my nonce was signed after I drew it, so an old hello can
 * neither start a match nor end one.
 */

import { assert } from '../base/assert.ts';
import { compareBytes, equalBytes, toHex } from '../base/bytes.ts';
import { type Seat, seatOf } from '../base/ids.ts';
import { type Micros, micros } from '../base/time.ts';
import { hash } from '../crypto/hash.ts';
import type { Verified } from '../crypto/signature.ts';
import type { Hello, HelloBody } from '../wire/hello.ts';
import { NONCE_BYTES, PLAYERS_MAX, PLAYERS_MIN, PROTOCOL_VERSION } from '../wire/limits.ts';
import { decodePlain, encodePlain, type Plain } from '../wire/plain.ts';
import { differences } from '../wire/plain-diff.ts';
import type { NeoParameters } from './neo/options.ts';
import type { BySeat } from './round.ts';
import { replaced } from './round.ts';

const HELLO_EVERY: Micros = micros(150);

/** What all players must agree on before they play. */
export interface Agreement {
  readonly game: { readonly id: string; readonly version: number; readonly rules: Plain };
  readonly protocol: { readonly name: string; readonly parameters: Plain };
}

/** The parameters of neo, in the order in which an agreement lists their values. */
export const neoParameters: readonly (keyof NeoParameters)[] = [
  'roundMs',
  'roundMaxMs',
  'arrivalMs',
  'arrivalMinMs',
  'arrivalMaxMs',
  'silentRounds',
  'window',
  'openMs',
  'lateMs',
  'stallMs',
  'keepF',
];

/** The parameters of neo without their names, of which a hello has no room; others as they are. */
function unnamed({ name, parameters }: Agreement['protocol']): Plain {
  const named = parameters as { readonly [name: string]: Plain } | null;
  if (name !== 'neo' || named === null || Object.keys(named).length !== neoParameters.length)
    return parameters;
  const values = neoParameters.map((each) => named[each]);
  return values.every((value) => value !== undefined) ? values : parameters;
}

/** What {@link unnamed} has taken the names from, with its names. */
function named(name: Plain | undefined, parameters: Plain | undefined): Plain {
  if (name !== 'neo' || !Array.isArray(parameters) || parameters.length !== neoParameters.length)
    return parameters ?? null;
  return Object.fromEntries(neoParameters.map((each, index) => [each, parameters[index] as Plain]));
}

export function encodeAgreement({ game, protocol }: Agreement): Uint8Array {
  const { id, rules, version } = game;
  return encodePlain([id, version, rules, protocol.name, unnamed(protocol)], 'agreement');
}

/** The agreement as named fields, for telling differences. */
function readable(agreement: Uint8Array): Plain {
  const decoded = decodePlain(agreement);
  if (!decoded.ok || !Array.isArray(decoded.value)) return null;
  const [id, version, rules, name, parameters] = decoded.value;
  return {
    game: { id: id ?? null, version: version ?? null, rules: rules ?? null },
    protocol: { name: name ?? null, parameters: named(name, parameters) },
  };
}

export interface Handshake {
  readonly me: Seat;
  /** Public keys of all players, ascending: the index is the seat. */
  readonly keys: readonly Uint8Array[];
  readonly agreement: Uint8Array;
  readonly nonce: Uint8Array;
  /**
   * The newest hello of each other player; one that repeats my nonce is never replaced by one that does not.
   */
  readonly hellos: BySeat<Verified<Hello>>;
  /** My own, once signed with the nonces held by then. */
  readonly said: Verified<Hello> | null;
  readonly sayAt: Micros;
}

/** Seats are ordered by public key. */
export function rosterOf(keys: readonly Uint8Array[]): readonly Uint8Array[] {
  const sorted = [...keys].sort(compareBytes);
  assert(sorted.length >= PLAYERS_MIN && sorted.length <= PLAYERS_MAX, 'a roster has 2 to 16 players');
  assert(
    sorted.every((key, i) => i === 0 || !equalBytes(key, sorted[i - 1] as Uint8Array)),
    'keys differ',
  );
  return sorted;
}

export function beginHandshake(
  setup: Pick<Handshake, 'me' | 'keys' | 'agreement' | 'nonce'>,
  at: Micros,
): Handshake {
  return { ...setup, hellos: new Array<null>(setup.keys.length).fill(null), said: null, sayAt: at };
}

const unknownNonce: Uint8Array = new Uint8Array(NONCE_BYTES);

/** The nonces that I hold, by seat; zeroes where I hold none. */
export function noncesOf({ hellos, me, nonce }: Handshake): readonly Uint8Array[] {
  return hellos.map((hello, seat) => (seat === me ? nonce : (hello?.nonce ?? unknownNonce)));
}

/** The hello to be signed and said now. */
export function ownHello(handshake: Handshake): HelloBody {
  const { agreement, keys, me, nonce } = handshake;
  return { publicKey: keys[me] as Uint8Array, nonce, agreement, roster: keys, nonces: noncesOf(handshake) };
}

/** True when the hello was signed after my nonce was drawn. */
function isFresh({ keys, me, nonce }: Handshake, hello: Hello): boolean {
  const index = hello.roster.findIndex((key) => equalBytes(key, keys[me] as Uint8Array));
  return index >= 0 && equalBytes(hello.nonces[index] as Uint8Array, nonce);
}

/** True when the hello speaks of the same game, rules, protocol and players. */
function matches({ agreement, keys }: Handshake, hello: Hello): boolean {
  if (!equalBytes(agreement, hello.agreement) || keys.length !== hello.roster.length) return false;
  return keys.every((key, seat) => equalBytes(key, hello.roster[seat] as Uint8Array));
}

function shortKey(key: Uint8Array): string {
  return `${toHex(key).slice(0, 8)}…`;
}

/** What a hello proposes that differs from mine, for people; null if nothing does. */
export function differenceFrom(handshake: Handshake, hello: Hello): string | null {
  const said: string[] = [];
  for (const { path, a, b } of differences(readable(handshake.agreement), readable(hello.agreement))) {
    said.push(`${path}: ${a} here, ${b} there`);
  }
  const missing = (from: readonly Uint8Array[], of: readonly Uint8Array[]): string =>
    from
      .filter((key) => !of.some((other) => equalBytes(key, other)))
      .map(shortKey)
      .join(', ');
  const here = missing(handshake.keys, hello.roster);
  const there = missing(hello.roster, handshake.keys);
  if (here !== '') said.push(`roster: ${here} only here`);
  if (there !== '') said.push(`roster: ${there} only there`);
  if (said.length === 0 && !matches(handshake, hello)) said.push('agreement: written differently');
  return said.length === 0 ? null : said.join('; ');
}

/** What a hello does to the handshake. */
export interface Heard {
  readonly handshake: Handshake;
  /** Say hello now: the other does not hold my nonce, or I hold a new one. */
  readonly answer: boolean;
  /** Set when the other, now, wants something else: the match cannot start. */
  readonly difference: string | null;
}

export function hearHello(handshake: Handshake, from: Seat, hello: Verified<Hello>): Heard {
  const fresh = isFresh(handshake, hello);
  const held = handshake.hellos[from];
  if (!fresh && held && isFresh(handshake, held)) return { handshake, answer: true, difference: null };
  const changed = !held || !equalBytes(held.nonce, hello.nonce);
  const next = { ...handshake, hellos: replaced(handshake.hellos, from, hello) };
  return {
    handshake: next,
    answer: changed || !fresh,
    difference: fresh ? differenceFrom(handshake, hello) : null,
  };
}

/** The nonces of all, once every player has said that it holds exactly these; else null. */
export function agreedNonces(handshake: Handshake): readonly Uint8Array[] | null {
  const nonces = noncesOf(handshake);
  for (const [seat, hello] of handshake.hellos.entries()) {
    if (seat === handshake.me) continue;
    if (hello === null || !matches(handshake, hello)) return null;
    if (!hello.nonces.every((nonce, i) => equalBytes(nonce, nonces[i] as Uint8Array))) return null;
  }
  return nonces;
}

/** The session id: H(protocol version, agreement, keys and nonces in seat order), 32 bytes. */
export function sessionOf(
  agreement: Uint8Array,
  keys: readonly Uint8Array[],
  nonces: readonly Uint8Array[],
): Uint8Array {
  const head = Uint8Array.of(PROTOCOL_VERSION, agreement.length >>> 8, agreement.length, keys.length);
  return hash('session', head, agreement, ...keys.flatMap((key, seat) => [key, nonces[seat] as Uint8Array]));
}

/** When the next hello is due. */
export function nextHello(handshake: Handshake, at: Micros): Handshake {
  return { ...handshake, sayAt: at + HELLO_EVERY };
}

/** Why each player that is not ready keeps the match from starting, for people. */
export function obstacles(handshake: Handshake): readonly string[] {
  const nonces = noncesOf(handshake);
  return handshake.hellos.flatMap((hello, index) => {
    const seat = seatOf(index);
    if (seat === handshake.me) return [];
    const name = `player ${seat} (${shortKey(handshake.keys[seat] as Uint8Array)})`;
    if (hello === null) return [`${name} has not answered`];
    const difference = differenceFrom(handshake, hello);
    if (difference !== null) return [`${name} wants something else: ${difference}`];
    if (!isFresh(handshake, hello)) return [`${name} is in another match: it does not know this one's nonce`];
    const waits = hello.nonces.some((nonce, i) => !equalBytes(nonce, nonces[i] as Uint8Array));
    return waits ? [`${name} has not heard from everybody`] : [];
  });
}
