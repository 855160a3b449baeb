/** The driver under a protocol whose rounds can be taken back: a made-up engine that does as it is told. */

import { describe, expect, it } from 'vitest';
import { seatOf } from '../../src/base/ids.ts';
import { firstPlayers, nobody, playersFromBits } from '../../src/base/players.ts';
import { hash } from '../../src/crypto/hash.ts';
import { attest, type Sealed } from '../../src/crypto/signature.ts';
import { Driver } from '../../src/protocol/driver.ts';
import type { SessionEffect } from '../../src/protocol/effect.ts';
import type { Engine, Restored, Running, SessionEvent, Wanted } from '../../src/protocol/engine.ts';
import { refusing } from '../../src/protocol/open.ts';
import type { Outcome } from '../../src/protocol/round.ts';
import { nonceOf, noState, people, rules } from './table.ts';

const of = people(2);

interface Told extends Running {
  readonly heard: readonly SessionEvent[];
  readonly agreed: boolean;
}

interface Script {
  /** What follows from an event. */
  answer: (event: SessionEvent) => readonly SessionEffect<unknown>[];
  wanted: Wanted | null;
}

interface Log extends Restored {
  readonly outcomes: readonly Outcome[];
}

/** An engine that writes down what it hears; a datagram is a header of its first byte, the rest attached. */
function engineOf(script: Script, finalWithAdvance = false): Engine<Told, Log, number, number> {
  return {
    name: 'neo',
    finalWithAdvance,
    hearsPlayed: !finalWithAdvance,
    encode: (record) => record as Uint8Array,
    recover: () => ({ nonce: null, outcomes: [] }),
    create: (setup, _at, recovered) => ({ setup, heard: [], agreed: recovered !== null }),
    replay: ({ outcomes }) => ({ outcomes, committed: null }),
    step: (session, event) => [{ ...session, heard: [...session.heard, event] }, script.answer(event)],
    wakeAt: () => null,
    wanted: () => script.wanted,
    open: (_session, _from, datagram) => ({
      ...refusing(),
      header: datagram[0] ?? 0,
      attachments: [...datagram.subarray(1)],
    }),
    sessionId: ({ agreed }) => (agreed ? of.session : null),
    match: () => null,
    links: () => [],
  };
}

function outcomeOf(round: number): Outcome {
  return {
    epoch: 0,
    round,
    members: firstPlayers(2),
    inputs: [null, null],
    seed: noState,
    nextSeed: noState,
  };
}

const advance = (round: number) => ({ type: 'advance', outcome: outcomeOf(round) }) as const;
const final = (round: number) => ({ type: 'final', round }) as const;
const persist = { type: 'persist', record: Uint8Array.of(1) } as const;
const begin = { type: 'begin', session: of.session, seed: noState } as const;
const hashOf = (round: number): Uint8Array => hash('state', Uint8Array.of(round));

/** A driver of that engine, and what it did outside. */
function run(recovered: Log | null = null) {
  const script: Script = { answer: () => [], wanted: null };
  const acts: string[] = [];
  const flushes: (() => void)[] = [];
  const setup = {
    me: seatOf(0),
    keys: of.keys,
    agreement: rules,
    nonce: nonceOf(0),
    stallAfter: 1e6,
    handshakeWithin: null,
  };
  const ports = {
    now: () => 5,
    sign: () => expect.unreachable(),
    own: attest,
    verify: (sealed: Sealed<unknown>, done: (value: never) => void) => done(attest(sealed) as never),
    persist: () => acts.push('persist'),
    flush: (done: () => void) => flushes.push(done),
    send: () => acts.push('send'),
    salt: () => noState.slice(0, 16),
    begin: () => {
      acts.push('begin');
      return hashOf(0);
    },
    advance: ({ round }: Outcome, again: boolean) => {
      acts.push(`${again ? 'again' : 'advance'} ${round}`);
      return { stateHash: hashOf(round), illegal: playersFromBits(round === 2 ? 0b10 : 0) };
    },
    permits: () => true,
    prove: () => null,
    stateBytes: () => null,
    rollback: (round: number) => {
      acts.push(`rollback ${round}`);
      return hashOf(round);
    },
    final: (round: number) => acts.push(`final ${round}`),
    tell: () => {},
    wake: () => {},
  };
  const driver = new Driver(engineOf(script), setup, ports as never, recovered);
  /** Lets the session ask for those effects. */
  const ask = (...effects: readonly SessionEffect<unknown>[]): void => {
    script.answer = (event) => (event.type === 'tick' ? effects : []);
    driver.tick();
  };
  const heard = <Type extends SessionEvent['type']>(type: Type) =>
    driver.session.heard.filter(
      (event): event is Extract<SessionEvent, { type: Type }> => event.type === type,
    );
  return { acts, ask, driver, flushes, heard, script };
}

describe('a round that was played', () => {
  it('is told to the session, with what it came to and whose input broke the rules', () => {
    const { ask, heard } = run();
    ask(begin, advance(1), advance(2));
    const played = { type: 'played', at: 5 };
    expect(heard('played')).toEqual([
      { ...played, round: 0, stateHash: hashOf(0), illegal: nobody },
      { ...played, round: 1, stateHash: hashOf(1), illegal: nobody },
      { ...played, round: 2, stateHash: hashOf(2), illegal: playersFromBits(0b10) },
    ]);
  });

  it('is not final by that, and can be taken back', () => {
    const { acts, ask, flushes } = run();
    ask(begin, persist, advance(1), advance(2), { type: 'rollback', round: 1 }, advance(2));
    expect(acts).toEqual(['begin', 'persist', 'advance 1', 'advance 2', 'rollback 1', 'advance 2']);
    expect(flushes).toEqual([]);
  });

  it('what the session asks for on hearing of it comes after what it asked for before', () => {
    const { acts, driver, script } = run();
    script.answer = (event) => {
      if (event.type === 'tick') return [begin, advance(1), persist];
      return event.type === 'played' && event.round === 1 ? [advance(2)] : [];
    };
    driver.tick();
    expect(acts).toEqual(['begin', 'advance 1', 'persist', 'advance 2']);
  });
});

describe('final rounds', () => {
  it('are told in order, and not before everything until then is durable', () => {
    const { acts, ask, flushes } = run();
    ask(begin, advance(1), advance(2), persist, final(1), final(2), advance(3));
    expect(acts.slice(-2)).toEqual(['persist', 'advance 3']);
    expect(flushes.length).toBe(1);
    flushes.shift()?.();
    expect(acts.slice(-2)).toEqual(['final 1', 'final 2']);
    expect(flushes).toEqual([]);
  });

  it('are told at once when all is durable', () => {
    const { acts, ask, flushes } = run();
    ask(begin, advance(1));
    ask(final(1));
    expect(acts.at(-1)).toBe('final 1');
    expect(flushes).toEqual([]);
  });

  it('share the flush of what leaves', () => {
    const { acts, ask, flushes } = run();
    ask(begin, advance(1), persist, final(1), { type: 'send', to: seatOf(1), datagram: noState });
    expect(acts.at(-1)).toBe('persist');
    flushes.shift()?.();
    expect(acts.slice(-2)).toEqual(['final 1', 'send']);
    expect(flushes).toEqual([]);
  });
});

describe('a log', () => {
  it('is played again before the session starts, which hears of it', () => {
    const { acts, driver, heard, script } = run({ nonce: null, outcomes: [outcomeOf(1), outcomeOf(2)] });
    script.answer = (event) => (event.type === 'played' && event.round === 1 ? [persist] : []);
    driver.start();
    expect(acts).toEqual(['begin', 'again 1', 'again 2', 'persist']);
    expect(heard('played').map(({ round }) => round)).toEqual([0, 1, 2]);
    expect(driver.session.heard.at(-1)?.type).toBe('start');
  });
});

describe('an input', () => {
  it('is the empty one only when it is time and there is no other', () => {
    const { ask, driver, heard, script } = run();
    ask(begin);
    const slot = { epoch: 0, round: 1 };
    script.wanted = { ...slot, mayBeEmpty: false };
    driver.tick();
    expect(heard('input')).toEqual([]);
    script.answer = (event) => {
      if (event.type === 'input') script.wanted = null;
      return [];
    };
    script.wanted = { ...slot, mayBeEmpty: true };
    driver.tick();
    expect(heard('input').map(({ input }) => input.input)).toEqual([new Uint8Array(0)]);
    driver.submit(Uint8Array.of(7));
    script.wanted = { epoch: 0, round: 2, mayBeEmpty: true };
    driver.tick();
    expect(heard('input').map(({ input }) => [...input.input])).toEqual([[], [7]]);
  });
});

describe('a datagram', () => {
  it('its header and what is attached go back to the engine as they were read', () => {
    const { driver, heard } = run();
    driver.receive(seatOf(1), Uint8Array.of(9, 1, 2));
    expect(heard('bundle')).toMatchObject([
      { from: 1, header: 9, attachments: [1, 2], packets: [], proofs: [] },
    ]);
  });
});
