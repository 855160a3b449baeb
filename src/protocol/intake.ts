/**
 * From claims to events: what a datagram claims is verified, all of it at once, and handed on together when
 * the
 * last answer is there. Nobody has more than so many verifications under way.
 */

import type { Seat } from '../base/ids.ts';
import type { Micros } from '../base/time.ts';
import type { Sealed, Verified } from '../crypto/signature.ts';
import type { Hello } from '../wire/hello.ts';
import type { Packet } from '../wire/packet.ts';
import type { Opened, SessionEvent } from './engine.ts';
import type { Refusal } from './refusal.ts';

/** Verifications of one player's datagrams under way at once. */
const VERIFYING_MAX = 64;

/** What an intake asks of its driver. */
export interface IntakePorts {
  now(): Micros;
  verify<T>(sealed: Sealed<T>, done: (value: Verified<T> | null) => void): void;
  refuse(refusal: Refusal): void;
  hand(event: SessionEvent): void;
}

export class Intake {
  readonly #ports: IntakePorts;
  /** By seat. */
  readonly #verifying: number[] = [];

  constructor(ports: IntakePorts) {
    this.#ports = ports;
  }

  /** Takes in what was opened of a datagram from the address of a player. */
  take(from: Seat, opened: Opened): void {
    if (opened.hello !== null) this.#takeHello(from, opened.hello);
    else if (opened.header !== null) this.#takeBundle(from, opened);
  }

  #takeHello(from: Seat, sealed: Sealed<Hello>): void {
    if ((this.#verifying[from] ?? 0) >= VERIFYING_MAX) return this.#ports.refuse('busy');
    this.#verify(from, sealed, (hello) => {
      if (hello === null) this.#ports.refuse('signature');
      else this.#ports.hand({ type: 'hello', at: this.#ports.now(), from, hello });
    });
  }

  #takeBundle(from: Seat, { attachments, header, carried, packets, proofs }: Opened): void {
    const claims = [...packets, ...proofs.flat()];
    if ((this.#verifying[from] ?? 0) + claims.length > VERIFYING_MAX) return this.#ports.refuse('busy');
    const values = new Map<Sealed<Packet>, Verified<Packet>>();
    let left = claims.length;
    const finish = (): void => {
      const held = (sealed: Sealed<Packet>): Verified<Packet>[] => {
        const value = values.get(sealed);
        return value === undefined ? [] : [value];
      };
      this.#ports.hand({
        type: 'bundle',
        at: this.#ports.now(),
        from,
        header,
        carried,
        packets: packets.flatMap(held),
        proofs: proofs
          .filter((proof) => proof.every((each) => values.has(each)))
          .map((proof) => proof.flatMap(held)),
        attachments,
      });
    };
    if (left === 0) return finish();
    for (const claim of claims) {
      this.#verify(from, claim, (value) => {
        if (value === null) this.#ports.refuse('signature');
        else values.set(claim, value);
        left--;
        if (left === 0) finish();
      });
    }
  }

  #verify<T>(from: Seat, sealed: Sealed<T>, done: (value: Verified<T> | null) => void): void {
    this.#verifying[from] = (this.#verifying[from] ?? 0) + 1;
    this.#ports.verify(sealed, (value) => {
      this.#verifying[from] = (this.#verifying[from] ?? 1) - 1;
      done(value);
    });
  }
}
