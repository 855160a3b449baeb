/**
 * A byzantine player of neo: an honest session whose datagrams pass through here. Everything that its key can
 * sign it may sign, tell to some and withhold from others; headers, relays and vectors it may forge. What
 * it does in a match is drawn: each way of lying is off, rare or frequent, so that some liars
 * are convicted at once and others do only what cannot be proved.
 */

import { toHex } from '../base/bytes.ts';
import { seatOf } from '../base/ids.ts';
import { playersFromBits } from '../base/players.ts';
import { DATAGRAM_BYTES_MAX, ITEM_BYTES_MAX, ITEMS_MAX, ROUNDS_HEADER_BYTES } from '../wire/limits.ts';
import { decodePacket, encodePacket, entriesOf, type Packet, signedMessage } from '../wire/packet.ts';
import { encodeRounds, headerBeside, type RoundsHeader } from '../wire/rounds.ts';
import { type RoundsItem, roundsItemBytes } from '../wire/rounds-item.ts';
import type { NeoStatement } from '../wire/statement.ts';
import type { Cheat, CheatContext, CheatRun, Routed } from './cheat.ts';
import { Conspiracy, LiarTable } from './liar-table.ts';
import { Lies } from './lies.ts';

export { Conspiracy };

/** Ways of lying, each with how often it is used: 0 .. 100 in a hundred. */
export interface Ways {
  /** Of own packets: told to some, told late to some, kept from all. */
  readonly withhold: number;
  readonly late: number;
  readonly mute: number;
  /** Another statement to some, in place of the own or beside it. */
  readonly split: number;
  readonly both: number;
  /** For a datagram: statements that nobody asked for; packets once more; keys twice in a packet. */
  readonly unasked: number;
  readonly replay: number;
  readonly double: number;
  /** For a datagram: a forged header, vectors that do not fit, items of others left out. */
  readonly header: number;
  readonly vectors: number;
  readonly swallow: number;
}

/** With whom a liar lies, and how. */
export interface LiarOptions {
  /** Shared by those who lie together. */
  readonly conspiracy?: Conspiracy;
  /** Drawn if left out. */
  readonly ways?: Partial<Ways>;
}

/** What cannot be proved, so that a liar may do it for a whole match. */
const quiet: readonly (keyof Ways)[] = ['withhold', 'late', 'mute', 'header', 'vectors', 'swallow', 'replay'];
const loud: readonly (keyof Ways)[] = ['split', 'both', 'unasked', 'double'];

function drawWays(random: (bound: number) => number): Ways {
  const isQuiet = random(2) === 0;
  const often = (way: keyof Ways): number => {
    if (loud.includes(way) && isQuiet) return 0;
    return random(2) === 0 ? 0 : random(3) === 0 ? random(60) : random(8);
  };
  return Object.fromEntries([...quiet, ...loud].map((way) => [way, often(way)])) as unknown as Ways;
}

/** What happens to one own packet on its way to one player. */
interface Plan {
  readonly way: 'tell' | 'withhold' | 'late' | 'mute' | 'split' | 'both';
  readonly other: Uint8Array | null;
  /** Seats that are told otherwise. */
  readonly camp: number;
  /** Datagrams to wait for, by seat. */
  readonly left: number[];
}

const PLANS_MAX = 512;

class LiarRun implements CheatRun {
  readonly #context: CheatContext;
  readonly #table: LiarTable;
  readonly #lies: Lies;
  readonly #ways: Ways;
  readonly #plans = new Map<string, Plan>();

  constructor(context: CheatContext, { conspiracy = new Conspiracy(), ways }: LiarOptions) {
    const random = (bound: number): number => context.random(bound);
    this.#context = context;
    this.#table = new LiarTable(conspiracy, random);
    this.#lies = new Lies(this.#table, context.seat, context.keys.length, random);
    const none = Object.fromEntries([...quiet, ...loud].map((way) => [way, 0])) as unknown as Ways;
    this.#ways = ways === undefined ? drawWays(random) : { ...none, ...ways };
  }

  #is(way: keyof Ways): boolean {
    return this.#context.random(100) < this.#ways[way];
  }

  incoming(from: number, datagram: Uint8Array): readonly Routed[] {
    this.#table.read(datagram, false);
    return [[from, datagram]];
  }

  outgoing(to: number, datagram: Uint8Array): readonly Routed[] {
    const rounds = this.#table.read(datagram, true);
    if (rounds === null) return [[to, datagram]];
    const items = rounds.items.flatMap((item) => this.#item(to, item));
    items.push(...this.#extras());
    const header = this.#is('header') ? this.#forged(rounds.header) : rounds.header;
    return this.#bundles(header, items).map((bytes) => [to, bytes] as const);
  }

  #item(to: number, item: RoundsItem): readonly RoundsItem[] {
    if (item.type === 'vector' && this.#is('vectors'))
      return [{ ...item, digests: item.digests.map((digest) => digest.toReversed()) }];
    if (item.type !== 'packet') return [item];
    const packet = decodePacket(item.bytes);
    if (!packet.ok) return [item];
    if (packet.value.sender !== this.#context.seat) return this.#is('swallow') ? [] : [item];
    return this.#told(to, packet.value).map((bytes) => ({ type: 'packet', bytes }));
  }

  /** What a player is told in place of an own packet. */
  #told(to: number, packet: Packet): readonly Uint8Array[] {
    const { bytes } = packet;
    const { camp, left, other, way } = this.#planFor(packet);
    const inCamp = (camp & (1 << to)) !== 0;
    if (way === 'tell' || (!inCamp && way !== 'mute')) return [bytes];
    if (way === 'withhold' || way === 'mute') return [];
    if (way === 'late') {
      left[to] = (left[to] ?? this.#context.random(12)) - 1;
      return (left[to] as number) < 0 ? [bytes] : [];
    }
    if (other === null) return [bytes];
    return way === 'split' ? [other] : [bytes, other];
  }

  #planFor(packet: Packet): Plan {
    const key = toHex(packet.signature.subarray(0, 16));
    const known = this.#plans.get(key);
    if (known !== undefined) return known;
    const way =
      (['withhold', 'late', 'mute', 'split', 'both'] as const).find((each) => this.#is(each)) ?? 'tell';
    const camp = this.#table.conspiracy.campOf(this.#table.round, (bound) => this.#context.random(bound));
    const other = way === 'split' || way === 'both' ? this.#otherThan(packet) : null;
    const plan: Plan = { way, other, camp, left: [] };
    if (this.#plans.size >= PLANS_MAX) this.#plans.delete(this.#plans.keys().next().value as string);
    this.#plans.set(key, plan);
    return plan;
  }

  /** The packet with one of its statements, or all, otherwise. */
  #otherThan({ entries }: Packet): Uint8Array | null {
    const { random } = this.#context;
    const said = entries.flatMap(({ statement }) => (statement === null ? [] : [statement as NeoStatement]));
    const which = random(said.length + 1);
    return this.#signed(
      said.map((each, index) => (index === which || which === said.length ? this.#lies.instead(each) : each)),
    );
  }

  /** A packet of these statements under the own signature; null if they do not fit one. */
  #signed(statements: readonly NeoStatement[], twice?: NeoStatement): Uint8Array | null {
    const { seat, sign } = this.#context;
    let entries = entriesOf(statements);
    if (twice !== undefined) entries = [...entries, ...entriesOf([twice])];
    const message = signedMessage(this.#table.session as Uint8Array, seatOf(seat), entries);
    const bytes = encodePacket(seatOf(seat), entries, sign(message));
    return bytes.length <= ITEM_BYTES_MAX - 64 ? bytes : null;
  }

  #extras(): readonly RoundsItem[] {
    const { random } = this.#context;
    const { packets } = this.#table.conspiracy;
    const extras: (Uint8Array | null)[] = [];
    if (this.#is('unasked')) extras.push(this.#signed([this.#lies.unasked()]));
    if (this.#is('replay')) extras.push(packets[random(Math.max(1, packets.length))]?.bytes ?? null);
    if (this.#is('double')) {
      const statement = this.#lies.unasked();
      extras.push(this.#signed([statement], this.#lies.instead(statement)));
    }
    return extras.flatMap((bytes) => (bytes === null ? [] : [{ type: 'packet', bytes } as const]));
  }

  /** A header that claims anything: clock stamps, finals and acknowledgements are under no signature. */
  #forged({ final, rounds, stamp }: RoundsHeader): RoundsHeader {
    const { random } = this.#context;
    const sets = (): never => playersFromBits(random(2) === 0 ? 0xffff : random(0x10000)) as never;
    const forged = Array.from({ length: random(20) }, () => ({
      commits: sets(),
      votes: sets(),
      opens: sets(),
      decided: sets(),
      opened: sets(),
    }));
    const length = forged.findLastIndex((each) => Object.values(each).some((set) => set !== 0)) + 1;
    const stamped = {
      sentAt: random(2) === 0 ? random(0x100000000) : stamp.sentAt,
      echo: stamp.echo,
      held: stamp.held,
    };
    if (stamped.held !== 0xffffffff && random(2) === 0) stamped.echo = random(0x100000000);
    const way = random(4);
    if (way === 0) return { stamp: stamped, final, rounds };
    if (way === 1) return { stamp: stamped, final: random(2) === 0 ? 0 : 0xfffffff0, rounds: [] };
    return {
      stamp: stamped,
      final: Math.max(0, final + random(5) - 2),
      rounds: way === 2 ? forged.slice(0, length) : rounds,
    };
  }

  #bundles(header: RoundsHeader, items: readonly RoundsItem[]): readonly Uint8Array[] {
    const session = this.#table.session as Uint8Array;
    const room = DATAGRAM_BYTES_MAX - ROUNDS_HEADER_BYTES;
    const groups: RoundsItem[][] = [[]];
    let used = 0;
    for (const item of items) {
      const need = roundsItemBytes(item);
      if (used + need > room || (groups.at(-1) as RoundsItem[]).length === ITEMS_MAX) {
        groups.push([]);
        used = 0;
      }
      (groups.at(-1) as RoundsItem[]).push(item);
      used += need;
    }
    return groups.map((group) => {
      const bytes = group.reduce((sum, item) => sum + roundsItemBytes(item), 0);
      return encodeRounds(session, { header: headerBeside(header, bytes), items: group });
    });
  }
}

/** A player that lies in whatever way is drawn from the simulation's seed. */
export function liar(options: LiarOptions = {}): Cheat {
  return { name: 'liar', begin: (context) => new LiarRun(context, options) };
}
