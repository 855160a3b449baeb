/**
 * What must hold of a simulated match, checked by whoever sees everything: the checkers know what
 * each player sent and played, and share no code with the rules that they watch.
 */

import { equalBytes, toHex } from '../base/bytes.ts';
import type { Round, Seat } from '../base/ids.ts';
import { BUNDLE, decodeBundle } from '../wire/envelope.ts';
import { decodePacket } from '../wire/packet.ts';
import type { Watcher } from './watcher.ts';

/** Who played a round to which state. */
interface Played {
  readonly hash: Uint8Array;
  readonly seats: Seat[];
}

/** One watcher over one match. */
export class Checkers implements Watcher {
  readonly #violations: string[] = [];
  readonly #honest: (seat: Seat) => boolean;
  readonly #finals = new Map<Round, Played[]>();
  readonly #said = new Map<string, Uint8Array>();
  readonly #last: Round[];

  constructor(seats: number, honest: (seat: Seat) => boolean) {
    this.#honest = honest;
    this.#last = new Array<Round>(seats).fill(0);
  }

  #violation(text: string): void {
    if (this.#violations.length < 20) this.#violations.push(text);
  }

  started(): void {}

  played(): void {}

  rolledBack(): void {}

  restored(): void {}

  arrived(): void {}

  /** A player holds a round for final. No honest one skips a round. */
  final(seat: Seat, round: Round, stateHash: Uint8Array): void {
    if (!this.#honest(seat)) return;
    if (round > (this.#last[seat] as Round) + 1)
      this.#violation(`order: player ${seat} skips to round ${round}`);
    this.#last[seat] = Math.max(this.#last[seat] as Round, round);
    const played = this.#finals.get(round) ?? [];
    if (played.length === 0) this.#finals.set(round, played);
    const same = played.find(({ hash }) => equalBytes(hash, stateHash));
    if (same === undefined) played.push({ hash: stateHash, seats: [seat] });
    else if (!same.seats.includes(seat)) same.seats.push(seat);
  }

  /**
   * Everything that did not hold. Agreement is among those who go on: of players that the others have
   * removed the last round may differ, since they may have advanced one more than the rest.
   */
  violations(removed: (seat: Seat) => boolean): readonly string[] {
    const differing: string[] = [];
    for (const [round, played] of this.#finals) {
      const goingOn = (seat: Seat): boolean => !(removed(seat) && this.#last[seat] === round);
      const groups = played.map(({ seats }) => seats.filter(goingOn)).filter((seats) => seats.length > 0);
      if (groups.length < 2) continue;
      differing.push(
        `agreement: ${groups.map((seats) => seats.join()).join(' against ')} after round ${round}`,
      );
    }
    return [...this.#violations, ...differing.slice(0, 20)];
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
