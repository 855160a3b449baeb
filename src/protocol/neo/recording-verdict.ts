/** What comes of judging a recording (recording.ts). */

import type { Lie, PacketFault, Verify } from './recording-packets.ts';

export type { Lie, Verify };

export type RecordingReason =
  /** The bytes are no recording of this version, or are cut short. */
  | 'format'
  /** The agreement is not one of this protocol. */
  | 'agreement'
  /** The recording is of another game, or of another version of it or other rules. */
  | 'game'
  /** The rounds are not all there, in order. */
  | 'order'
  | PacketFault
  /** No decision about a slot is proven, or another one is. */
  | 'decision'
  /** The opening of an accepted slot is missing, or is that of something else. */
  | 'opening'
  /** An opening is said to be `void`, and that is not proven; or it is proven, and not said. */
  | 'void'
  /** The game threw. */
  | 'threw'
  /** The game comes to another state than the recording says. */
  | 'state'
  /** The game comes to another state than enough players have signed. */
  | 'digest';

export interface VerifiedRound {
  readonly round: number;
  /** Digest of the game's state after it, 32 bytes. */
  readonly stateHash: Uint8Array;
  readonly epoch: number;
  /** Seats whose votes counted. */
  readonly members: readonly number[];
  /** Seats whose input broke the rules of the game, and whose accepted input was never opened. */
  readonly illegal: readonly number[];
  readonly voided: readonly number[];
  /**
   * Seats about which the decision convinces only if no more players lie than the protocol bears: its
   * certificate is not in the recording.
   */
  readonly unshown: readonly number[];
}

/** A player who came or went, by what the round decided. */
export interface MemberChange {
  readonly round: number;
  readonly player: number;
  readonly status: 'joined' | 'evidence' | 'illegal' | 'void' | 'left' | 'silent' | 'late';
}

/** What holds of the rounds before any break. */
export interface Verified {
  /** Session id, 32 bytes; null if the recording does not come that far. */
  readonly session: Uint8Array | null;
  /** Public keys by seat, of all who ever were members. */
  readonly players: readonly Uint8Array[];
  /** Seats of those who still are. */
  readonly members: readonly number[];
  readonly changes: readonly MemberChange[];
  /** Rounds that are proven. */
  readonly rounds: readonly VerifiedRound[];
  /** The last round whose state enough players have named in their votes; -1 for none. */
  readonly attested: number;
  /** Lies that the packets of the rounds prove, whether they did any harm or not. */
  readonly lies: readonly Lie[];
}

export type RecordingVerdict =
  | (Verified & { readonly ok: true })
  | (Verified & {
      readonly ok: false;
      /** The round that breaks; 0 if the recording breaks before the first. */
      readonly round: number;
      readonly reason: RecordingReason;
      /** For people. */
      readonly detail: string;
      /** Index of the packet of the round that is at fault, or null. */
      readonly packet: number | null;
      /** Public key of the player whose signatures contradict each other in that round; null for nobody. */
      readonly blame: Uint8Array | null;
      /** Evidence against it (`verifyEvidence`). */
      readonly evidence: Uint8Array | null;
    });

export interface VerifyOptions {
  /**
   * Checks signatures, by the strict rule; a millisecond each unless told. A native keyring is faster.
   */
  readonly verify?: Verify;
}
