/**
 * What a cheat at the table knows: the session, who committed and opened what, and how to forge its own part.
 */

import { type Seat, seatOf } from '../base/ids.ts';
import { commit, commitmentSet } from '../crypto/commitment.ts';
import { hash } from '../crypto/hash.ts';
import { sessionOf } from '../protocol/handshake.ts';
import { BUNDLE, type Bundle, decodeBundle, encodeBundle, HELLO, type Item } from '../wire/envelope.ts';
import { decodeHello } from '../wire/hello.ts';
import { DATAGRAM_BYTES_MAX } from '../wire/limits.ts';
import { decodePacket, encodePacket, entriesOf, type Packet, signedMessage } from '../wire/packet.ts';
import type { Commit, CommitmentSet, Reveal, Statement } from '../wire/statement.ts';
import type { CheatContext } from './cheat.ts';

/** An own statement that a cheat may want to change. */
export type RoundStatement = Commit | CommitmentSet | Reveal;

/** A packet of another player that has passed. */
export interface Seen {
  readonly statement: 'commit' | 'open';
  readonly round: number;
  readonly packet: Packet;
}

function isRoundStatement(statement: Statement | null): statement is RoundStatement {
  return statement?.kind === 'commit' || statement?.kind === 'set' || statement?.kind === 'reveal';
}

const REMEMBERED_MAX = 256;

/** Drops the oldest entries beyond what a few rounds need. */
function forget(known: Map<string, Uint8Array>): void {
  for (const key of known.keys()) {
    if (known.size <= REMEMBERED_MAX) break;
    known.delete(key);
  }
}

export class Table {
  readonly seat: number;
  readonly keys: readonly Uint8Array[];
  /** Session id, once it can be known. */
  session: Uint8Array | null = null;
  epoch = 0;
  /** The newest round that the own session plays. */
  round = 0;
  /** Packets of others of the newest two rounds. */
  seen: readonly Seen[] = [];
  readonly #context: CheatContext;
  readonly #commitments = new Map<string, Uint8Array>();
  readonly #reveals = new Map<string, Uint8Array>();

  constructor(context: CheatContext) {
    this.seat = context.seat;
    this.keys = context.keys;
    this.#context = context;
  }

  sign(message: Uint8Array): Uint8Array {
    return this.#context.sign(message);
  }

  /** Reads a datagram of the own session; null if it is no bundle. */
  leaves(datagram: Uint8Array): Bundle | null {
    if (datagram[1] === HELLO) this.#hear(datagram);
    const bundle = this.#read(datagram);
    if (bundle !== null) {
      this.epoch = bundle.standing.epoch;
      this.round = bundle.standing.round;
      this.seen = this.seen.filter(({ round }) => round >= this.round - 1);
      for (const known of [this.#commitments, this.#reveals]) forget(known);
    }
    return bundle;
  }

  /** Looks at a datagram that arrived. */
  arrives(datagram: Uint8Array): void {
    this.#read(datagram);
  }

  #hear(datagram: Uint8Array): void {
    const hello = decodeHello(datagram);
    if (!hello.ok || hello.value.nonces.some((nonce) => nonce.every((byte) => byte === 0))) return;
    this.session = sessionOf(hello.value.agreement, hello.value.roster, hello.value.nonces);
  }

  #read(datagram: Uint8Array): Bundle | null {
    if (this.session === null || datagram[1] !== BUNDLE) return null;
    const bundle = decodeBundle(this.session, datagram);
    if (!bundle.ok) return null;
    for (const item of bundle.value.items) {
      const packet = item.type === 'packet' ? decodePacket(item.bytes) : null;
      if (packet?.ok) this.#note(packet.value);
    }
    return bundle.value;
  }

  #note(packet: Packet): void {
    for (const { statement } of packet.entries) {
      if (!isRoundStatement(statement)) continue;
      const { kind, round } = statement;
      const place = `${statement.epoch} ${round} ${packet.sender}`;
      if (kind === 'commit' && !this.#commitments.has(place))
        this.#commitments.set(place, statement.commitment);
      if (kind === 'reveal') this.#reveals.set(place, statement.input);
      const other = packet.sender !== this.seat && kind !== 'set';
      if (
        !other ||
        this.seen.some((seen) => seen.packet.signature.every((b, i) => b === packet.signature[i]))
      )
        continue;
      this.seen = [...this.seen, { statement: kind === 'commit' ? 'commit' : 'open', round, packet }];
    }
  }

  /** The inputs of all others in a round, by seat, once all have opened; else null. */
  openedByOthers(round: number): readonly (Uint8Array | null)[] | null {
    const inputs = this.keys.map((_, seat) =>
      seat === this.seat ? null : (this.#reveals.get(`${this.epoch} ${round} ${seat}`) ?? null),
    );
    return inputs.every((input, seat) => seat === this.seat || input !== null) ? inputs : null;
  }

  /** The own statement as it would read had the own input been another. */
  substitute(statement: RoundStatement, input: Uint8Array): RoundStatement {
    const { epoch, kind, round } = statement;
    const session = this.session as Uint8Array;
    const salt = hash('seed', session, Uint8Array.of(this.seat, round >>> 8, round)).slice(0, 16);
    if (kind === 'reveal') return { ...statement, input, salt };
    const commitment = commit({ session, epoch, round, author: seatOf(this.seat) }, salt, input);
    if (kind === 'commit') return { ...statement, commitment };
    const commitments = this.keys.flatMap((_, seat) => {
      const known = seat === this.seat ? commitment : this.#commitments.get(`${epoch} ${round} ${seat}`);
      return known === undefined ? [] : [known];
    });
    return { ...statement, set: commitmentSet({ session, epoch, round }, commitments) };
  }

  /** The items with own statements kept, dropped or replaced; what changes is signed anew. */
  rewrite(
    items: readonly Item[],
    change: (statement: RoundStatement) => 'keep' | 'drop' | RoundStatement,
  ): readonly Item[] {
    return items.flatMap((item): readonly Item[] => {
      const packet = item.type === 'packet' ? decodePacket(item.bytes) : null;
      if (!packet?.ok || packet.value.sender !== this.seat) return [item];
      const changed = packet.value.entries.map(({ statement }) =>
        isRoundStatement(statement)
          ? { statement, verdict: change(statement) }
          : { statement, verdict: 'keep' as const },
      );
      if (changed.some(({ verdict }) => verdict === 'drop')) return [];
      if (changed.every(({ verdict }) => verdict === 'keep')) return [item];
      const parts = changed.flatMap(({ statement, verdict }): readonly Statement[] => {
        if (verdict === 'keep' || verdict === 'drop') return statement ? [statement] : [];
        return [verdict];
      });
      return [{ type: 'packet', bytes: this.forge(seatOf(this.seat), parts) }];
    });
  }

  /** A packet of those statements under the own signature. */
  forge(sender: Seat, parts: readonly Statement[]): Uint8Array {
    const entries = entriesOf(parts);
    return encodePacket(
      sender,
      entries,
      this.sign(signedMessage(this.session as Uint8Array, sender, entries)),
    );
  }

  /** Datagrams with those items behind the bundle's standing. */
  rebundle(bundle: Bundle, items: readonly Item[]): readonly Uint8Array[] {
    const groups: Item[][] = [[]];
    let room = DATAGRAM_BYTES_MAX - 64;
    for (const item of items) {
      if (item.bytes.length + 3 > room && (groups.at(-1) as Item[]).length > 0) {
        groups.push([]);
        room = DATAGRAM_BYTES_MAX - 64;
      }
      (groups.at(-1) as Item[]).push(item);
      room -= item.bytes.length + 3;
    }
    return groups.map((group) =>
      encodeBundle(this.session as Uint8Array, { standing: bundle.standing, items: group }),
    );
  }
}
