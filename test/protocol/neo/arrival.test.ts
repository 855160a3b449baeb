import { beforeAll, describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/base/bytes.ts';
import { type Seat, seatOf } from '../../../src/base/ids.ts';
import { micros } from '../../../src/base/time.ts';
import {
  type Arrival,
  askDue,
  beginArrival,
  hearMember,
  judgeArrival,
  takeChunk,
} from '../../../src/protocol/neo/arrival.ts';
import { noOffer, takePartsQuery, takeStates } from '../../../src/protocol/neo/offer.ts';
import {
  chunksOf,
  decodePartsQuery,
  encodePartsQuery,
  PARTS_MAX,
} from '../../../src/protocol/neo/transfer.ts';
import { encodePlain, type Plain } from '../../../src/wire/plain.ts';
import type { ChunkItem } from '../../../src/wire/rounds-item.ts';
import { flipped, type Host, hostOf } from './host.ts';

/** What one player of a match knows after some rounds. */
let machine: Host['machine'];
let states: Host['states'];
let round: Host['round'];
let trust: Host['trust'];
let snapshot: Host['snapshot'];

beforeAll(() => {
  ({ machine, states, round, trust, snapshot } = hostOf());
}, 60_000);

/** Hands everything over that is asked for, from these bytes, until it is judged. */
function transfer(arrival: Arrival, bytesOf: (source: Seat) => Uint8Array, most = 50) {
  let now = 0;
  let at = arrival;
  const sources: Seat[] = [];
  for (let i = 0; i < most; i++) {
    now = Math.max(now, at.askAt);
    const asking = askDue(at, now);
    if (asking === null) throw new Error('it asks when that is due');
    at = asking.arrival;
    sources.push(asking.to);
    for (const chunk of chunksOf(round, bytesOf(asking.to), asking.query))
      at = takeChunk(at, asking.to, chunk, now);
    const judged = judgeArrival(at, now);
    if (judged?.snapshot) return { sources, snapshot: judged.snapshot };
    if (judged !== null) at = judged.arrival as Arrival;
  }
  return { sources, snapshot: null };
}

describe('an arrival', () => {
  it('asks for what is missing until it has it', () => {
    const done = transfer(beginArrival(trust, false, 0), () => snapshot);
    expect(done.snapshot?.round).toBe(round);
    expect(new Set(done.sources)).toEqual(new Set([0]));
  });

  it('asks another member when one hands over what is wrong, or nothing', () => {
    const wrong = flipped(snapshot, snapshot.length >>> 1);
    const done = transfer(beginArrival(trust, false, 0), (source) => {
      if (source === 0) return wrong;
      return source === 3 ? snapshot : new Uint8Array(0);
    });
    expect(done.snapshot?.round).toBe(round);
    expect([...new Set(done.sources)]).toEqual([0, 1, 2, 3]);
  });

  it('drops parts that it has not asked for, or that cannot be any', () => {
    const asking = askDue(beginArrival(trust, false, 0), 0);
    const arrival = asking?.arrival as Arrival;
    const [chunk] = chunksOf(round, snapshot, { round: 0, from: 0, wanted: 1 }) as [ChunkItem];
    const taken = takeChunk(arrival, seatOf(0), chunk, 1);
    expect(taken.transfer?.parts[0]).toEqual(chunk.bytes);
    expect(takeChunk(arrival, seatOf(1), chunk, 1)).toBe(arrival);
    expect(takeChunk(beginArrival(trust, false, 0), seatOf(0), chunk, 1).transfer).toBeNull();
    expect(takeChunk(arrival, seatOf(0), { ...chunk, count: PARTS_MAX + 1 }, 1)).toBe(arrival);
    expect(takeChunk(arrival, seatOf(0), { ...chunk, bytes: chunk.bytes.slice(1) }, 1)).toBe(arrival);
    expect(takeChunk(taken, seatOf(0), { ...chunk, count: chunk.count + 1 }, 1)).toBe(taken);
    expect(takeChunk(taken, seatOf(0), { ...chunk, transfer: round - 1 }, 1)).toBe(taken);
    expect(takeChunk(taken, seatOf(0), { ...chunk, bytes: flipped(chunk.bytes) }, 1)).toBe(taken);
  });

  it('asks whoever speaks to it at once, for that member knows its seat', () => {
    const asked = askDue(beginArrival(trust, false, 0), 0)?.arrival as Arrival;
    const heard = hearMember(asked, seatOf(2), 50);
    expect(askDue(asked, 50)).toBeNull();
    expect(askDue(heard, 50)?.to).toBe(2);
    expect(hearMember(heard, seatOf(3), 60)).toBe(heard);
  });

  it('leaves a member that drips', () => {
    let at = beginArrival(trust, false, 0);
    let now = 0;
    let next = round;
    while (at.source === 0 && now < micros(60_000)) {
      now = Math.max(now, at.askAt);
      const asking = askDue(at, now);
      at = asking?.arrival as Arrival;
      if (asking?.to !== 0) break;
      const bytes = new Uint8Array(1024);
      at = takeChunk(at, seatOf(0), { type: 'chunk', transfer: ++next, index: 0, count: 200, bytes }, now);
    }
    expect(at.source).toBe(1);
    expect(now).toBeLessThan(micros(3000));
  });
});

describe('an offer', () => {
  const query = { round: 0, from: 0, wanted: 0xffffffff };

  it('is made once, of states that the game is asked for', () => {
    const asked = takePartsQuery(noOffer, machine, seatOf(1), query, 0);
    expect(asked.states).toEqual({ round, count: machine.setup.log.alpha });
    const made = takeStates(asked.offer, machine, round, states, 0);
    expect(made.to).toBe(1);
    expect(concatBytes(...made.chunks.map(({ bytes }) => bytes)).length).toBe(
      Math.min(snapshot.length, 32 * 1024),
    );
    const again = takePartsQuery(made.offer, machine, seatOf(2), query, 0);
    expect(again.states).toBeNull();
    expect(again.chunks).toEqual(made.chunks);
  });

  it('gives nobody more than a few times of it, and nothing without states', () => {
    const asked = takePartsQuery(noOffer, machine, seatOf(1), query, 0);
    expect(takeStates(asked.offer, machine, round, null, 0)).toMatchObject({ to: null, chunks: [] });
    let { offer } = takeStates(asked.offer, machine, round, states, 0);
    let sent = 0;
    for (let i = 1; i <= 1000; i++) {
      const answered = takePartsQuery(offer, machine, seatOf(1), query, i * micros(5));
      offer = answered.offer;
      sent += answered.chunks.length;
    }
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThanOrEqual(4 * Math.ceil(snapshot.length / 1024) + 32);
  });

  it('is not tried to be made again and again', () => {
    const asked = takePartsQuery(noOffer, machine, seatOf(1), query, 0);
    const { offer } = takeStates(asked.offer, machine, round, null, 0);
    expect(takePartsQuery(offer, machine, seatOf(2), query, micros(99)).states).toBeNull();
    expect(takePartsQuery(offer, machine, seatOf(2), query, micros(100)).states).not.toBeNull();
  });

  it('reads questions strictly', () => {
    expect(decodePartsQuery(encodePartsQuery(query))).toEqual(query);
    for (const value of [
      ['snapshot', 1, 2],
      ['other', 0, 0, 0],
      ['snapshot', -1, 0, 0],
      ['snapshot', 0, 5000, 0],
      7,
    ]) {
      expect(decodePartsQuery(encodePlain(value as Plain))).toBeNull();
    }
    expect(decodePartsQuery(Uint8Array.of(1, 2, 3))).toBeNull();
  });
});
