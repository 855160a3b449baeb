/** Who watches a simulated match from outside: told of everything, it says what should not have been. */

import type { Round, Seat } from '../base/ids.ts';

export interface Watcher {
  /** A player has started, or come back. */
  started(seat: Seat): void;
  /** The game of a player has stepped; `again` while it replays its log. */
  played(seat: Seat, round: Round, stateHash: Uint8Array, again: boolean): void;
  /** What a player had played after that round is taken back. */
  rolledBack(seat: Seat, round: Round): void;
  /** The game of a player starts after that round, which was final for others. */
  restored(seat: Seat, round: Round): void;
  /** A round has become final for a player. */
  final(seat: Seat, round: Round, stateHash: Uint8Array): void;
  /** A datagram leaves a player, and one reaches it; `session` is null before it is agreed. */
  sent(seat: Seat, session: Uint8Array | null, datagram: Uint8Array): void;
  arrived(seat: Seat, session: Uint8Array | null, datagram: Uint8Array): void;
  /** A player holds evidence against another. */
  accused(by: Seat, player: Seat): void;
  /** Everything that did not hold so far; `removed` tells whom the others go on without. */
  violations(removed: (seat: Seat) => boolean): readonly string[];
}
