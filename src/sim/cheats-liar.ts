/**
 * The frame of most cheats: the own session plays by the rules, and what leaves it is rewritten, in lockstep
 * or in neo, whichever is played.
 */

import type { Item } from '../wire/envelope.ts';
import { entriesOf } from '../wire/packet.ts';
import type { Rounds, RoundsHeader } from '../wire/rounds.ts';
import type { RoundsItem } from '../wire/rounds-item.ts';
import type { NeoStatement } from '../wire/statement.ts';
import type { Cheat, CheatContext, CheatRun, Routed } from './cheat.ts';
import { Table } from './table.ts';
import { RoundsTable, type Verdict } from './table-rounds.ts';

/** From which round on a cheat cheats; 1 unless told. */
export interface CheatOptions {
  readonly fromRound?: number;
}

/** Picks an encoded input when those of the others are known; by seat, null for the own. */
export type Choose = (others: readonly (Uint8Array | null)[], round: number) => Uint8Array;

export const nothing: Uint8Array = new Uint8Array(0);

/** What a cheat does in a match of neo; what it leaves out is done by the rules. */
export interface RoundsLies {
  /** What one player is told in place of an own statement. */
  said?(statement: NeoStatement, to: number): Verdict;
  /** What leaves for a player, once own statements have been changed. */
  items?(items: readonly RoundsItem[], to: number): readonly RoundsItem[];
  /** The header, which no signature covers. */
  header?(header: RoundsHeader, to: number): RoundsHeader;
  /** Further datagrams that leave before one of the own session. */
  more?(rounds: Rounds, datagram: Uint8Array): readonly Routed[];
}

/** How a cheat lies in either protocol; one that has no lie for a protocol plays by its rules. */
export interface Lies {
  readonly name: string;
  lockstep?(table: Table, to: number, items: readonly Item[]): readonly Item[];
  neo?(table: RoundsTable): RoundsLies;
}

class Liar implements CheatRun {
  readonly #lies: Lies;
  readonly #table: Table;
  readonly #rounds: RoundsTable;
  readonly #neo: RoundsLies | null;
  /** By player the own statements that wait, by their keys. */
  readonly #waiting = new Map<number, Map<string, NeoStatement>>();

  constructor(lies: Lies, context: CheatContext) {
    this.#lies = lies;
    this.#table = new Table(context);
    this.#rounds = new RoundsTable(context);
    this.#neo = lies.neo?.(this.#rounds) ?? null;
  }

  outgoing(to: number, datagram: Uint8Array): readonly Routed[] {
    const rounds = this.#rounds.leaves(datagram);
    const bundle = this.#table.leaves(datagram);
    const { lockstep } = this.#lies;
    if (bundle !== null && lockstep !== undefined) {
      const items = lockstep(this.#table, to, bundle.items);
      return this.#table.rebundle(bundle, items).map((bytes) => [to, bytes] as const);
    }
    const lies = this.#neo;
    if (rounds === null || lies === null) return [[to, datagram]];
    const told = this.#told(lies, rounds.items, to);
    const items = lies.items?.(told, to) ?? told;
    const header = lies.header?.(rounds.header, to) ?? rounds.header;
    const datagrams =
      items === rounds.items && header === rounds.header ? [datagram] : this.#rounds.rebundle(header, items);
    return [...(lies.more?.(rounds, datagram) ?? []), ...datagrams.map((bytes) => [to, bytes] as const)];
  }

  /** The items as they are told, and what had to wait until now. */
  #told(lies: RoundsLies, items: readonly RoundsItem[], to: number): readonly RoundsItem[] {
    const { said } = lies;
    if (said === undefined) return items;
    const waiting = this.#waiting.get(to) ?? new Map<string, NeoStatement>();
    this.#waiting.set(to, waiting);
    const before = [...waiting];
    const told = this.#rounds.rewrite(items, (statement) => {
      const verdict = said(statement, to);
      if (verdict === 'wait') waiting.set(keyOf(statement), statement);
      else waiting.delete(keyOf(statement));
      return verdict;
    });
    const due = before.flatMap(([key, statement]) => {
      const verdict = waiting.has(key) ? said(statement, to) : 'wait';
      if (verdict !== 'wait') waiting.delete(key);
      if (verdict === 'wait' || verdict === 'drop') return [];
      return this.#rounds.shown(verdict === 'keep' ? [statement] : verdict);
    });
    return due.length === 0 ? told : [...told, ...due];
  }

  incoming(from: number, datagram: Uint8Array): readonly Routed[] {
    this.#table.arrives(datagram);
    const whispered = this.#rounds.arrives(datagram);
    return [[from, datagram], ...whispered.map((bytes) => [from, bytes] as const)];
  }
}

/** The key of an own statement as text. */
function keyOf(statement: NeoStatement): string {
  return String(entriesOf([statement])[0]?.key);
}

/** A cheat that changes what leaves; everything that arrives is looked at and let through. */
export function liar(lies: Lies): Cheat {
  return { name: lies.name, begin: (context: CheatContext): CheatRun => new Liar(lies, context) };
}

/** The players in two halves, without the own seat: the first of them is the larger one. */
export function isFirstHalf({ seat, keys }: Pick<RoundsTable, 'keys' | 'seat'>, to: number): boolean {
  const rank = to < seat ? to : to - 1;
  return rank * 2 < keys.length - 1;
}
