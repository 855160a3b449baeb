import { describe, expect, it } from 'vitest';
import { type Seat, seatOf } from '../../src/base/ids.ts';
import { micros } from '../../src/base/time.ts';
import { attest, type Verified } from '../../src/crypto/signature.ts';
import { keyring } from '../../src/keyring/node.ts';
import type { Draft, Effect } from '../../src/protocol/effect.ts';
import { unsigned } from '../../src/protocol/open.ts';
import {
  createSession,
  type Session,
  type SessionEvent,
  step,
  wakeAt,
  wanted,
} from '../../src/protocol/session.ts';
import { HELLO } from '../../src/wire/envelope.ts';
import { decodeHello, type Hello } from '../../src/wire/hello.ts';
import type { Packet } from '../../src/wire/packet.ts';
import { statementOf } from '../../src/wire/packet.ts';
import { Hall } from './hall.ts';
import { move, nonceOf, noState, packet, people, rules } from './table.ts';

const two = people(2);
const ms = micros;

/** A session whose signatures are made when the test wants them. */
class Desk {
  session: Session;
  readonly effects: Effect[] = [];
  readonly drafts: Draft[] = [];

  constructor(me: number, nonce = nonceOf(me)) {
    const setup = {
      me: seatOf(me),
      keys: two.keys,
      agreement: rules,
      nonce,
      stallAfter: ms(1000),
      handshakeWithin: null,
    };
    this.session = createSession(setup, 0, null);
  }

  take(event: SessionEvent): Effect[] {
    const [session, effects] = step(this.session, event);
    this.session = session;
    this.effects.push(...effects);
    for (const effect of effects) if (effect.type === 'sign') this.drafts.push(effect.draft);
    return [...effects];
  }

  /** Signs the oldest draft; answers the hello or packet, and what followed from it. */
  sign(at: number): { readonly value: Verified<Packet> | Verified<Hello>; readonly effects: Effect[] } {
    const draft = this.drafts.shift() as Draft;
    const { message, complete } = unsigned(
      this.session.setup,
      this.session.lockstep?.setup.session ?? null,
      draft,
    );
    const { me } = this.session.setup;
    const signature = keyring.sign(two.secrets[me] as Uint8Array, message);
    const value = attest({
      publicKey: two.keys[me] as Uint8Array,
      message,
      signature,
      value: complete(signature),
    });
    return {
      value: value as Verified<Packet> | Verified<Hello>,
      effects: this.take({ type: 'signed', at, value: value as never }),
    };
  }

  hears(from: Desk, hello: Verified<Packet> | Verified<Hello>, at: number): Effect[] {
    return this.take({ type: 'hello', at, from: from.session.setup.me, hello: hello as Verified<Hello> });
  }
}

const hellosIn = (effects: readonly Effect[]): Hello[] =>
  effects.flatMap((effect) => {
    const decoded =
      effect.type === 'send' && effect.datagram[1] === HELLO ? decodeHello(effect.datagram) : null;
    return decoded?.ok ? [decoded.value] : [];
  });

describe('the start', () => {
  it('the nonce is written down before the first hello is signed', () => {
    const effects = new Desk(0).take({ type: 'start', at: 0 });
    expect(effects.map(({ type }) => type)).toEqual(['persist', 'sign']);
    expect(effects[0]).toMatchObject({ record: { type: 'hello', nonce: nonceOf(0) } });
  });

  it('the session is written down before the game begins, and a packet before the session is refused', () => {
    const hall = new Hall(2).start().run(500);
    const types = hall.records(0).map(({ type }) => type);
    expect(types.slice(0, 3)).toEqual(['hello', 'session', 'commit']);
    const late = new Hall(2).start(0).run(100);
    const [bundle] = hall.guest(1).leftAt.filter(({ datagram }) => datagram[1] !== HELLO);
    late.inject(1, 0, (bundle as { datagram: Uint8Array }).datagram);
    expect(late.guest(0).driver?.counts.refused).toEqual({ session: 1 });
  });

  it('gives up after handshakeWithin, and says so again after as long', () => {
    const hall = new Hall(2, { handshakeMs: 1000 }).start(0).run(999);
    expect(hall.guest(0).heard('refused')).toEqual([]);
    expect(hall.run(1).guest(0).heard('refused').length).toBe(1);
    expect(hall.run(1001).guest(0).heard('refused').length).toBe(2);
  });
});

describe('hellos that are signed later', () => {
  it('says its complete hello, also when an older one was being signed as it began', () => {
    const [p, q] = [new Desk(0), new Desk(1)];
    p.take({ type: 'start', at: 0 });
    const early = p.sign(1).value;
    q.take({ type: 'start', at: 0 });
    q.sign(1);
    q.hears(p, early, ms(20));
    const complete = q.sign(ms(20)).value;
    p.take({ type: 'tick', at: ms(150) });
    p.hears(q, complete, ms(150));
    expect(p.session.lockstep).not.toBeNull();
    const said: Hello[] = [];
    for (let at = ms(150); p.drafts.length > 0; at += 100) {
      if (p.drafts[0]?.type === 'packet') p.drafts.shift();
      else said.push(...hellosIn(p.sign(at).effects));
    }
    expect(said.at(-1)?.nonces).toEqual([nonceOf(0), nonceOf(1)]);
    q.hears(
      p,
      attest({ publicKey: noState, message: noState, signature: noState, value: said.at(-1) as Hello }),
      ms(170),
    );
    expect(q.session.lockstep).not.toBeNull();
  });

  it('a flood of other nonces is answered at a bounded rate, however long a signature takes', () => {
    for (const takes of [100, 700, ms(3), ms(15), ms(30)]) {
      const [p, q] = [new Desk(0), new Desk(1)];
      p.take({ type: 'start', at: 0 });
      let ready = takes;
      let sent = 0;
      for (let at = 0; at < ms(1000); at += 500) {
        const nonce = new Uint8Array(16).fill((at / 500) % 251);
        const other = new Desk(1, nonce);
        other.take({ type: 'start', at: 0 });
        p.hears(q, other.sign(0).value, at);
        if (p.drafts.length > 0 && at >= ready) {
          sent += hellosIn(p.sign(at).effects).length;
          ready = at + takes;
        }
      }
      expect(sent, `${takes} us a signature`).toBeLessThanOrEqual(60);
    }
  });
});

describe('when a session wants to be looked at', () => {
  it('while it says hello, every 150 ms', () => {
    const desk = new Desk(0);
    desk.take({ type: 'start', at: 0 });
    desk.sign(1);
    expect(wakeAt(desk.session)).toBe(ms(150));
  });

  it('never in the past by more than the time it is called, so that no clock spins', () => {
    const hall = new Hall(3).start();
    for (let i = 0; i < 400; i++) {
      hall.run(7);
      for (const { driver } of hall.guests) {
        const at = driver === null ? null : wakeAt(driver.session);
        expect(at === null || at >= hall.now, `after ${hall.now} us`).toBe(true);
      }
    }
  });

  it('not for stalls once it is over', () => {
    const hall = new Hall(2).start().run(300);
    hall.guest(0).driver?.dispatch({ type: 'quit', at: hall.now });
    const stalls = hall.guest(0).notices('stall').length;
    hall.run(20_000);
    expect(hall.guest(0).notices('stall').length).toBe(stalls);
  });
});

describe('inputs', () => {
  it('one is wanted once a round, and another is an error of our own', () => {
    const hall = new Hall(2, { idle: [0, 1] }).start().run(500);
    const { driver } = hall.guest(0);
    expect(driver && wanted(driver.session)).toEqual({ epoch: 0, round: 1, mayBeEmpty: false });
    driver?.submit(Uint8Array.of(1));
    expect(driver && wanted(driver.session)).toBeNull();
    const input = { input: noState, salt: noState.slice(0, 16), state: noState };
    expect(() => driver?.dispatch({ type: 'input', at: hall.now, input })).toThrow(
      'an input is given when one is wanted',
    );
  });
});

describe('leaving', () => {
  it('the others go on at once, without a stall', () => {
    const hall = new Hall(4).start().run(400);
    hall.guest(2).driver?.dispatch({ type: 'leave', at: hall.now });
    const { round } = hall.guest(0);
    hall.run(1500);
    expect(hall.guest(2).heard('end')).toEqual([{ type: 'end', reason: 'left' }]);
    for (const seat of [0, 1, 3]) {
      expect(hall.guest(seat).round).toBeGreaterThan(round + 20);
      expect(hall.guest(seat).notices('stall')).toEqual([]);
      expect(hall.guest(seat).notices('player')).toContainEqual({
        type: 'player',
        player: 2,
        status: 'left',
      });
    }
  });

  it.each([0.1, 0.3, 0.5])(
    'also when %d of all datagrams are lost: the leaver stays until nobody needs it',
    (loss) => {
      const hall = new Hall(3, { delayMs: 15 }).start().run(600);
      let dice = 12345;
      hall.route = (_from, _to, datagram) => {
        dice = (Math.imul(dice, 1103515245) + 12345) >>> 0;
        return dice / 2 ** 32 < loss ? [] : [datagram];
      };
      hall.guest(1).driver?.dispatch({ type: 'leave', at: hall.now });
      for (let i = 0; i < 300 && hall.guest(1).heard('end').length === 0; i++) hall.run(100);
      expect(hall.guest(1).heard('end')).toEqual([{ type: 'end', reason: 'left' }]);
      hall.crash(1);
      const { round } = hall.guest(0);
      hall.run(10_000);
      for (const seat of [0, 2]) {
        expect(hall.guest(seat).lockstep.epoch).toBe(1);
        expect(hall.guest(seat).round).toBeGreaterThan(round + 5);
      }
    },
  );

  it('at two, the other is alone', () => {
    const hall = new Hall(2).start().run(300);
    hall.guest(0).driver?.dispatch({ type: 'leave', at: hall.now });
    hall.run(2000);
    expect(hall.guests.map((guest) => guest.heard('end'))).toEqual([
      [{ type: 'end', reason: 'left' }],
      [{ type: 'end', reason: 'alone' }],
    ]);
  });

  it('all at once: everybody ends', () => {
    const hall = new Hall(4).start().run(333);
    for (const { driver } of hall.guests) driver?.dispatch({ type: 'leave', at: hall.now });
    hall.run(5000);
    for (const guest of hall.guests) expect(guest.heard('end').length, `player ${guest.seat}`).toBe(1);
  });

  it('twice is once', () => {
    const hall = new Hall(3).start().run(300);
    for (let i = 0; i < 2; i++) hall.guest(0).driver?.dispatch({ type: 'leave', at: hall.now });
    hall.run(2000);
    expect(hall.records(0).filter(({ type }) => type === 'leave').length).toBe(1);
    expect(hall.guest(0).heard('end').length).toBe(1);
  });

  it('while another is being removed', () => {
    const hall = new Hall(4).start().run(400);
    const of = { ...hall.people, session: hall.session };
    const { epoch, round } = hall.guest(0).lockstep;
    hall.route = (from, to, datagram) => (from === 3 || to === 3 ? [] : [datagram]);
    for (const text of ['x', 'y']) {
      hall.inject(3, 0, hall.bundle(3, packet(of, 3, move(of, 3, text, { epoch, round: round + 1 })[0])));
    }
    hall.guest(1).driver?.dispatch({ type: 'leave', at: hall.now });
    hall.run(9000);
    expect(hall.guest(1).heard('end').length).toBe(1);
    const ends = [0, 2].map((seat) =>
      hall
        .guest(seat)
        .heard('end')
        .map(({ reason }) => reason),
    );
    const agree =
      ends.every((end) => end.length === 0) || ends.every((end) => end[0] === 'split' || end[0] === 'alone');
    expect(agree, JSON.stringify(ends)).toBe(true);
    if (ends.every((end) => end.length === 0)) expect(hall.guest(0).lockstep.epoch).toBe(2);
  });

  it('the end is told after the last datagrams have left', () => {
    const desk = new Hall(2).start().run(300);
    const { driver } = desk.guest(0);
    const order: string[] = [];
    desk.route = (from) => {
      if (from === 0) order.push('send');
      return [];
    };
    const { told } = desk.guest(0);
    const tell = told.push.bind(told);
    told.push = (effect) => {
      order.push(effect.type);
      return tell(effect);
    };
    driver?.dispatch({ type: 'quit', at: desk.now });
    expect(order).toEqual(['send', 'end']);
  });
});

describe('whoever is removed', () => {
  /** Player 3 of four says two things of one round; all others have heard it by now. */
  function convicting() {
    const hall = new Hall(4).start().run(300);
    const of = { ...hall.people, session: hall.session };
    const { epoch, round } = hall.guest(0).lockstep;
    const lies = ['x', 'y'].map((text) => packet(of, 3, move(of, 3, text, { epoch, round: round + 1 })[0]));
    return { hall, lies };
  }

  it('is told so by the others, who close its link some seconds after', () => {
    const { hall, lies } = convicting();
    hall.inject(3, 0, hall.bundle(3, ...lies));
    hall.run(2000);
    expect(hall.guest(3).heard('end')).toEqual([{ type: 'end', reason: 'expelled' }]);
    expect(hall.guest(0).driver?.session.link.peers[3]).not.toBeNull();
    hall.run(3000);
    for (const seat of [0, 1, 2]) expect(hall.guest(seat).driver?.session.link.peers[3]).toBeNull();
    expect(hall.guest(0).notices('player')).toEqual([{ type: 'player', player: 3, status: 'expelled' }]);
  });

  it('learns it also when it was away for longer than that', () => {
    const { hall, lies } = convicting();
    const bundle = hall.bundle(3, ...lies);
    hall.crash(3);
    hall.inject(3, 0, bundle);
    hall.run(10_000);
    for (const seat of [0, 1, 2]) expect(hall.guest(seat).lockstep.epoch).toBe(1);
    hall.start(3).run(3000);
    expect(hall.guest(3).heard('end')).toEqual([{ type: 'end', reason: 'expelled' }]);
  });

  it('members that were away meanwhile learn it, and go on', () => {
    const { hall, lies } = convicting();
    hall.crash(2);
    hall.inject(3, 0, hall.bundle(3, ...lies));
    hall.run(8000);
    hall.crash(3);
    hall.start(2).run(5000);
    for (const seat of [0, 1, 2]) expect(hall.guest(seat).lockstep.epoch).toBe(1);
    const { round } = hall.guest(2);
    hall.run(1000);
    expect(hall.guest(2).round).toBeGreaterThan(round + 5);
    expect(hall.guest(2).heard('evidence')[0]?.player).toBe(3);
  });
});

describe('a player whose state differs', () => {
  it('is told as desync of the round before, and nobody is accused', () => {
    const hall = new Hall(3).start().run(300);
    const of = { ...hall.people, session: hall.session };
    const from = hall.guest(2).round + 1;
    hall.route = (sender, to, datagram) => {
      if (to === 2) return [hall.without(datagram, (each) => each.sender === 2)];
      if (sender !== 2) return [datagram];
      const forged = hall.packetsIn(datagram).flatMap((each) => {
        const [set, reveal] = [statementOf(each, 'set'), statementOf(each, 'reveal')];
        return each.sender === 2 && set && reveal && set.round > from
          ? [packet(of, 2, { ...set, state: noState }, reveal)]
          : [];
      });
      const rest = hall.without(
        datagram,
        (each) => each.sender === 2 && (statementOf(each, 'set')?.round ?? 0) > from,
      );
      return forged.length === 0 ? [rest] : [rest, hall.bundle(2, ...forged)];
    };
    hall.run(300);
    for (const seat of [0, 1]) {
      const [first] = hall.guest(seat).notices('desync');
      expect(first).toEqual({ type: 'desync', round: from, players: (1 << 2) as Seat });
      expect(hall.guest(seat).heard('evidence')).toEqual([]);
    }
  });
});
