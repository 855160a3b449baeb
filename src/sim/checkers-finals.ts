/**
 * What finals must be, for whoever sees those of all: equal, in order, never contradicted by what comes
 * after. Also that the members are the same everywhere, and that nobody honest is out for a lie.
 */

import { equalBytes, toHex } from '../base/bytes.ts';
import type { Round, Seat } from '../base/ids.ts';

/** What the log of a player says of a round that is final for it. */
export interface LogView {
  readonly members: number;
  readonly epochId: Uint8Array;
  /** Seats that the round removed, and why. */
  readonly removed: readonly { readonly seat: Seat; readonly reason: string }[];
}

interface Agreed {
  readonly by: Seat;
  readonly hash: Uint8Array;
  log: LogView | null;
}

interface Course {
  /** The newest round that was played, and the newest that is final, since the player started. */
  newest: Round;
  final: Round;
  readonly hashes: Map<Round, Uint8Array>;
}

const convicting: ReadonlySet<string> = new Set(['evidence', 'illegal']);

export class FinalsChecker {
  readonly #tell: (text: string) => void;
  readonly #honest: (seat: Seat) => boolean;
  readonly #agreed = new Map<Round, Agreed>();
  readonly #courses = new Map<Seat, Course>();
  /** The newest round that was ever final for a player. */
  readonly #last = new Map<Seat, Round>();

  constructor(tell: (text: string) => void, honest: (seat: Seat) => boolean) {
    this.#tell = tell;
    this.#honest = honest;
  }

  started(seat: Seat): void {
    this.#courses.set(seat, { newest: 0, final: 0, hashes: new Map() });
  }

  played(seat: Seat, round: Round, hash: Uint8Array): void {
    const course = this.#courses.get(seat);
    if (course === undefined || !this.#honest(seat)) return;
    if (round !== course.newest + 1)
      this.#tell(`order: player ${seat} plays ${round} after ${course.newest}`);
    course.newest = round;
    course.hashes.set(round, hash);
  }

  rolledBack(seat: Seat, round: Round): void {
    const course = this.#courses.get(seat);
    if (course === undefined || !this.#honest(seat)) return;
    if (round < course.final)
      this.#tell(`order: player ${seat} goes back to ${round} before its final round`);
    course.newest = round;
  }

  /** The player begins after that round. */
  restored(seat: Seat, round: Round): void {
    this.#courses.set(seat, { newest: round, final: round, hashes: new Map() });
  }

  /** `sound` is false where more lie than any agreement can bear. */
  final(seat: Seat, round: Round, hash: Uint8Array, log: LogView | null, sound: boolean): void {
    const course = this.#courses.get(seat);
    if (course === undefined || !this.#honest(seat)) return;
    if (round !== course.final + 1)
      this.#tell(`order: final ${round} at player ${seat} after ${course.final}`);
    const played = course.hashes.get(round);
    if (played === undefined || !equalBytes(played, hash))
      this.#tell(`order: what is final at player ${seat} is not what it has played in round ${round}`);
    course.final = round;
    course.hashes.delete(round);
    this.#last.set(seat, Math.max(round, this.#last.get(seat) ?? 0));
    if (sound) this.#compare(seat, round, hash, log);
  }

  #compare(seat: Seat, round: Round, hash: Uint8Array, log: LogView | null): void {
    const before = this.#agreed.get(round);
    for (const { reason, seat: gone } of log?.removed ?? []) {
      if (this.#honest(gone) && convicting.has(reason))
        this.#tell(`framed: round ${round} removes honest player ${gone} (${reason})`);
    }
    if (before === undefined) {
      this.#agreed.set(round, { by: seat, hash, log });
      return;
    }
    if (!equalBytes(before.hash, hash))
      this.#tell(`agreement: ${before.by} against ${seat} after round ${round}`);
    before.log ??= log;
    if (log === null || before.log === null) return;
    if (log.members !== before.log.members || !equalBytes(log.epochId, before.log.epochId)) {
      const told = [before.log, log].map((each) => `${each.members}/${toHex(each.epochId).slice(0, 8)}`);
      this.#tell(`epoch: ${before.by} against ${seat} after round ${round}: ${told.join(' ')}`);
    }
  }

  /** The newest final round of a player. */
  finalOf(seat: Seat): Round {
    return this.#last.get(seat) ?? 0;
  }
}
