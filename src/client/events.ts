/** What a session tells a game, and who listens. */

import type { EndReason, StallReason } from '../protocol/effect.ts';
import type { EvidenceKind } from '../protocol/evidence.ts';
import type { StateDifference } from './comparisons.ts';

/** Events of a session by name. Players are seats: indices into `session.players`. */
export interface SessionEvents<State, Input> {
  /**
   * A round was played; `inputs` by seat, null where a player gave none that counts. Do not change `state`.
   * In neo it may be taken back until it is final.
   */
  advance: { readonly round: number; readonly state: State; readonly inputs: readonly (Input | null)[] };
  /** Rounds above this one are taken back: the next `advance` is of the round after it. Never in lockstep. */
  rollback: { readonly round: number };
  /**
   * The round can never be taken back, nor be forgotten here. Lockstep sends it behind every `advance`, neo
   * when all its openings are decided. `stateHash` has 32 bytes.
   */
  final: { readonly round: number; readonly stateHash: Uint8Array };
  /**
   * Nothing has moved for too long. A suspicion, never evidence; sent again while it lasts. The reason
   * `opening` is of neo alone: an accepted input is not opened.
   */
  stall: { readonly round: number; readonly waitingFor: readonly number[]; readonly reason: StallReason };
  /**
   * These players' states after the round differ from this player's: a determinism bug. Convicts nobody.
   * `diff` asks them where, digest by digest; it answers with at most 32 places a player, none if nobody
   * answers or in lockstep.
   */
  desync: {
    readonly round: number;
    readonly players: readonly number[];
    diff(): Promise<readonly StateDifference[]>;
  };
  /** A player has lied; the evidence convicts it before anybody (`verifyEvidence`). */
  cheat: { readonly kind: EvidenceKind; readonly player: number; readonly evidence: Uint8Array };
  player: {
    readonly player: number;
    readonly status: 'joined' | 'interrupted' | 'resumed' | 'left' | 'expelled';
  };
  /** The match is over for this player. */
  end: { readonly reason: EndReason };
  /** The session cannot go on: the game threw, or the log could not be written. */
  error: Error;
}

type Listener<Event> = (event: Event) => unknown;

/** Calls listeners in the order in which they came. What they throw surfaces, but never stops a round. */
export class Listeners<Events> {
  readonly #byName = new Map<keyof Events, Set<Listener<never>>>();

  /** Adds a listener; the answer takes it away again. */
  add<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): () => void {
    if (typeof listener !== 'function')
      throw new TypeError(`on('${String(name)}', listener): listener must be a function`);
    const set = this.#byName.get(name) ?? new Set();
    this.#byName.set(name, set);
    set.add(listener);
    return () => {
      set.delete(listener);
    };
  }

  /** Tells all listeners; false if there is none. */
  tell<Name extends keyof Events>(name: Name, event: Events[Name]): boolean {
    const set = this.#byName.get(name);
    if (set === undefined || set.size === 0) return false;
    for (const listener of [...set]) {
      try {
        const answer = (listener as Listener<Events[Name]>)(event);
        if (answer instanceof Promise) answer.catch(surface);
      } catch (error) {
        surface(error);
      }
    }
    return true;
  }
}

/** Throws where no caller is: an error of the game's own code must not be lost, nor stop the session. */
export function surface(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
