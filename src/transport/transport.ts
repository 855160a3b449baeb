/** What a transport is: datagrams that may be lost, doubled or reordered; it never throws at a sender. */

/**
 * Called for every datagram, never within a `send`; `from` is written as {@link Transport.canonical} writes
 * it. The bytes are the handler's to keep, but not to change: other handlers are given the same array.
 */
export type DatagramHandler = (from: string, datagram: Uint8Array) => void;

/** Carries datagrams between addresses. */
export interface Transport {
  /** Where others reach this transport, in canonical form. */
  readonly address: string;
  /** Largest datagram that can be sent, in bytes. */
  readonly datagramBytesMax: number;
  /** The one spelling of an address. Throws a TypeError that says what an address looks like. */
  canonical(address: string): string;
  /**
   * Sends to a canonical address and forgets: a loss, a send error or a closed transport is never thrown.
   * A datagram above {@link datagramBytesMax} is the caller's own bug, and is. The bytes must not change
   * after the call, as they may still be waiting to leave.
   */
  send(to: string, datagram: Uint8Array): void;
  /** Adds a handler; the answer takes it away again. */
  receive(handler: DatagramHandler): () => void;
  /** Resolves when nothing of the transport is left running. May be called twice. */
  close(): Promise<void>;
}
