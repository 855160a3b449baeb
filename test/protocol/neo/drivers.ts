/** Drivers that play neo on one virtual clock, each with a game of its own. */

import { seatOf } from '../../../src/base/ids.ts';
import type { PlayerSet } from '../../../src/base/players.ts';
import { type Micros, micros } from '../../../src/base/time.ts';
import { attest } from '../../../src/crypto/signature.ts';
import { keyring } from '../../../src/keyring/node.ts';
import { Driver } from '../../../src/protocol/driver.ts';
import type { Notice, SessionEffect } from '../../../src/protocol/effect.ts';
import type { Game } from '../../../src/protocol/game.ts';
import { neoEngine } from '../../../src/protocol/neo/engine.ts';
import { alphaOf } from '../../../src/protocol/neo/options.ts';
import type { NeoSession } from '../../../src/protocol/neo/session.ts';
import type { Neo } from '../../../src/protocol/neo/state.ts';
import { Play } from '../../../src/protocol/play.ts';
import { EventQueue } from '../../../src/sim/queue.ts';
import { nonceOf, people } from '../table.ts';
import { agreement, parameters, verify } from './recorded.ts';

const DELAY: Micros = micros(8);

export type Compared = Extract<SessionEffect, { type: 'compared' }>;

export class Drivers<State, Input> {
  readonly drivers: Driver<NeoSession>[] = [];
  readonly plays: Play<State, Input>[] = [];
  /** By seat. */
  readonly notices: Notice[][] = [];
  readonly compared: Compared[][] = [];
  /** Bytes of all datagrams so far. */
  sent = 0;
  /** Drops the datagrams that it answers true for. */
  loses: (from: number, to: number, datagram: Uint8Array) => boolean = () => false;
  now: Micros = 0;
  readonly #queue = new EventQueue<() => void>();
  readonly #wakes: number[] = [];

  constructor(games: readonly Game<State, Input>[]) {
    const of = people(games.length);
    for (const [index, game] of games.entries()) {
      const seat = seatOf(index);
      const play = new Play(game, games.length, { lag: alphaOf(parameters) });
      this.plays.push(play);
      this.notices.push([]);
      this.compared.push([]);
      const setup = {
        me: seat,
        keys: of.keys,
        agreement,
        nonce: nonceOf(index),
        stallAfter: micros(2000),
        handshakeWithin: null,
      };
      const driver = new Driver(neoEngine(parameters), setup, {
        now: () => this.now,
        sign: (message, done) => done(keyring.sign(of.secrets[seat] as Uint8Array, message)),
        own: attest,
        verify: (sealed, done) => done(verify(sealed)),
        persist: () => undefined,
        flush: (done) => done(),
        send: (to, datagram) => this.#send(index, to, datagram),
        salt: () => new Uint8Array(16).fill(index),
        begin: (_session, seed) => play.begin(seed),
        advance: (outcome) => play.advance(outcome),
        rollback: (round) => play.rollback(round),
        final: (round) => play.finalize(round),
        permits: () => true,
        prove: () => null,
        stateBytes: (round) => play.stateAfter(round)?.bytes ?? null,
        compared: (effect) => this.compared[index]?.push(effect),
        tell: (effect) => {
          if (effect.type === 'notify') this.notices[index]?.push(effect.notice);
        },
        wake: (at) => this.#wake(index, at),
      });
      this.drivers.push(driver);
    }
    for (const driver of this.drivers) driver.start();
  }

  #send(from: number, to: number, datagram: Uint8Array): void {
    this.sent += datagram.length;
    if (this.loses(from, to, datagram)) return;
    this.#queue.add(this.now + DELAY, () => this.drivers[to]?.receive(seatOf(from), datagram));
  }

  #wake(seat: number, at: Micros | null): void {
    const wake = (this.#wakes[seat] ?? 0) + 1;
    this.#wakes[seat] = wake;
    if (at === null) return;
    this.#queue.add(Math.max(at, this.now), () => {
      if (this.#wakes[seat] === wake) this.drivers[seat]?.tick();
    });
  }

  neo(seat: number): Neo {
    const neo = this.drivers[seat]?.session.neo;
    if (!neo) throw new Error('the match has begun');
    return neo;
  }

  /** Plays on until it is so; throws if that takes more than a minute. */
  until(done: () => boolean): void {
    const limit = this.now + micros(60_000);
    while (!done()) {
      const next = this.#queue.next();
      if (next === null || next.at > limit) throw new Error('it does not come to that');
      this.now = next.at;
      next.value();
    }
  }

  /** Plays until everybody has played that round to its end. */
  final(round: number): void {
    this.until(() => this.drivers.every((_, seat) => (this.drivers[seat]?.session.neo?.final ?? 0) >= round));
  }

  inquire(by: number, player: number, round: number): void {
    this.drivers[by]?.dispatch({ type: 'inquire', at: this.now, player: seatOf(player), round });
  }

  /** The desyncs that a player was told of. */
  desyncs(seat: number): readonly { readonly round: number; readonly players: PlayerSet }[] {
    return (this.notices[seat] ?? []).filter((notice) => notice.type === 'desync');
  }
}
