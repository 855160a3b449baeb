/** A match of real drivers in virtual time, with every event that reached one session written down. */

import { seatOf } from '../src/base/ids.ts';
import { type Micros, micros } from '../src/base/time.ts';
import { attest } from '../src/crypto/signature.ts';
import { keyring } from '../src/keyring/node.ts';
import { Driver, type Ports } from '../src/protocol/driver.ts';
import type { SessionSetup } from '../src/protocol/engine.ts';
import type { Game } from '../src/protocol/game.ts';
import { encodeAgreement } from '../src/protocol/handshake.ts';
import { lockstepEngine } from '../src/protocol/lockstep-engine.ts';
import { Play } from '../src/protocol/play.ts';
import type { Session, SessionEvent } from '../src/protocol/session.ts';
import { EventQueue } from '../src/sim/queue.ts';

/** An event, and the session that it came to. */
export interface Recorded {
  readonly session: Session;
  readonly event: SessionEvent;
}

/** A datagram, from whom it came, and the session that it came to. */
export interface Received {
  readonly session: Session;
  readonly from: number;
  readonly datagram: Uint8Array;
}

export interface Recording {
  /** Events of player 0 from its first round on, in order. */
  readonly events: readonly Recorded[];
  readonly received: readonly Received[];
}

class Recorder extends Driver<Session> {
  readonly events: Recorded[] = [];

  override dispatch(event: SessionEvent): void {
    this.events.push({ session: this.session, event });
    super.dispatch(event);
  }
}

const delay: Micros = micros(40);

interface Identity {
  readonly secretKey: Uint8Array;
  readonly publicKey: Uint8Array;
}

/** All players of a match over a perfect network; every player gives 0 .. 99 in turn. */
class Table<State> {
  readonly drivers: Recorder[] = [];
  readonly received: Received[] = [];
  readonly #game: Game<State, number>;
  readonly #rounds: number;
  readonly #identities: readonly Identity[];
  readonly #queue = new EventQueue<() => void>();
  #now: Micros = 0;

  constructor(game: Game<State, number>, players: number, rounds: number) {
    this.#game = game;
    this.#rounds = rounds;
    this.#identities = Array.from({ length: players }, (_, seat) => new Uint8Array(32).fill(seat + 1))
      .map((secretKey) => ({ secretKey, publicKey: keyring.publicKey(secretKey) }))
      .sort((a, b) => Buffer.compare(a.publicKey, b.publicKey));
    for (let seat = 0; seat < players; seat++) this.drivers.push(this.#driver(seat));
  }

  #driver(seat: number): Recorder {
    const { id, rules, version } = this.#game;
    const setup: SessionSetup = {
      me: seatOf(seat),
      keys: this.#identities.map(({ publicKey }) => publicKey),
      agreement: encodeAgreement({
        game: { id, version, rules },
        protocol: { name: 'lockstep', parameters: { stallMs: 5000 } },
      }),
      nonce: (this.#identities[seat] as Identity).publicKey.slice(0, 16),
      stallAfter: micros(5000),
      handshakeWithin: null,
    };
    return new Recorder(lockstepEngine, setup, this.#ports(seat));
  }

  #ports(seat: number): Ports {
    const play = new Play(this.#game, this.#identities.length);
    const { secretKey } = this.#identities[seat] as Identity;
    let wakes = 0;
    let salts = 0;
    return {
      now: () => this.#now,
      sign: (message, done) => done(keyring.sign(secretKey, message)),
      own: attest,
      verify: (sealed, done) => {
        done(keyring.verify(sealed.publicKey, sealed.message, sealed.signature) ? attest(sealed) : null);
      },
      persist: () => {},
      flush: (done) => done(),
      send: (to, datagram) => this.#send(seat, to, datagram),
      salt: () => new Uint8Array(16).fill(++salts),
      begin: (_session, seed) => play.begin(seed),
      advance: (outcome) => {
        const played = play.advance(outcome);
        if (outcome.round < this.#rounds) this.#plan(seat, outcome.round % 100);
        return played;
      },
      permits: () => true,
      prove: () => null,
      stateBytes: () => null,
      rollback: (round) => play.rollback(round),
      final: () => {},
      tell: () => {},
      wake: (at) => {
        const mine = ++wakes;
        if (at === null) return;
        this.#queue.add(Math.max(at, this.#now), () => mine === wakes && this.drivers[seat]?.tick());
      },
    };
  }

  #plan(seat: number, input: number): void {
    this.#queue.add(this.#now, () => this.drivers[seat]?.submit(this.#game.encodeInput(input)));
  }

  #send(from: number, to: number, datagram: Uint8Array): void {
    this.#queue.add(this.#now + delay, () => {
      const driver = this.drivers[to] as Recorder;
      if (to === 0) this.received.push({ session: driver.session, from, datagram });
      driver.receive(seatOf(from), datagram);
    });
  }

  run(): void {
    for (const [seat, driver] of this.drivers.entries()) {
      this.#queue.add(0, () => driver.start());
      this.#plan(seat, 0);
    }
    for (let next = this.#queue.next(); next !== null; next = this.#queue.next()) {
      this.#now = next.at;
      next.value();
      if ((this.drivers[0]?.session.lockstep?.round ?? 0) > this.#rounds) break;
    }
  }
}

/** Plays some rounds and says what reached player 0 once its match had begun. */
export function record<State>(game: Game<State, number>, players: number, rounds: number): Recording {
  const table = new Table(game, players, rounds);
  table.run();
  const playing = ({ session }: { readonly session: Session }): boolean => session.lockstep !== null;
  return {
    events: (table.drivers[0]?.events ?? []).filter(playing),
    received: table.received.filter(playing),
  };
}
