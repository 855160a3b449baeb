/**
 * The one line that data takes: datagram, open, verify, step, effects, sign, seal, datagram. Whoever
 * runs a session (the client on real edges, the simulator in virtual time) answers the ports; answers
 * may come at once or later. Effects are carried out in order, each finished before the next. Which
 * protocol it is that runs, the engine knows (engine.ts).
 */

import type { Round, Seat } from '../base/ids.ts';
import { nobody } from '../base/players.ts';
import type { Micros } from '../base/time.ts';
import type { Verified } from '../crypto/signature.ts';
import type { Hello } from '../wire/hello.ts';
import { type Packet, statementOf } from '../wire/packet.ts';
import type { SessionEffect } from './effect.ts';
import type {
  Engine,
  LinkView,
  MatchView,
  Replay,
  RequestRefusal,
  Restored,
  Running,
  SessionEvent,
  Wanted,
} from './engine.ts';
import { Intake } from './intake.ts';
import { firstSeed } from './lockstep-state.ts';
import { unsigned } from './open.ts';
import type { Advanced, Counts, Ports } from './ports.ts';
import type { Refusal } from './refusal.ts';
import type { BySeat, Outcome } from './round.ts';

type Effect = SessionEffect<unknown>;

export type { Advanced, Counts, Ports } from './ports.ts';

/** What somebody else comes to know of: what was written before must be durable. */
function isSeen({ type }: Effect): boolean {
  return type === 'send' || type === 'evidence' || type === 'end';
}

export class Driver<S extends Running, R extends Restored = Restored> {
  session: S;
  readonly counts: Counts = {
    datagramsIn: 0,
    datagramsOut: 0,
    bytesIn: 0,
    bytesOut: 0,
    signed: 0,
    verified: 0,
    refused: {},
  };
  readonly #engine: Engine<S, R>;
  readonly #ports: Ports;
  readonly #effects: Effect[] = [];
  readonly #intake: Intake;
  #draining = false;
  #unflushed = false;
  /** Rounds that cannot be taken back and are not durable yet. */
  #unfinished: readonly Round[] = [];
  #digest: Uint8Array | null = null;
  #input: Uint8Array | null = null;
  /** What was committed to last: committed to again when its round is played anew in another epoch. */
  #committed: { readonly round: Round; readonly input: Uint8Array } | null = null;
  /** The round of a commitment that is signed and has not left. */
  #commitSigned: Round | null = null;
  /** When my commitments of rounds that were not played yet left. */
  readonly #commitsLeft = new Map<Round, Micros>();
  #again: readonly Outcome[] = [];
  /** Where the log starts, unless at the beginning. */
  #from: NonNullable<Replay['from']> | null = null;
  #stopped = false;

  constructor(engine: Engine<S, R>, setup: S['setup'], ports: Ports, recovered: R | null = null) {
    this.#engine = engine;
    this.#ports = ports;
    this.#intake = new Intake({
      now: () => ports.now(),
      verify: (sealed, done) => {
        this.counts.verified++;
        ports.verify(sealed, (value) => {
          if (!this.#stopped) done(value);
        });
      },
      refuse: (refusal) => this.count(refusal),
      hand: (event) => this.dispatch(event),
    });
    this.session = engine.create(setup, ports.now(), recovered);
    if (recovered === null) return;
    const { committed, from = null, outcomes } = engine.replay(recovered);
    this.#from = from;
    this.#committed = committed;
    this.#again = outcomes;
  }

  get protocol(): 'lockstep' | 'neo' {
    return this.#engine.name;
  }

  /** Session id, once it is agreed. */
  get sessionId(): Uint8Array | null {
    return this.#engine.sessionId(this.session);
  }

  /** Null before the session is agreed. */
  get match(): MatchView | null {
    return this.#engine.match(this.session);
  }

  /** By seat; null where there is no link. */
  get links(): BySeat<LinkView> {
    return this.#engine.links(this.session);
  }

  get wanted(): Wanted | null {
    return this.#engine.wanted(this.session);
  }

  /** When my commitment of a round left; null if it has not, or if the round was played since. */
  commitLeftAt(round: Round): Micros | null {
    return this.#commitsLeft.get(round) ?? null;
  }

  /** Plays again what the log holds, and begins to talk. */
  start(): void {
    const id = this.sessionId;
    if (id !== null) {
      this.#draining = true;
      if (this.#from === null) this.#begin(id, firstSeed(id));
      else this.#restore(this.#from.round, this.#from.states);
      for (const outcome of this.#again) this.#played(outcome.round, this.#ports.advance(outcome, true));
      this.#draining = false;
    }
    this.#again = [];
    this.#from = null;
    this.dispatch({ type: 'start', at: this.#ports.now() });
  }

  /** The encoded input for the round that is, or comes to be, wanted; the last one before that wins. */
  submit(input: Uint8Array): void {
    this.#input = input;
    this.#feed();
  }

  /** What a newcomer must be given; see {@link Engine.invite}. */
  invite(addresses: readonly string[]): Uint8Array | null {
    return this.#engine.invite?.(this.session, addresses) ?? null;
  }

  /** Asks the others to let the player of an encoded request in; answers why not, or null. */
  sponsor(request: Uint8Array): RequestRefusal | null {
    const refused =
      this.#engine.judgeRequest === undefined ? 'closed' : this.#engine.judgeRequest(this.session, request);
    if (refused === null) this.dispatch({ type: 'sponsor', at: this.#ports.now(), request });
    return refused;
  }

  /** Drops everything that comes from now on. */
  stop(): void {
    this.#stopped = true;
    this.#effects.length = 0;
  }

  tick(): void {
    this.dispatch({ type: 'tick', at: this.#ports.now() });
  }

  count(refusal: Refusal): void {
    const { refused } = this.counts;
    refused[refusal] = (refused[refusal] ?? 0) + 1;
  }

  /** Takes a datagram in from the address of a player. */
  receive(from: Seat, datagram: Uint8Array): void {
    if (this.#stopped) return;
    this.counts.datagramsIn++;
    this.counts.bytesIn += datagram.length;
    const opened = this.#engine.open(this.session, from, datagram);
    for (const refusal of opened.refused) this.count(refusal);
    this.#intake.take(from, opened);
  }

  /** Steps the session and carries out what follows. */
  dispatch(event: SessionEvent): void {
    if (this.#stopped) return;
    const [session, effects] = this.#engine.step(this.session, event);
    this.session = session;
    this.#effects.push(...effects);
    this.#drain();
  }

  #drain(): void {
    if (this.#draining) return;
    this.#draining = true;
    let effect = this.#effects.shift();
    while (effect !== undefined) {
      if (this.#unflushed && this.#mustBeDurable(effect)) {
        const waiting = effect;
        let now = true;
        this.#ports.flush(() => {
          if (this.#stopped) return;
          this.#effects.unshift(waiting);
          this.#flushed();
          if (now) return;
          this.#draining = false;
          this.#drain();
        });
        now = false;
        if (this.#unflushed) return;
      } else this.#carryOut(effect);
      effect = this.#effects.shift();
    }
    this.#draining = false;
    if (this.#stopped) return;
    this.#ports.wake(this.#engine.wakeAt(this.session));
    this.#feed();
    this.#finish();
  }

  /**
   * True when what was written must be durable first: somebody else comes to know of the effect, or a
   * round that is final as it is played has not been told of.
   */
  #mustBeDurable(effect: Effect): boolean {
    if (isSeen(effect)) return true;
    return effect.type === 'advance' && this.#engine.finalWithAdvance && this.#unfinished.length > 0;
  }

  #flushed(): void {
    this.#unflushed = false;
    const rounds = this.#unfinished;
    this.#unfinished = [];
    for (const round of rounds) if (!this.#stopped) this.#ports.final(round);
  }

  /** Tells which rounds are final once they are durable; the next commitment shares their flush. */
  #finish(): void {
    if (this.#unfinished.length === 0 || this.#draining || this.#stopped) return;
    if (!this.#unflushed) return this.#flushed();
    this.#draining = true;
    this.#ports.flush(() => {
      this.#draining = false;
      if (this.#stopped) return;
      this.#flushed();
      this.#drain();
    });
  }

  #carryOut(effect: Effect): void {
    const ports = this.#ports;
    if (effect.type === 'persist') {
      ports.persist(this.#engine.encode(effect.record));
      this.#unflushed = true;
    } else if (effect.type === 'sign') this.#sign(effect.draft);
    else if (effect.type === 'send') this.#send(effect.to, effect.datagram);
    else if (effect.type === 'begin') this.#begin(effect.session, effect.seed);
    else if (effect.type === 'advance') this.#advance(effect.outcome);
    else if (effect.type === 'rollback') this.#digest = ports.rollback(effect.round);
    else if (effect.type === 'final') this.#unfinished = [...this.#unfinished, effect.round];
    else if (effect.type === 'illegal') this.#prove(effect);
    else if (effect.type === 'state-wanted') this.#showState(effect.round);
    else if (effect.type === 'compared') ports.compared?.(effect);
    else if (effect.type === 'states-wanted') this.#showStates(effect.round, effect.count);
    else if (effect.type === 'restore') this.#restore(effect.round, effect.states);
    else if (effect.type === 'address') ports.joining?.address(effect.seat, effect.address);
    else if (effect.type === 'seated') ports.joining?.seated(effect.seat);
    else if (effect.type === 'count') this.count(effect.refusal);
    else ports.tell(effect);
  }

  #prove(effect: Extract<Effect, { type: 'illegal' }>): void {
    const evidence = this.#ports.prove(effect);
    const { player } = effect;
    if (evidence !== null) this.#ports.tell({ type: 'evidence', player, kind: 'illegal-input', evidence });
  }

  #showState(round: Round): void {
    const bytes = this.#ports.stateBytes(round);
    this.dispatch({ type: 'state', at: this.#ports.now(), round, bytes });
  }

  #showStates(round: Round, count: number): void {
    const states = this.#ports.joining?.states(round, count) ?? null;
    this.dispatch({ type: 'states', at: this.#ports.now(), round, states });
  }

  #restore(round: Round, states: readonly (Uint8Array | null)[]): void {
    const { joining } = this.#ports;
    if (joining === undefined) throw new Error('broken rule: who comes to a running match has ports for it');
    this.#digest = joining.restore(round, states);
  }

  #begin(session: Uint8Array, seed: Uint8Array): void {
    this.#played(0, { stateHash: this.#ports.begin(session, seed), illegal: nobody });
  }

  #advance(outcome: Outcome): void {
    const { round } = outcome;
    const advanced = this.#ports.advance(outcome, false);
    for (const left of this.#commitsLeft.keys()) if (left <= round) this.#commitsLeft.delete(left);
    if (this.#engine.finalWithAdvance) this.#unfinished = [round];
    this.#played(round, advanced);
  }

  /** Remembers what the game came to, and tells the session if it wants to hear. */
  #played(round: Round, { illegal, stateHash }: Advanced): void {
    this.#digest = stateHash;
    if (!this.#engine.hearsPlayed || this.#stopped) return;
    this.dispatch({ type: 'played', at: this.#ports.now(), round, stateHash, illegal });
  }

  #send(to: Seat, datagram: Uint8Array): void {
    if (this.#commitSigned !== null) {
      this.#commitsLeft.set(this.#commitSigned, this.#ports.now());
      this.#commitSigned = null;
    }
    this.counts.datagramsOut++;
    this.counts.bytesOut += datagram.length;
    this.#ports.send(to, datagram);
  }

  #sign(draft: Extract<Effect, { type: 'sign' }>['draft']): void {
    const { setup } = this.session;
    const { message, complete } = unsigned(setup, this.sessionId, draft);
    const publicKey = setup.keys[setup.me] as Uint8Array;
    this.counts.signed++;
    this.#ports.sign(message, (signature) => {
      if (this.#stopped) return;
      const value = this.#ports.own({ publicKey, message, signature, value: complete(signature) });
      const commit = 'entries' in value ? statementOf(value, 'commit') : null;
      if (commit !== null) this.#commitSigned = commit.round;
      this.dispatch({
        type: 'signed',
        at: this.#ports.now(),
        value: value as Verified<Packet> | Verified<Hello>,
      });
    });
  }

  /** The input, or none where the rules refuse it: who commits to it would convict itself. */
  #permitted(round: Round, input: Uint8Array): Uint8Array {
    if (input.length === 0 || this.#ports.permits(round, input)) return input;
    this.count('own-input');
    return new Uint8Array(0);
  }

  /** Gives the waiting input to the session when it wants one and the game has caught up. */
  #feed(): void {
    if (this.#draining || this.#stopped || this.#digest === null) return;
    const slot = this.wanted;
    if (slot === null) return;
    const again = this.#committed?.round === slot.round ? this.#committed.input : null;
    const chosen = this.#input ?? again ?? (slot.mayBeEmpty ? new Uint8Array(0) : null);
    if (chosen === null) return;
    this.#input = null;
    const input = this.#permitted(slot.round, chosen);
    this.#committed = { round: slot.round, input };
    const own = { input, salt: this.#ports.salt(), state: this.#digest };
    this.dispatch({ type: 'input', at: this.#ports.now(), input: own });
  }
}
