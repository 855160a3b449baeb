/**
 * What a cheat at the table of neo knows: the session, who said what in which round, and what time it is;
 * and how it forges its own part: statements under its own key, and datagrams around them.
 */

import { equalBytes, toHex } from '../base/bytes.ts';
import { type Seat, seatOf } from '../base/ids.ts';
import { add, nobody, type PlayerSet, remove, seatsOf } from '../base/players.ts';
import { commit, vectorDigest } from '../crypto/commitment.ts';
import { hash } from '../crypto/hash.ts';
import { sessionOf } from '../protocol/handshake.ts';
import { decodeUpdate, encodeUpdate, type Update } from '../protocol/neo/update.ts';
import { HELLO, ROUNDS } from '../wire/envelope.ts';
import { decodeHello } from '../wire/hello.ts';
import { DATAGRAM_BYTES_MAX, HEADER_ROUNDS_MAX, ITEMS_MAX, ROUNDS_HEADER_BYTES } from '../wire/limits.ts';
import { decodePacket, encodePacket, entriesOf, type Packet, signedMessage } from '../wire/packet.ts';
import { decodeRounds, encodeRounds, headerBeside, type Rounds, type RoundsHeader } from '../wire/rounds.ts';
import { type RoundsItem, roundsItemBytes } from '../wire/rounds-item.ts';
import {
  type Change,
  type Commit,
  type NeoStatement,
  type Reveal,
  ROUND_INSTANCE,
  type Statement,
  type Vote,
} from '../wire/statement.ts';
import type { CheatContext } from './cheat.ts';

/** What was said in a round, by seat; of each the first that passed. The own is what the own session says. */
export interface SeenRound {
  readonly round: number;
  readonly commits: Map<number, Commit>;
  readonly votes: Map<number, Vote>;
  readonly reveals: Map<number, Reveal>;
  /** Packets of others with a COMMIT or a VOTE of this round. */
  readonly packets: Packet[];
  /** When the own commitment first left the own session. */
  readonly since: number;
  /** The own session has left a view of this round. */
  led: boolean;
}

/** What becomes of an own statement: it stays, it is left out, it waits, or others take its place. */
export type Verdict = 'keep' | 'drop' | 'wait' | readonly Statement[];

const ROUNDS_KEPT = 128;
const FORGED_KEPT = 512;

/** The oldest entries beyond so many are dropped. */
function forget<Key>(map: Map<Key, unknown>, most: number): void {
  for (const key of map.keys()) {
    if (map.size <= most) break;
    map.delete(key);
  }
}

export class RoundsTable {
  readonly seat: number;
  readonly keys: readonly Uint8Array[];
  /** Session id, once it can be known. */
  session: Uint8Array | null = null;
  /** Microseconds of the own raw clock, as of the newest own datagram. */
  now = 0;
  /** The newest round in which the own session has committed. */
  round = 0;
  readonly #context: CheatContext;
  readonly #rounds = new Map<number, SeenRound>();
  readonly #forged = new Map<string, Uint8Array>();
  /** Hashes behind forged digests, by digest. */
  readonly #vectors = new Map<string, readonly Uint8Array[]>();
  /** Own forged packets that the own session has not been told of. */
  #untold: RoundsItem[] = [];

  constructor(context: CheatContext) {
    this.seat = context.seat;
    this.keys = context.keys;
    this.#context = context;
  }

  random(bound: number): number {
    return this.#context.random(bound);
  }

  /** The other seats, in order. */
  get others(): readonly number[] {
    return this.keys.map((_, seat) => seat).filter((seat) => seat !== this.seat);
  }

  /** What was said in a round so far. */
  seen(round: number): SeenRound {
    const known = this.#rounds.get(round);
    if (known !== undefined) return known;
    const { now: since } = this;
    const fresh = {
      round,
      commits: new Map(),
      votes: new Map(),
      reveals: new Map(),
      packets: [],
      since,
      led: false,
    };
    this.#rounds.set(round, fresh);
    forget(this.#rounds, ROUNDS_KEPT);
    return fresh;
  }

  /** Reads a datagram of the own session; null if it is none of neo. */
  leaves(datagram: Uint8Array): Rounds | null {
    if (datagram[1] === HELLO) this.#hear(datagram);
    const rounds = this.#read(datagram);
    if (rounds === null) return null;
    const { sentAt } = rounds.header.stamp;
    this.now += (sentAt - this.now) | 0;
    return rounds;
  }

  /** Looks at a datagram that arrived; answers what else the own session should see beside it. */
  arrives(datagram: Uint8Array): readonly Uint8Array[] {
    const rounds = this.#read(datagram);
    if (rounds === null || this.#untold.length === 0) return [];
    return this.rebundle(rounds.header, this.#untold.splice(0));
  }

  #hear(datagram: Uint8Array): void {
    const hello = decodeHello(datagram);
    if (!hello.ok || hello.value.nonces.some((nonce) => nonce.every((byte) => byte === 0))) return;
    this.session = sessionOf(hello.value.agreement, hello.value.roster, hello.value.nonces);
  }

  #read(datagram: Uint8Array): Rounds | null {
    if (this.session === null || datagram[1] !== ROUNDS) return null;
    const rounds = decodeRounds(this.session, datagram);
    if (!rounds.ok) return null;
    for (const item of rounds.value.items) {
      const packet = item.type === 'packet' ? decodePacket(item.bytes) : null;
      if (packet?.ok) this.#note(packet.value);
    }
    return rounds.value;
  }

  #note(packet: Packet): void {
    const { sender } = packet;
    for (const { statement } of packet.entries) {
      if (statement === null || !('round' in statement)) continue;
      if (statement.kind === 'commit' && sender === this.seat && statement.round > this.round)
        this.round = statement.round;
      const seen = this.seen(statement.round);
      const { kind } = statement;
      if (kind === 'change' && sender === this.seat) seen.led = true;
      const before = seen.packets.length;
      if (kind === 'commit' && !seen.commits.has(sender)) seen.commits.set(sender, statement);
      else if (kind === 'vote' && !seen.votes.has(sender)) seen.votes.set(sender, statement);
      else if (kind === 'reveal' && !seen.reveals.has(sender)) seen.reveals.set(sender, statement);
      else continue;
      if (kind !== 'reveal' && sender !== this.seat && seen.packets[before - 1] !== packet)
        seen.packets.push(packet);
    }
  }

  /** Seats among `whose` whose opening of a round is known. */
  opened(round: number, whose: readonly number[] = this.others): readonly number[] {
    const { reveals } = this.seen(round);
    return whose.filter((seat) => reveals.has(seat));
  }

  /** The encoded inputs of all others in a round, by seat, once all have opened; else null. */
  openedByOthers(
    round: number,
    whose: readonly number[] = this.others,
  ): readonly (Uint8Array | null)[] | null {
    if (this.opened(round, whose).length < whose.length) return null;
    const { reveals } = this.seen(round);
    return this.keys.map((_, seat) => {
      const reveal = seat === this.seat ? undefined : reveals.get(seat);
      return reveal === undefined ? null : (decodeUpdate(reveal.input)?.input ?? null);
    });
  }

  /** The opening of another own move of a round: of this update, or of nothing but this input. */
  reveal(epoch: number, round: number, content: Update | Uint8Array): Reveal {
    const session = this.session as Uint8Array;
    const given = content instanceof Uint8Array ? { report: null, operations: [], input: content } : content;
    const input = encodeUpdate({ ...given, input: given.input?.length === 0 ? null : given.input });
    const place = Uint8Array.of(this.seat, round >>> 24, round >>> 16, round >>> 8, round);
    return { kind: 'reveal', epoch, round, input, salt: hash('seed', session, place, input).slice(0, 16) };
  }

  /** The commitment to an opening. */
  commitment({ epoch, input, round, salt }: Reveal): Commit {
    const session = this.session as Uint8Array;
    const place = { session, epoch, round, author: seatOf(this.seat) };
    return { kind: 'commit', epoch, round, commitment: commit(place, salt, input) };
  }

  /** An own statement as it would read had the own move been another one. */
  substitute(statement: NeoStatement, content: Update | Uint8Array): Verdict {
    const { epoch, kind, round } = statement;
    if (kind !== 'commit' && kind !== 'reveal' && kind !== 'vote' && kind !== 'change') return 'keep';
    const reveal = this.reveal(epoch, round, content);
    const commitment = this.commitment(reveal);
    if (kind === 'commit') return [commitment];
    if (kind === 'change') return [this.rechange(statement, this.seat, commitment.commitment)];
    const vector = kind === 'vote' ? this.revote(statement, this.seat, commitment.commitment) : null;
    // Else the own session could not read what others say of its move.
    this.tell(
      vector === null ? [commitment, reveal] : [commitment],
      vector ? this.vectorOf(vector.values) : [],
    );
    return [vector ?? reveal];
  }

  /** The hashes behind a bitmap and digest of what the own session holds, or null. */
  hashesOf(round: number, named: PlayerSet, values: Uint8Array): readonly Uint8Array[] | null {
    const { commits } = this.seen(round);
    const hashes = seatsOf(named).flatMap((seat) => commits.get(seat)?.commitment ?? []);
    return equalBytes(vectorDigest(hashes), values) ? hashes : null;
  }

  /** Bitmap and digest with another value for one seat (null: none); null if the hashes are not known. */
  revised(
    round: number,
    { named, values }: { readonly named: PlayerSet; readonly values: Uint8Array },
    author: number,
    value: Uint8Array | null,
  ): { readonly named: PlayerSet; readonly values: Uint8Array } | null {
    const hashes = this.hashesOf(round, named, values);
    if (hashes === null) return null;
    const byAuthor = new Map(
      seatsOf(named).map((seat, index) => [seat as number, hashes[index] as Uint8Array]),
    );
    if (value === null) byAuthor.delete(author);
    else byAuthor.set(author, value);
    const seats = value === null ? remove(named, seatOf(author)) : add(named, seatOf(author));
    const vector = seatsOf(seats).map((seat) => byAuthor.get(seat) as Uint8Array);
    const digest = vectorDigest(vector);
    this.#vectors.set(toHex(digest), vector);
    forget(this.#vectors, FORGED_KEPT);
    return { named: seats, values: digest };
  }

  /** A vote with another value for one author (null: "-"); as it is if its hashes are not known. */
  revote(vote: Vote, author: number, value: Uint8Array | null): Vote {
    return { ...vote, ...this.revised(vote.round, vote, author, value) };
  }

  /** A view change with another value for one author in its vote and in what it knows to be certified. */
  rechange(change: Change, author: number, value: Uint8Array | null): Change {
    if (change.instance !== ROUND_INSTANCE) return change;
    const seats = seatsOf(change.named);
    const votes = new Map(seats.map((seat, index) => [seat as number, change.votes[index] as Uint8Array]));
    const before = votes.get(author);
    if (value === null) votes.delete(author);
    else votes.set(author, value);
    const named = this.setOf([...votes.keys()]);
    const certified = change.certified.map((each) => {
      const same = each.slot === author && before !== undefined && equalBytes(each.value, before);
      return same ? { ...each, value: value ?? new Uint8Array(32) } : each;
    });
    return {
      ...change,
      named,
      votes: seatsOf(named).map((seat) => votes.get(seat) as Uint8Array),
      certified,
    };
  }

  /** A packet of those statements under the own signature, or under a sender's name; always the same. */
  forge(parts: readonly Statement[], sender: Seat = seatOf(this.seat)): Uint8Array {
    const entries = entriesOf(parts);
    const message = signedMessage(this.session as Uint8Array, sender, entries);
    const key = toHex(hash('part', message));
    const known = this.#forged.get(key);
    if (known !== undefined) return known;
    const bytes = encodePacket(sender, entries, this.#context.sign(message));
    this.#forged.set(key, bytes);
    forget(this.#forged, FORGED_KEPT);
    return bytes;
  }

  sign(message: Uint8Array): Uint8Array {
    return this.#context.sign(message);
  }

  /** Lets the own session know of own statements that it has not made, and of hashes in them, each once. */
  tell(parts: readonly Statement[], digests: readonly Uint8Array[] = []): void {
    const bytes = this.forge(parts);
    const key = `told ${digests.length} ${toHex(hash('part', bytes))}`;
    if (this.#forged.has(key)) return;
    this.#forged.set(key, bytes);
    if (digests.length > 0) this.#untold.push({ type: 'vector', digests });
    this.#untold.push({ type: 'packet', bytes });
  }

  /** The hashes behind a digest that was forged. */
  vectorOf(values: Uint8Array): readonly Uint8Array[] {
    return this.#vectors.get(toHex(values)) ?? [];
  }

  /** The items with own statements kept, left out or replaced; what changes is signed anew. */
  rewrite(items: readonly RoundsItem[], change: (statement: NeoStatement) => Verdict): readonly RoundsItem[] {
    return items.flatMap((item): readonly RoundsItem[] => {
      const packet = item.type === 'packet' ? decodePacket(item.bytes) : null;
      if (!packet?.ok || packet.value.sender !== this.seat) return [item];
      const statements = packet.value.entries.flatMap(({ statement }) => statement ?? []) as NeoStatement[];
      const verdicts = statements.map(change);
      if (verdicts.every((verdict) => verdict === 'keep')) return [item];
      const parts = statements.flatMap((statement, index): readonly Statement[] => {
        const verdict = verdicts[index] as Verdict;
        if (verdict === 'keep') return [statement];
        return typeof verdict === 'string' ? [] : verdict;
      });
      return parts.length === 0 ? [] : this.shown(parts);
    });
  }

  /** Own statements as items, with the hashes that they need. */
  shown(parts: readonly Statement[]): readonly RoundsItem[] {
    const vectors = parts.flatMap((part): readonly RoundsItem[] => {
      const digests = 'values' in part && part.values instanceof Uint8Array ? this.vectorOf(part.values) : [];
      return digests.length === 0 ? [] : [{ type: 'vector', digests }];
    });
    return [{ type: 'packet', bytes: this.forge(parts) }, ...vectors];
  }

  /** Datagrams with those items behind a header. */
  rebundle(header: RoundsHeader, items: readonly RoundsItem[]): readonly Uint8Array[] {
    const groups: RoundsItem[][] = [[]];
    let room = DATAGRAM_BYTES_MAX - ROUNDS_HEADER_BYTES;
    for (const item of items) {
      const need = roundsItemBytes(item);
      const group = groups.at(-1) as RoundsItem[];
      if (group.length > 0 && (need > room || group.length === ITEMS_MAX)) {
        groups.push([item]);
        room = DATAGRAM_BYTES_MAX - ROUNDS_HEADER_BYTES - need;
      } else {
        group.push(item);
        room -= need;
      }
    }
    const rounds = header.rounds.slice(0, HEADER_ROUNDS_MAX);
    return groups.map((group) => {
      const bytes = group.reduce((sum, item) => sum + roundsItemBytes(item), 0);
      const beside = headerBeside({ ...header, rounds }, bytes);
      return encodeRounds(this.session as Uint8Array, { header: beside, items: group });
    });
  }

  /** The seats as a set. */
  setOf(seats: readonly number[]): PlayerSet {
    return seats.reduce<PlayerSet>((set, seat) => add(set, seatOf(seat)), nobody);
  }
}
