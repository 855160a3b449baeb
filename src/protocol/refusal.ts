/** Why something received is dropped: a closed list of names, counted and never thrown. */

import type { EnvelopeRefusal } from '../wire/envelope.ts';
import type { PacketRefusal } from '../wire/packet.ts';

/** Every reason for which something received is dropped. */
export type Refusal =
  | EnvelopeRefusal
  | PacketRefusal
  /** The transport address is that of no player. */
  | 'address'
  /** The signer is no member of this epoch, or the datagram does not fit the phase of the session. */
  | 'sender'
  /** The packet's statements are none that travel together. */
  | 'shape'
  /** Of an epoch or round that is over. */
  | 'stale'
  /** Of an epoch or round that cannot be judged yet. */
  | 'ahead'
  | 'duplicate'
  /** A REMOVE whose last advanced round cannot be its signer's. */
  | 'implausible'
  | 'signature'
  /** An own input that the rules of the game refuse: none is committed to instead. */
  | 'own-input'
  /** What was handed over as a snapshot is none, or not enough players that are trusted have signed it. */
  | 'snapshot'
  /** Too much of the same sender is being verified already. */
  | 'busy';
