import { describe, expect, it } from 'vitest';
import { toHex } from '../../../src/base/bytes.ts';
import { seatOf } from '../../../src/base/ids.ts';
import { seatsOf } from '../../../src/base/players.ts';
import { prng } from '../../../src/base/prng.ts';
import { micros } from '../../../src/base/time.ts';
import { defineGame } from '../../../src/client/game.ts';
import type { Game } from '../../../src/protocol/game.ts';
import { checkpointOf, ownDigest } from '../../../src/protocol/neo/desync.ts';
import {
  type Happening,
  type Inquiries,
  inquiriesWakeAt,
  noInquiries,
  type Outgoing,
  stepInquiries,
} from '../../../src/protocol/neo/inquiry.ts';
import {
  decodeAnswer,
  decodeQuery,
  encodeAnswer,
  encodeQuery,
} from '../../../src/protocol/neo/subtree-item.ts';
import { encodePlain } from '../../../src/wire/plain.ts';
import { decodeRounds } from '../../../src/wire/rounds.ts';
import { Drivers } from './drivers.ts';
import { setOf } from './group.ts';
import { session } from './recorded.ts';

interface World {
  players: { x: number; y: number }[];
  map: string[];
}

/** A game that goes wrong by itself from a round on, here and not elsewhere. */
function drifting(from = Number.POSITIVE_INFINITY, until = from): Game<World, number> {
  return defineGame<World, number>({
    id: 'still',
    version: 1,
    init: ({ players }) => ({
      players: Array.from({ length: players }, () => ({ x: 0, y: 0 })),
      map: Array.from({ length: 400 }, (_, i) => `field ${i}`),
    }),
    step: ({ map, players }, { round }) => ({
      map,
      players: players.map(({ y }, seat) => ({
        x: round + (seat === 2 && round >= from && round <= until ? 1 : 0),
        y: y + 1,
      })),
    }),
  });
}

const wrong = (from: number, until: number): Drivers<World, number> =>
  new Drivers([0, 1, 2, 3].map((seat) => (seat === 1 ? drifting(from, until) : drifting())));

describe('states that differ', () => {
  it('are told of with their round, once, to those in the majority and to the other', () => {
    const match = wrong(5, 1e9);
    match.final(20);
    for (const seat of [0, 2, 3])
      expect(match.desyncs(seat)).toEqual([{ type: 'desync', round: 5, players: setOf([1]) }]);
    const told = match.desyncs(1);
    expect(told.every(({ round }) => round === 5)).toBe(true);
    expect(told.at(-1)?.players).toBe(setOf([0, 2, 3]));
    expect(match.neo(0).desynced).toBe(setOf([1]));
    expect(
      match.notices.flat().some((notice) => notice.type === 'player' && notice.status === 'expelled'),
    ).toBe(false);
  });

  it('are told of again when they differ again', () => {
    const match = wrong(5, 8);
    match.final(12);
    expect(match.neo(0).desynced).toBe(setOf([]));
    expect(match.desyncs(0)).toHaveLength(1);
    const twice = new Drivers([drifting(), drifting(4, 5), drifting(5, 7), drifting()]);
    twice.final(12);
    const told = twice.desyncs(0).map(({ players, round }) => ({ round, players: seatsOf(players) }));
    expect(told[0]).toEqual({ round: 4, players: [1] });
    expect(told).toContainEqual({ round: 5, players: [1, 2] });
    expect(told.at(-1)).toEqual({ round: 6, players: [2] });
    expect(twice.neo(0).desynced).toBe(setOf([]));
  });

  it('are none while all play alike', () => {
    const match = new Drivers([drifting(), drifting()]);
    match.final(10);
    expect(match.notices.flat().filter(({ type }) => type === 'desync')).toEqual([]);
  });

  it('leave a checkpoint where q players agree, and none where they do not', () => {
    const match = wrong(5, 1e9);
    match.final(12);
    const at = checkpointOf(match.neo(1), 8);
    expect(at?.signers).toBe(setOf([0, 2, 3]));
    expect(toHex(at?.digest as Uint8Array)).toBe(toHex(ownDigest(match.neo(0), 8) as Uint8Array));
    expect(toHex(at?.digest as Uint8Array)).not.toBe(toHex(ownDigest(match.neo(1), 8) as Uint8Array));
    expect(checkpointOf(match.neo(0), 4)?.signers).toBe(setOf([0, 1, 2, 3]));
    expect(checkpointOf(match.neo(0), 40)).toBe(null);
    const split = new Drivers([drifting(), drifting(5, 1e9), drifting(5, 1e9), drifting()]);
    split.final(12);
    expect(checkpointOf(split.neo(0), 8)).toBe(null);
    expect(checkpointOf(split.neo(0), 4)).not.toBe(null);
  });
});

describe('asking another player', () => {
  const rows = [{ path: 'players[2].x', mine: '5', theirs: '6' }];

  it('finds the place where its state differs, of the round that was told of, long after it', () => {
    const match = wrong(5, 1e9);
    match.final(30);
    const [told] = match.desyncs(0);
    match.inquire(0, 1, told?.round ?? 0);
    match.until(() => (match.compared[0]?.length ?? 0) > 0);
    expect(match.compared[0]).toEqual([
      { type: 'compared', player: 1, wanted: 5, round: 5, rows, complete: true, failed: null },
    ]);
    match.inquire(1, 3, 5);
    match.until(() => (match.compared[1]?.length ?? 0) > 0);
    expect(match.compared[1]).toMatchObject([{ rows: [{ path: 'players[2].x', mine: '6', theirs: '5' }] }]);
    expect(match.compared[2]).toEqual([]);
  });

  it('does not take the whole state', () => {
    const match = wrong(5, 1e9);
    match.final(30);
    let bytes = 0;
    match.loses = (_from, _to, datagram) => {
      const decoded = decodeRounds(match.neo(0).setup.session, datagram);
      if (decoded.ok)
        for (const item of decoded.value.items)
          if (item.type === 'query' || item.type === 'answer') bytes += item.bytes.length;
      return false;
    };
    match.inquire(0, 1, 5);
    match.until(() => (match.compared[0]?.length ?? 0) > 0);
    const state = match.plays[0]?.stateAfter(match.neo(0).final)?.bytes as Uint8Array;
    expect(bytes).toBeGreaterThan(0);
    expect(bytes).toBeLessThan(state.length / 2);
  });

  it('is asked again when datagrams are lost', () => {
    const match = wrong(5, 1e9);
    match.final(20);
    const dice = prng(7);
    match.loses = (from, to) => from + to === 1 && dice.below(10) < 4;
    match.inquire(0, 1, 5);
    match.until(() => (match.compared[0]?.length ?? 0) > 0);
    expect(match.compared[0]).toMatchObject([{ rows, complete: true, failed: null }]);
  });

  it('goes on with another round when that one is not kept any more', () => {
    const match = wrong(5, 1e9);
    match.final(40);
    match.inquire(0, 1, 9);
    match.until(() => (match.compared[0]?.length ?? 0) > 0);
    const [found] = match.compared[0] ?? [];
    expect(found).toMatchObject({ player: 1, wanted: 9, complete: true, failed: null });
    const round = found?.round ?? 0;
    expect(round === 5 || round > 30).toBe(true);
    expect(found?.rows).toEqual([{ path: 'players[2].x', mine: `${round}`, theirs: `${round + 1}` }]);
  });

  it('finds nothing where nothing differs', () => {
    const match = wrong(5, 1e9);
    match.final(20);
    match.inquire(0, 2, 20);
    match.until(() => (match.compared[0]?.length ?? 0) > 0);
    expect(match.compared[0]).toMatchObject([{ player: 2, rows: [], complete: true, failed: null }]);
  });

  it('ends when there is no answer', () => {
    const match = wrong(5, 1e9);
    match.final(20);
    match.loses = (from) => from === 1;
    match.inquire(0, 1, 5);
    match.until(() => (match.compared[0]?.length ?? 0) > 0);
    expect(match.compared[0]).toMatchObject([{ failed: 'silent', complete: false, rows: [] }]);
    expect(match.drivers[0]?.session.inquiries.asking).toEqual([]);
  });

  it('only finds that they differ where the state is not plain data', () => {
    const codec = {
      encode: ({ players }: World): Uint8Array => Uint8Array.of(0xff, players[2]?.x ?? 0),
      decode: (): World => ({ players: [], map: [] }),
    };
    const own = (from: number): Game<World, number> =>
      defineGame<World, number>({
        id: 'still',
        version: 1,
        init: drifting().init,
        step: drifting(from, 1e9).step,
        state: codec,
      });
    const match = new Drivers([own(1e9), own(5), own(1e9)]);
    match.final(12);
    expect(match.desyncs(0)).toMatchObject([{ round: 5 }]);
    match.inquire(0, 1, 5);
    match.until(() => (match.compared[0]?.length ?? 0) > 0);
    expect(match.compared[0]).toMatchObject([{ failed: 'opaque', rows: [], complete: false }]);
  });
});

describe('what a player can ask for', () => {
  const bytes = encodePlain({ a: 'x'.repeat(100), b: new Uint8Array(2 << 20) });
  const query = (round: number, id = 1): Happening => ({
    type: 'item',
    from: seatOf(1),
    item: { type: 'query', bytes: encodeQuery({ id, round, path: [], range: null }) as Uint8Array },
  });
  const step = (inquiries: Inquiries, at: number, happening: Happening): readonly [Inquiries, Outgoing] =>
    stepInquiries(inquiries, at, 10, happening);

  it('is bounded by the work that it makes', () => {
    let [inquiries, outgoing] = step(noInquiries, 0, { type: 'state', round: 5, bytes });
    let answers = 0;
    for (let i = 0; i < 500; i++) {
      [inquiries, outgoing] = step(inquiries, i, query(5, i));
      answers += outgoing.sendings.length;
    }
    expect(answers).toBeGreaterThan(0);
    expect(answers).toBeLessThan(4);
    [inquiries, outgoing] = step(inquiries, micros(2000), query(5));
    expect(outgoing.sendings).toHaveLength(1);
  });

  it('is no round that is to come, and of all others few are kept', () => {
    const [, ahead] = step(noInquiries, 0, query(11));
    expect(ahead.effects).toEqual([]);
    const said = decodeAnswer(ahead.sendings[0]?.item.bytes as Uint8Array);
    expect(said).toEqual({ id: 1, answer: { type: 'unknown', rounds: [10] } });
    let inquiries = noInquiries;
    for (let round = 1; round <= 10; round++) {
      const wanting = step(inquiries, micros(1000) * round, query(round));
      expect(wanting[1].effects).toEqual([{ type: 'state-wanted', round }]);
      const shown = step(wanting[0], micros(1000) * round, {
        type: 'state',
        round,
        bytes: encodePlain(round),
      });
      expect(shown[1].sendings).toHaveLength(1);
      inquiries = shown[0];
    }
    expect(inquiries.kept.map(({ round }) => round)).toEqual([8, 9, 10]);
    const own = step(inquiries, 0, { type: 'state', round: 2, bytes });
    expect(own[0].kept.map(({ round }) => round)).toEqual([8, 9, 10, 2]);
    let [flooded] = step(noInquiries, 0, query(1));
    for (let i = 0; i < 500; i++) [flooded] = step(flooded, micros(1000) * i, query(1 + (i % 9), i));
    expect(flooded.waiting.length).toBeLessThanOrEqual(16);
  });

  it('is answered with what there is, if that state is gone', () => {
    const [wanting] = step(noInquiries, 0, query(3, 9));
    const [after, { sendings }] = step(wanting, 0, { type: 'state', round: 3, bytes: null });
    expect(decodeAnswer(sendings[0]?.item.bytes as Uint8Array)).toEqual({
      id: 9,
      answer: { type: 'unknown', rounds: [10] },
    });
    expect(after.waiting).toEqual([]);
  });

  it('is nothing at all with bytes that are no question', () => {
    const item = { type: 'query', bytes: Uint8Array.of(9) } as const;
    expect(step(noInquiries, 0, { type: 'item', from: seatOf(1), item })).toEqual([
      noInquiries,
      { effects: [], sendings: [] },
    ]);
  });

  it('never makes an answer of somebody who was not asked count', () => {
    const own = step(noInquiries, 0, { type: 'state', round: 5, bytes: encodePlain({ x: 1 }) })[0];
    const [asking, { sendings }] = step(own, 0, { type: 'inquire', round: 5, player: seatOf(1) });
    expect(decodeQuery(sendings[0]?.item.bytes as Uint8Array)).toMatchObject({ id: 0, round: 5 });
    const told = encodeAnswer(0, { type: 'value', bytes: encodePlain({ x: 2 }) }) as Uint8Array;
    const answer = (from: number): Happening => ({
      type: 'item',
      from: seatOf(from),
      item: { type: 'answer', bytes: told },
    });
    expect(step(asking, 1, answer(2))[1]).toEqual({ effects: [], sendings: [] });
    expect(step(asking, 1, answer(1))[1].effects).toMatchObject([
      { rows: [{ path: 'x', mine: '1', theirs: '2' }] },
    ]);
    expect(inquiriesWakeAt(asking)).toBe(micros(250));
    expect(inquiriesWakeAt(noInquiries)).toBe(null);
  });
});

it('speaks of the same session as everybody', () => {
  const match = new Drivers([drifting(), drifting(), drifting(), drifting()]);
  match.final(1);
  expect(toHex(match.drivers[0]?.sessionId as Uint8Array)).toBe(toHex(session));
});
