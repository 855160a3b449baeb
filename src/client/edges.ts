/**
 * The world as a driver meets it: clock, randomness, keyring, log and transport behind its ports. An
 * answer may come at once or as a promise; what fails is handed to whoever owns the session.
 */

import type { Seat } from '../base/ids.ts';
import type { Micros } from '../base/time.ts';
import type { Sealed, Verified } from '../crypto/signature.ts';
import { type Keyring, ownSigned, verifySealed } from '../keyring/keyring.ts';
import type { Log } from '../log/log.ts';
import type { Ports } from '../protocol/driver.ts';
import type { Transport } from '../transport/transport.ts';
import { SALT_BYTES } from '../wire/limits.ts';
import type { Identity } from './identity.ts';

export function now(): Micros {
  return Math.round(performance.now() * 1000);
}

export function randomBytes(count: number): Uint8Array {
  return crypto.getRandomValues(new Uint8Array(count));
}

type Answer<T> = T | Promise<T>;

/** Calls back now or later, as the answer comes. */
function whenAnswered<T>(
  answer: Answer<T>,
  done: (value: T) => void,
  failed: (error: unknown) => void,
): void {
  if (answer instanceof Promise) answer.then(done, failed);
  else done(answer);
}

/** What a session stands on. */
export interface Edges {
  readonly identity: Identity;
  readonly keyring: Keyring;
  readonly transport: Transport;
  /** By seat. */
  readonly addresses: readonly string[];
  readonly log: Log;
  /** Runs a piece of the session; never throws. */
  guard(run: () => void): void;
  failed(error: unknown): void;
}

/** The ports behind which no game stands. */
export type EdgePorts = Pick<
  Ports,
  'now' | 'sign' | 'own' | 'verify' | 'persist' | 'flush' | 'send' | 'salt'
>;

export function edgePorts(edges: Edges): EdgePorts {
  const { addresses, failed, guard, identity, keyring, log, transport } = edges;
  return {
    now,
    sign: (message, done) =>
      whenAnswered(identity.sign(message), (signature) => guard(() => done(signature)), failed),
    own: ownSigned,
    verify: <T>(sealed: Sealed<T>, done: (value: Verified<T> | null) => void) =>
      whenAnswered(verifySealed(keyring, sealed), (value) => guard(() => done(value)), failed),
    persist: (record) => log.append(record),
    flush: (done) => {
      whenAnswered(log.flush() as Answer<void>, () => guard(done), failed);
    },
    send: (to: Seat, datagram) => transport.send(addresses[to] as string, datagram),
    salt: () => randomBytes(SALT_BYTES),
  };
}

/** The one timer of a session. */
export class Alarm {
  readonly #ring: () => void;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #at: Micros | null = null;

  constructor(ring: () => void) {
    this.#ring = ring;
  }

  /** Rings once at that time, and no more at the one set before; null for never. */
  set(at: Micros | null): void {
    if (at === this.#at && this.#timer !== null) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#at = at;
    if (at === null) return;
    this.#timer = setTimeout(
      () => {
        this.#timer = null;
        this.#ring();
      },
      Math.max(0, Math.ceil((at - now()) / 1000)),
    );
  }
}
