/**
 * Everything that can travel, as small integers: signed packets, and proofs against a player. Signatures
 * are symbolic: a fixed function of the signer and of exactly the bytes that a real one covers, so that
 * a packet whose statements are elided still verifies, and nothing is signed but by {@link Items.sign}.
 */

import { equalBytes, toHex } from '../src/base/bytes.ts';
import type { Seat } from '../src/base/ids.ts';
import type { Verified } from '../src/crypto/signature.ts';
import type { Item } from '../src/wire/envelope.ts';
import type { Entry, Packet } from '../src/wire/packet.ts';
import type { Statement } from '../src/wire/statement.ts';
import type { Engine } from './engine.ts';

/** Something that may be delivered. */
export type Thing =
  | { readonly type: 'packet'; readonly packet: Verified<Packet> }
  | { readonly type: 'proof'; readonly against: Seat; readonly packets: readonly Verified<Packet>[] };

export class Items {
  readonly session: Uint8Array;
  /** True if each proof is a thing of its own. */
  readonly everyProof: boolean;
  readonly #engine: Engine;
  readonly #things: Thing[] = [];
  readonly #ids = new Map<string, number>();

  constructor(engine: Engine, everyProof: boolean) {
    this.#engine = engine;
    this.everyProof = everyProof;
    this.session = engine.hash('session', Uint8Array.of(1));
  }

  get count(): number {
    return this.#things.length;
  }

  thing(id: number): Thing {
    return this.#things[id] as Thing;
  }

  /** The packet of an id, or null if it is that of a proof. */
  packet(id: number): Verified<Packet> | null {
    const thing = this.thing(id);
    return thing.type === 'packet' ? thing.packet : null;
  }

  #signature(signer: Seat, entries: readonly Entry[]): Uint8Array {
    const message = this.#engine.signedMessage(this.session, signer, entries);
    const half = this.#engine.hash('packet', Uint8Array.of(signer), message);
    const signature = new Uint8Array(64);
    signature.set(half);
    signature.set(half, 32);
    return signature;
  }

  #add(key: string, thing: Thing): number {
    const known = this.#ids.get(key);
    if (known !== undefined) return known;
    this.#things.push(thing);
    this.#ids.set(key, this.#things.length - 1);
    return this.#things.length - 1;
  }

  /**
   * Signs statements as one packet, at once. A list that has two of one key, as only a liar signs it, is
   * a proof by itself.
   */
  sign(signer: Seat, statements: readonly Statement[]): number {
    const double = new Set(statements.map(({ kind }) => kind)).size < statements.length;
    const engine = this.#engine;
    const entries = double
      ? statements.flatMap((each) => engine.entriesOf([each]))
      : engine.entriesOf(statements);
    const packet = engine.signedPacket(signer, entries, this.#signature(signer, entries)) as Verified<Packet>;
    const key = toHex(packet.bytes);
    if (double) return this.#add(`double ${key}`, { type: 'proof', against: signer, packets: [packet] });
    return this.#add(key, { type: 'packet', packet });
  }

  /** True when the packet was signed by its sender. */
  verifies(packet: Packet): packet is Verified<Packet> {
    return equalBytes(packet.signature, this.#signature(packet.sender, packet.entries));
  }

  /**
   * What an item of a datagram is; -1 for a proof that proves nothing. All proofs against one player
   * are one thing unless told otherwise: a machine passes on the first that it sees, whatever is in it.
   */
  of(item: Item): number {
    if (item.type === 'packet') return this.#ids.get(toHex(item.bytes)) ?? -1;
    const evidence = this.#engine.decodeEvidence(item.bytes);
    const [first] = evidence?.packets ?? [];
    if (evidence === null || first === undefined) return -1;
    const packets = evidence.packets.filter((packet) => this.verifies(packet));
    if (packets.length !== evidence.packets.length) return -1;
    const key = this.everyProof ? toHex(item.bytes) : first.sender;
    return this.#add(`proof ${key}`, { type: 'proof', against: first.sender, packets });
  }

  /** The thing in words. */
  label(id: number): string {
    const thing = this.thing(id);
    if (thing.type === 'proof') return `a proof against ${thing.against}`;
    const { entries, sender } = thing.packet;
    return `${entries.map(({ statement }) => (statement ? words(statement) : '?')).join(' + ')} of ${sender}`;
  }
}

function short(bytes: Uint8Array): string {
  return toHex(bytes.subarray(0, 2));
}

function words(statement: Statement): string {
  const { epoch, kind } = statement;
  if (kind === 'commit') return `COMMIT ${epoch}/${statement.round} ${short(statement.commitment)}`;
  if (kind === 'set') return `SET ${epoch}/${statement.round} ${short(statement.set)}`;
  if (kind === 'reveal') return `REVEAL ${toHex(statement.input)}`;
  if (kind === 'remove') return `REMOVE ${epoch} (${statement.target}, ${statement.advanced})`;
  if (kind === 'wish') return `WISH ${epoch} no. ${statement.index} (${statement.target})`;
  if (kind === 'leave') return `LEAVE ${epoch} (${statement.advanced})`;
  return `${kind.toUpperCase()} ${epoch}/${statement.round}`;
}
