/**
 * What a cheat is: it sits between an honest session and the network, sees and rewrites every
 * datagram, and signs with its player's own key. The same cheat runs in the simulator and over UDP.
 */

/** What a cheat has to work with. */
export interface CheatContext {
  /** Own seat. */
  readonly seat: number;
  /** Public key of each seat. */
  readonly keys: readonly Uint8Array[];
  /** Signs with the own key. */
  sign(message: Uint8Array): Uint8Array;
  /** An integer in 0 .. bound - 1. */
  random(bound: number): number;
}

/** A datagram with whom it goes to, or comes from. */
export type Routed = readonly [seat: number, datagram: Uint8Array];

/** A cheat at work in one match. */
export interface CheatRun {
  /** What leaves instead of a datagram of the own session. */
  outgoing(to: number, datagram: Uint8Array): readonly Routed[];
  /** What the own session sees instead of a datagram that arrived. */
  incoming(from: number, datagram: Uint8Array): readonly Routed[];
}

/** A way to cheat, before it is used in a match. */
export interface Cheat {
  /** As the papers name it. */
  readonly name: string;
  begin(context: CheatContext): CheatRun;
}
