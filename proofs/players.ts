/**
 * All local states of all honest players, and every step from one to another; each is worked out once,
 * by the real machine, and then only looked up.
 */

import { seatOf } from '../src/base/ids.ts';
import { firstPlayers } from '../src/base/players.ts';
import type { LockstepEvent } from '../src/protocol/lockstep.ts';
import type { Statement } from '../src/wire/statement.ts';
import type { Claims } from './claims.ts';
import type { Configuration } from './configuration.ts';
import type { Engine } from './engine.ts';
import { Interner } from './interner.ts';
import type { Items } from './items.ts';
import { identityOf, type Local, nextInput } from './local.ts';
import { Run, type RunSetup, restarts, type Watcher } from './run.ts';

/** A step to another local state; `move` names it (see {@link Players.moveLabel}). */
export interface Move {
  readonly next: number;
  readonly move: number;
}

/** What a player may do by itself. */
export interface OwnMoves {
  /** Inputs and signatures: what is sure to happen sooner or later. */
  readonly sure: readonly Move[];
  /** Wishes, leaving, loss of memory: what may happen or not. */
  readonly free: readonly Move[];
}

const unknown = -1;
const none: readonly Move[] = [];

export class Players {
  readonly #engine: Engine;
  readonly #items: Items;
  readonly #configuration: Configuration;
  readonly #claims: Claims;
  readonly #setup: RunSetup;
  readonly #interner = new Interner();
  readonly #ids = new Map<number, number>();
  readonly #locals: Local[] = [];
  readonly #deliveries: Int32Array[] = [];
  readonly #losses = new Map<number, readonly Move[]>();
  readonly #own: (OwnMoves | undefined)[] = [];
  readonly #labels: string[] = [];
  readonly #labelIds = new Map<string, number>();

  constructor(engine: Engine, items: Items, configuration: Configuration, claims: Claims, watcher: Watcher) {
    this.#engine = engine;
    this.#items = items;
    this.#configuration = configuration;
    this.#claims = claims;
    const { restarts: restartsMax = 0, slowSigning = false } = configuration;
    this.#setup = { engine, items, watcher, slowSigning, restartsMax };
  }

  local(id: number): Local {
    return this.#locals[id] as Local;
  }

  #id(local: Local): number {
    const identity = this.#interner.id(identityOf(local, this.#items.everyProof));
    const known = this.#ids.get(identity);
    if (known !== undefined) return known;
    this.#locals.push(local);
    this.#ids.set(identity, this.#locals.length - 1);
    return this.#locals.length - 1;
  }

  /** A player at the very start. */
  begin(index: number): number {
    const seat = seatOf(index);
    const { seats } = this.#configuration;
    const keys = Array.from({ length: seats }, (_, i) => new Uint8Array(32).fill(i + 1));
    const nonces = keys.map(() => new Uint8Array(16));
    return this.#id({
      seat,
      machine: this.#engine.beginLockstep({ session: this.#items.session, keys, me: seat }),
      drafts: [],
      records: this.#setup.restartsMax === 0 ? [] : [{ type: 'session', keys, nonces }],
      durable: this.#setup.restartsMax === 0 ? 0 : 1,
      restarts: 0,
      sent: [],
      played: [],
      final: 0,
      epochs: [{ epoch: 0, members: firstPlayers(seats), first: 1 }],
      inputs: 0,
      wishes: 0,
      left: false,
    });
  }

  /** What comes of a step that the real machine makes; a rule that the machine breaks is a failed claim. */
  #run(
    from: number,
    label: () => string,
    local: Local,
    make: (run: Run) => void,
  ): { next: number; lost: number[] } {
    this.#claims.at.move = label;
    let result = { next: from, lost: [] as number[] };
    try {
      const run = new Run(this.#setup, local);
      make(run);
      result = { next: this.#id(run.local), lost: run.lost.map((each) => this.#id(each)) };
      this.#claims.check('assertions', true, () => '');
    } catch (thrown) {
      this.#claims.check('assertions', false, () => String(thrown));
    }
    this.#claims.at.move = null;
    return result;
  }

  /** Number of a move in words. */
  #label(text: string): number {
    const known = this.#labelIds.get(text);
    if (known !== undefined) return known;
    this.#labels.push(text);
    this.#labelIds.set(text, this.#labels.length - 1);
    return this.#labels.length - 1;
  }

  /** A move in words; deliveries are numbered as their items, all others below zero. */
  moveLabel(move: number): string {
    if (move >= 0) return `gets ${this.#items.label(move)}`;
    return this.#labels[-move - 1] as string;
  }

  /** The local state after an item is delivered; the same one if that changes nothing. */
  deliver(id: number, item: number): number {
    let row = this.#deliveries[id];
    if (row === undefined || row.length <= item) {
      const longer = new Int32Array(item + 32).fill(unknown);
      if (row !== undefined) longer.set(row);
      this.#deliveries[id] = longer;
      row = longer;
    }
    const known = row[item] as number;
    if (known !== unknown) return known;
    const next = this.#deliver(id, item);
    row[item] = next;
    return next;
  }

  #deliver(id: number, item: number): number {
    const local = this.local(id);
    const thing = this.#items.thing(item);
    const event: LockstepEvent =
      thing.type === 'packet'
        ? { type: 'packet', packet: thing.packet }
        : { type: 'proof', proof: thing.packets };
    const label = (): string => `${local.seat} ${this.moveLabel(item)}`;
    const { next, lost } = this.#run(id, label, local, (run) => run.feed(event));
    if (lost.length > 0) {
      const move = -1 - this.#label(`${this.moveLabel(item)}, and restarts`);
      this.#losses.set(
        id * 0x10000 + item,
        [...new Set(lost)].map((each) => ({ next: each, move })),
      );
    }
    if (thing.type === 'packet') {
      const refused = this.#engine.judge(local.machine, thing.packet) !== null;
      this.#claims.at.move = label;
      if (refused)
        this.#claims.check('refusal', next === id, () => 'a packet that is refused changes something');
      this.#claims.at.move = null;
    }
    return next;
  }

  /** Where a player could find itself that loses its memory while an item is being taken in. */
  losses(id: number, item: number): readonly Move[] {
    return this.#losses.size === 0 ? none : (this.#losses.get(id * 0x10000 + item) ?? none);
  }

  /** A step after which other steps lead back, or null. Losing one's memory is left out. */
  circle(): string | null {
    const done = new Uint8Array(this.#locals.length);
    const stack: { readonly id: number; readonly after: readonly number[]; at: number }[] = [];
    const open = (id: number): void => {
      const { free, sure } = this.own(id);
      const all = [
        ...sure,
        ...free.filter(({ next }) => this.local(next).restarts === this.local(id).restarts),
      ];
      const deliveries = [...(this.#deliveries[id] ?? [])].filter((next) => next !== unknown && next !== id);
      done[id] = 1;
      stack.push({ id, after: [...all.map(({ next }) => next), ...deliveries], at: 0 });
    };
    for (let first = 0; first < this.#locals.length; first++) {
      if (done[first] === 0) open(first);
      for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
        const next = top.after[top.at++];
        if (next === undefined) {
          done[top.id] = 2;
          stack.pop();
        } else if (done[next] === 1) return `a step of ${this.local(top.id).seat}`;
        else if (done[next] === 0) open(next);
      }
    }
    return null;
  }

  own(id: number): OwnMoves {
    const known = this.#own[id];
    if (known !== undefined) return known;
    const moves = this.#ownMoves(id);
    this.#own[id] = moves;
    return moves;
  }

  #ownMoves(id: number): OwnMoves {
    const local = this.local(id);
    const { seat, machine } = local;
    const sure: Move[] = [];
    const free: Move[] = [];
    const add = (list: Move[], text: string, from: Local, make: (run: Run) => void): void => {
      const { next, lost } = this.#run(id, () => `${seat} ${text}`, from, make);
      const after = this.local(next);
      if (after.machine === machine && after.drafts.length === local.drafts.length) return;
      list.push({ next, move: -1 - this.#label(text) });
      for (const each of new Set(lost))
        free.push({ next: each, move: -1 - this.#label(`${text}, and restarts`) });
    };
    for (const [index, statements] of local.drafts.entries()) {
      add(sure, `gets its signature of ${kinds(statements)}`, local, (run) => run.signature(index));
    }
    if (machine.over !== null) return { sure, free };
    if (this.#engine.wantsInput(machine) && machine.round <= this.#configuration.rounds) {
      const given = { ...local, inputs: local.inputs + 1 };
      add(sure, 'gives an input', given, (run) => run.feed({ type: 'input', input: nextInput(local) }));
    }
    this.#games(local, (text, from, event) => add(free, text, from, (run) => run.feed(event)));
    if (local.restarts < this.#setup.restartsMax) {
      for (const each of this.#restarts(local)) free.push({ next: each, move: -1 - this.#label('restarts') });
    }
    return { sure, free };
  }

  /** What the game of a player may ask for at any time. */
  #games(local: Local, ask: (text: string, from: Local, event: LockstepEvent) => void): void {
    const { leavers = [], wishes = {}, wishesMax = 0 } = this.#configuration;
    for (const target of local.wishes < wishesMax ? (wishes[local.seat] ?? []) : []) {
      const text = target === null ? 'takes its wish back' : `wishes to go on without ${target}`;
      ask(
        text,
        { ...local, wishes: local.wishes + 1 },
        { type: 'wish', target: target === null ? null : seatOf(target) },
      );
    }
    if (leavers.includes(local.seat) && !local.left)
      ask('leaves', { ...local, left: true }, { type: 'leave' });
  }

  #restarts(local: Local): readonly number[] {
    this.#claims.at.move = () => `${local.seat} restarts`;
    let ids: number[] = [];
    try {
      ids = restarts(this.#setup, local).map((each) => this.#id(each));
    } catch (thrown) {
      this.#claims.check('assertions', false, () => String(thrown));
    }
    this.#claims.at.move = null;
    return [...new Set(ids)];
  }
}

function kinds(statements: readonly Statement[]): string {
  return statements.map(({ kind }) => kind.toUpperCase()).join(' + ');
}
