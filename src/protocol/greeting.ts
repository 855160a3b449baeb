/**
 * The handshake while a session runs: when hellos are said, signed, answered and given up. It is the
 * same in every protocol. Each function answers the next greeting and what to do now.
 */

import { equalBytes } from '../base/bytes.ts';
import type { Seat } from '../base/ids.ts';
import { earlier, type Micros, micros } from '../base/time.ts';
import type { Verified } from '../crypto/signature.ts';
import type { Hello } from '../wire/hello.ts';
import type { SessionEffect, Step } from './effect.ts';
import {
  agreedNonces,
  beginHandshake,
  type Handshake,
  hearHello,
  nextHello,
  noncesOf,
  obstacles,
  ownHello,
  sessionOf,
} from './handshake.ts';
import { firstSeed } from './lockstep-state.ts';
import type { LogRecord } from './record.ts';

/** Hellos are answered at most this often. */
const ANSWER_EVERY: Micros = micros(20);

export interface Greeting {
  readonly handshake: Handshake;
  /** My newest signed hello, and whether a newer one is being signed. */
  readonly hello: Hello | null;
  readonly signing: boolean;
  /** Why the match cannot start: told as soon as the other has been told, too. */
  readonly refusing: string | null;
  /** Agreed nonces by seat; what a restarted or late player is told. */
  readonly nonces: readonly Uint8Array[] | null;
  readonly startedAt: Micros;
  readonly answeredAt: Micros;
}

/** What a greeting asks for; of records, only those that every protocol writes. */
export type GreetingEffect = SessionEffect<Extract<LogRecord, { type: 'hello' | 'session' }>>;

type Said = Step<Greeting, GreetingEffect>;

/** The greeting of a new session, or of one that was agreed on those nonces before. */
export function beginGreeting(
  { agreement, keys, me, nonce }: Pick<Handshake, 'agreement' | 'keys' | 'me' | 'nonce'>,
  at: Micros,
  nonces: readonly Uint8Array[] | null,
): Greeting {
  return {
    handshake: beginHandshake({ agreement, keys, me, nonce }, at),
    hello: null,
    signing: false,
    refusing: null,
    nonces,
    startedAt: at,
    answeredAt: at - ANSWER_EVERY,
  };
}

/** What is written down before the first hello of a new session. */
export function firstRecord({ handshake }: Greeting): GreetingEffect {
  const { agreement, keys, me, nonce } = handshake;
  return {
    type: 'persist',
    record: { type: 'hello', publicKey: keys[me] as Uint8Array, nonce, agreement },
  };
}

/** When the greeting of a session that is not agreed wants a tick. */
export function greetingWakeAt({ handshake, startedAt }: Greeting, within: Micros | null): Micros | null {
  return earlier(handshake.sayAt, within === null ? null : startedAt + within);
}

/** Has the newest hello signed; it leaves when the signature is there. */
export function sayHello(greeting: Greeting): Said {
  const { handshake, nonces, signing } = greeting;
  if (signing) return [greeting, []];
  const own = ownHello(handshake);
  const hello = nonces === null ? own : { ...own, nonces };
  return [{ ...greeting, signing: true }, [{ type: 'sign', draft: { type: 'hello', hello } }]];
}

/** Says hello again soon: what is held has changed while the last one was being signed. */
function sayAgain(greeting: Greeting, at: Micros): Greeting {
  const { answeredAt, handshake } = greeting;
  const sayAt = Math.min(handshake.sayAt, Math.max(at, answeredAt + ANSWER_EVERY));
  return { ...greeting, handshake: { ...handshake, sayAt } };
}

/** A hello of another player came. Once the session is agreed it is told what it needs to join in. */
export function takeHello(greeting: Greeting, at: Micros, from: Seat, hello: Verified<Hello>): Said {
  const { answeredAt, handshake, hello: said, nonces } = greeting;
  if (nonces !== null) {
    if (said === null || answeredAt + ANSWER_EVERY > at) return [greeting, []];
    return [{ ...greeting, answeredAt: at }, [{ type: 'send', to: from, datagram: said.bytes }]];
  }
  const { answer, difference, handshake: heard } = hearHello(handshake, from, hello);
  let next: Greeting = { ...greeting, handshake: heard };
  if (answer) next = sayAgain(next, at);
  if (difference === null) return [next, []];
  return sayHello({ ...next, refusing: `player ${from} wants something else: ${difference}` });
}

/** My hello is signed: it goes to everybody, and another follows if it is outdated by now. */
export function takeOwnHello(greeting: Greeting, at: Micros, hello: Verified<Hello>): Said {
  const { handshake, nonces, refusing } = greeting;
  const next: Greeting = { ...greeting, hello, signing: false };
  const current = nonces ?? noncesOf(handshake);
  const outdated = current.some((nonce, seat) => !equalBytes(nonce, hello.nonces[seat] as Uint8Array));
  const effects: GreetingEffect[] = [];
  for (const seat of handshake.keys.keys()) {
    if (seat !== handshake.me) effects.push({ type: 'send', to: seat as Seat, datagram: hello.bytes });
  }
  if (outdated && nonces !== null) {
    const [again, sign] = sayHello(next);
    return [again, [...effects, ...sign]];
  }
  if (outdated) return [sayAgain(next, at), effects];
  if (refusing !== null) effects.push({ type: 'refused', reason: refusing });
  return [next, effects];
}

/** Says hello when it is due, and gives up (again and again) after `within`. */
export function waitForOthers(greeting: Greeting, at: Micros, within: Micros | null): Said {
  let next = greeting;
  const effects: GreetingEffect[] = [];
  if (within !== null && next.startedAt + within <= at) {
    effects.push({ type: 'refused', reason: obstacles(next.handshake).join('; ') });
    next = { ...next, startedAt: at };
  }
  if (next.handshake.sayAt > at) return [next, effects];
  const [said, sign] = sayHello({ ...next, handshake: nextHello(next.handshake, at), answeredAt: at });
  return [said, [...effects, ...sign]];
}

/** What all players have come to agree on. */
export interface Agreed {
  /** Session id, 32 bytes. */
  readonly session: Uint8Array;
  readonly said: Said;
}

/** Once all hold the same nonces: writes the session down, begins the game and says so. Else null. */
export function agree(greeting: Greeting): Agreed | null {
  const { handshake } = greeting;
  const nonces = agreedNonces(handshake);
  if (nonces === null) return null;
  const { agreement, keys } = handshake;
  const session = sessionOf(agreement, keys, nonces);
  const [next, sign] = sayHello({ ...greeting, nonces });
  const effects: GreetingEffect[] = [
    { type: 'persist', record: { type: 'session', keys, nonces } },
    { type: 'begin', session, seed: firstSeed(session) },
  ];
  return { session, said: [next, [...effects, ...sign]] };
}
