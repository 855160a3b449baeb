/**
 * What must hold of a simulated match, checked by whoever sees everything: the checkers know what
 * each player sent and played, and share no code with the rules that they watch.
 */

import { equalBytes, toHex } from '../base/bytes.ts';
import type { Round, Seat } from '../base/ids.ts';
import { BUNDLE, decodeBundle } from '../wire/envelope.ts';
import { decodePacket } from '../wire/packet.ts';

/** One watcher over one match; `violations` stays empty as long as everything holds. */
export class Checkers {
  readonly violations: string[] = [];
  readonly #honest: (seat: Seat) => boolean;
  readonly #hashes = new Map<Round, { readonly hash: Uint8Array; readonly seat: Seat }>();
  readonly #said = new Map<string, Uint8Array>();
  readonly #advanced: Round[];

  constructor(seats: number, honest: (seat: Seat) => boolean) {
    this.#honest = honest;
    this.#advanced = new Array<Round>(seats).fill(0);
  }

  #violation(text: string): void {
    if (this.violations.length < 20) this.violations.push(text);
  }

  /** Agreement: no two honest players ever differ on a final round; and none skips one. */
  final(seat: Seat, round: Round, stateHash: Uint8Array): void {
    if (!this.#honest(seat)) return;
    if (round > (this.#advanced[seat] as Round) + 1)
      this.#violation(`order: player ${seat} skips to round ${round}`);
    this.#advanced[seat] = Math.max(this.#advanced[seat] as Round, round);
    const known = this.#hashes.get(round);
    if (known === undefined) this.#hashes.set(round, { hash: stateHash, seat });
    else if (!equalBytes(known.hash, stateHash)) {
      this.#violation(`agreement: players ${known.seat} and ${seat} differ after round ${round}`);
    }
  }

  /** One statement a key: an honest player never sends two that differ, also across restarts. */
  sent(seat: Seat, session: Uint8Array | null, datagram: Uint8Array): void {
    if (session === null || datagram[1] !== BUNDLE || !this.#honest(seat)) return;
    const bundle = decodeBundle(session, datagram);
    if (!bundle.ok)
      return this.#violation(`layout: player ${seat} sends what does not read: ${bundle.refused}`);
    for (const item of bundle.value.items) {
      if (item.type !== 'packet') continue;
      const packet = decodePacket(item.bytes);
      if (!packet.ok) return this.#violation(`layout: player ${seat} sends a packet that does not read`);
      if (packet.value.sender !== seat) continue;
      for (const entry of packet.value.entries) {
        if (entry.statement === null) continue;
        const key = `${seat} ${toHex(entry.key)}`;
        const said = this.#said.get(key);
        if (said === undefined) this.#said.set(key, entry.bytes);
        else if (!equalBytes(said, entry.bytes)) {
          this.#violation(`one-${entry.statement.kind}: player ${seat} says two different things`);
        }
      }
    }
  }

  /** No false accusation: evidence never names an honest player. */
  accused(by: Seat, player: Seat): void {
    if (this.#honest(player) && this.#honest(by))
      this.#violation(`framed: player ${by} convicts honest player ${player}`);
  }
}
