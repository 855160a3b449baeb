/**
 * One event at one honest player, carried through as the driver does: effects in order, signatures
 * back into the machine, records on disk before anything leaves. Wherever the player could lose its
 * memory on the way, it also says what would be left of it.
 */

import { equalBytes } from '../src/base/bytes.ts';
import type { Seat } from '../src/base/ids.ts';
import type { Verified } from '../src/crypto/signature.ts';
import type { Effect } from '../src/protocol/effect.ts';
import type { LockstepEvent } from '../src/protocol/lockstep.ts';
import type { Lockstep } from '../src/protocol/lockstep-state.ts';
import type { LogRecord } from '../src/protocol/record.ts';
import type { Holding, Outcome } from '../src/protocol/round.ts';
import type { Packet } from '../src/wire/packet.ts';
import type { Statement } from '../src/wire/statement.ts';
import type { Engine } from './engine.ts';
import type { Items } from './items.ts';
import type { Begun, Local } from './local.ts';

/** True when two outcomes are the same in everything. */
export function sameOutcome(a: Outcome, b: Outcome): boolean {
  return (
    a.epoch === b.epoch &&
    a.round === b.round &&
    equalBytes(a.seed, b.seed) &&
    equalBytes(a.nextSeed, b.nextSeed) &&
    a.inputs.every((input, seat) => {
      const other = b.inputs[seat] ?? null;
      return input === null || other === null ? input === other : equalBytes(input, other);
    })
  );
}

/** What a run reports of each thing that a player does, for the claims about one player. */
export interface Watcher {
  /** Statements are about to be signed by a player that was in the state `before`. */
  drafted(before: Lockstep, after: Lockstep, statements: readonly Statement[]): void;
  /** A packet is signed, or leaves, by a player who has sent all of `sent`. */
  signs(seat: Seat, sent: readonly number[], item: number): void;
  /** A round is played, after all of `played`. */
  plays(seat: Seat, played: readonly Outcome[], outcome: Outcome): void;
  /** A player holds evidence; `item` is -1 if it does not verify. */
  convicts(seat: Seat, player: Seat, item: number): void;
}

export interface RunSetup {
  readonly engine: Engine;
  readonly items: Items;
  readonly watcher: Watcher;
  readonly slowSigning: boolean;
  readonly restartsMax: number;
}

/** A player on its way from one state to the next. */
export class Run {
  /** Every state in which the player could find itself after losing its memory on the way. */
  readonly lost: Local[] = [];
  readonly #setup: RunSetup;
  readonly #seat: Seat;
  readonly #restarts: number;
  readonly #games: Pick<Local, 'inputs' | 'wishes' | 'left'>;
  #machine: Lockstep;
  #drafts: (readonly Statement[])[];
  #records: readonly LogRecord[];
  #durable: number;
  #sent: readonly number[];
  #played: readonly Outcome[];
  #final: number;
  #epochs: readonly Begun[];

  constructor(setup: RunSetup, local: Local) {
    this.#setup = setup;
    this.#seat = local.seat;
    this.#restarts = local.restarts;
    this.#games = { inputs: local.inputs, wishes: local.wishes, left: local.left };
    this.#machine = local.machine;
    this.#drafts = [...local.drafts];
    this.#records = local.records;
    this.#durable = local.durable;
    this.#sent = local.sent;
    this.#played = local.played;
    this.#final = local.final;
    this.#epochs = local.epochs;
  }

  /** The player as it is now. */
  get local(): Local {
    return {
      seat: this.#seat,
      machine: this.#machine,
      drafts: [...this.#drafts],
      records: this.#records,
      durable: this.#durable,
      restarts: this.#restarts,
      sent: this.#sent,
      played: this.#played,
      final: this.#final,
      epochs: this.#epochs,
      ...this.#games,
    };
  }

  /** An event from outside. */
  feed(event: LockstepEvent): void {
    this.#carryOut([...this.#step(event)]);
  }

  /** A signature that was asked for comes. */
  signature(index: number): void {
    const [statements] = this.#drafts.splice(index, 1);
    if (statements !== undefined) this.#carryOut([...this.#signed(statements)]);
  }

  /** What a player does first when it comes back: plays its rounds again, repeats what it had said. */
  resume(outcomes: readonly Outcome[], unsaid: readonly (readonly Statement[])[]): void {
    for (const outcome of outcomes) this.#advance(outcome);
    this.#flush();
    const effects: Effect[] = unsaid.map((statements) => ({
      type: 'sign',
      draft: { type: 'packet', statements },
    }));
    effects.push(...this.#step({ type: 'resume' }));
    for (const holding of this.#setup.engine.holdingsOf(this.#machine))
      effects.push({ type: 'hold', holding });
    this.#carryOut(effects);
  }

  #step(event: LockstepEvent): readonly Effect[] {
    const before = this.#machine;
    const [after, effects] = this.#setup.engine.stepLockstep(before, event);
    this.#machine = after;
    for (const effect of effects) {
      if (effect.type === 'sign' && effect.draft.type === 'packet') {
        this.#setup.watcher.drafted(before, after, effect.draft.statements);
      }
    }
    if (after.epoch !== before.epoch) {
      const { epoch, members, round } = after;
      this.#epochs = [...this.#epochs, { epoch, members, first: round }];
    }
    return effects;
  }

  #signed(statements: readonly Statement[]): readonly Effect[] {
    const item = this.#setup.items.sign(this.#seat, statements);
    if (!this.#sent.includes(item)) this.#setup.watcher.signs(this.#seat, this.#sent, item);
    return this.#step({ type: 'packet', packet: this.#setup.items.packet(item) as Verified<Packet> });
  }

  /** In order, as the driver does; what follows of a signature that comes at once comes last. */
  #carryOut(effects: Effect[]): void {
    for (const effect of effects) {
      if (effect.type === 'persist') this.#persist(effect.record);
      else if (effect.type === 'hold') this.#hold(effect.holding);
      else if (effect.type === 'advance') this.#advance(effect.outcome);
      else if (effect.type === 'sign' && effect.draft.type === 'packet') {
        const { statements } = effect.draft;
        if (this.#setup.slowSigning) this.#drafts.push(statements);
        else effects.push(...this.#signed(statements));
      } else if (effect.type === 'end') this.#flush();
      else if (effect.type === 'evidence') {
        this.#flush();
        const item = this.#setup.items.of({ type: 'proof', bytes: effect.evidence });
        this.#setup.watcher.convicts(this.#seat, effect.player, item);
      }
    }
  }

  #persist(record: LogRecord): void {
    if (this.#setup.restartsMax === 0) return;
    this.#records = [...this.#records, record];
    this.#mayLose();
  }

  /** All that was written is on the disk, and all that was played is final. */
  #flush(): void {
    if (this.#setup.restartsMax === 0) return;
    this.#durable = this.#records.length;
    this.#final = this.#played.length;
  }

  #advance(outcome: Outcome): void {
    if (this.#played.some((other) => sameOutcome(outcome, other))) return;
    this.#setup.watcher.plays(this.#seat, this.#played, outcome);
    this.#played = [...this.#played, outcome];
  }

  /** What is held leaves if it is mine, or a proof; what others have signed has left already. */
  #hold({ author, item }: Holding): void {
    if (item.type === 'packet' && author !== this.#seat) return;
    const id = this.#setup.items.of(item);
    if (id < 0 || this.#sent.includes(id)) return;
    this.#flush();
    if (item.type === 'packet') this.#setup.watcher.signs(this.#seat, this.#sent, id);
    this.#sent = [...this.#sent, id].sort((a, b) => a - b);
    this.#mayLose();
  }

  /** The player stops here and comes back, with any of the records that were on their way to the disk. */
  #mayLose(): void {
    if (this.#restarts < this.#setup.restartsMax) this.lost.push(...restarts(this.#setup, this.local));
  }
}

/** A player that loses its memory and comes back, once for each number of records that may have been kept. */
export function restarts(setup: RunSetup, local: Local): Local[] {
  const all: Local[] = [];
  for (let kept = local.durable; kept <= local.records.length; kept++) {
    const records = local.records.slice(0, kept);
    const recovered = setup.engine.recover(records, () => ({ session: setup.items.session, me: local.seat }));
    const machine = recovered.lockstep as Lockstep;
    const run = new Run(setup, {
      ...local,
      machine,
      drafts: [],
      records,
      durable: kept,
      restarts: local.restarts + 1,
      played: local.played.slice(0, local.final),
      epochs: local.epochs.filter(({ epoch }) => epoch <= machine.epoch),
    });
    run.resume(recovered.outcomes, recovered.unsaid);
    all.push(run.local, ...run.lost);
  }
  return all;
}
