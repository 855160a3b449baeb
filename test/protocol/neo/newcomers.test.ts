import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { concatBytes } from '../../../src/base/bytes.ts';
import { type Seat, seatOf } from '../../../src/base/ids.ts';
import { firstPlayers, nobody } from '../../../src/base/players.ts';
import { micros } from '../../../src/base/time.ts';
import { neo } from '../../../src/client/options.ts';
import { keyring } from '../../../src/keyring/node.ts';
import { sessionOf } from '../../../src/protocol/handshake.ts';
import {
  type Arrival,
  askDue,
  beginArrival,
  judgeArrival,
  takeChunk,
} from '../../../src/protocol/neo/arrival.ts';
import { stateDigest } from '../../../src/protocol/neo/digest.ts';
import {
  decodeInvitation,
  encodeInvitation,
  INVITATION_BYTES_MAX,
  type Invitation,
  invitationOf,
} from '../../../src/protocol/neo/invitation.ts';
import { decodeLog, encodeLog } from '../../../src/protocol/neo/log-snapshot.ts';
import { noOffer, takePartsQuery, takeStates } from '../../../src/protocol/neo/offer.ts';
import { decodeRequest, encodeRequest, judgeRequest } from '../../../src/protocol/neo/request.ts';
import {
  makeSnapshot,
  newestSnapshot,
  stepsOf,
  type Trust,
  verifySnapshot,
} from '../../../src/protocol/neo/snapshot.ts';
import { type Neo, pastOf } from '../../../src/protocol/neo/state.ts';
import {
  chunksOf,
  decodePartsQuery,
  encodePartsQuery,
  PARTS_MAX,
} from '../../../src/protocol/neo/transfer.ts';
import { joinMessage } from '../../../src/protocol/neo/update.ts';
import { simulatedSecret } from '../../../src/sim/keys.ts';
import { Simulation } from '../../../src/sim/simulator.ts';
import { entriesOf, signedMessage, signedPacket } from '../../../src/wire/packet.ts';
import { decodePlain, encodePlain, type Plain } from '../../../src/wire/plain.ts';
import type { ChunkItem } from '../../../src/wire/rounds-item.ts';
import { sum } from '../../sim/games.ts';

const protocol = neo({ roundMs: 50, arrivalMs: 50, arrivalMinMs: 20, arrivalMaxMs: 50, silentRounds: 16 });

/** What one player of a match knows after some rounds. */
let machine: Neo;
let agreement: Uint8Array;
let states: readonly (Uint8Array | null)[];
let round: number;
let invitation: Invitation;
let trust: Trust;
let snapshot: Uint8Array;

beforeAll(() => {
  const options = { keyring, protocol, rounds: 30, seed: 3, input: () => 1, network: { delayMs: 10 } };
  const simulation = new Simulation(sum, options);
  simulation.run();
  const session = simulation.neoSession(seatOf(0));
  const play = simulation.players[0]?.play;
  if (!session?.neo || !play) throw new Error('the match has run');
  machine = session.neo;
  agreement = session.setup.agreement;
  round = newestSnapshot(machine) ?? 0;
  states = play.states(round, stepsOf(round, machine.setup.log.alpha)) ?? [];
  invitation = invitationOf(machine, agreement, ['a:1', 'b:2', 'c:3', 'd:4']);
  trust = { invitation, parameters: machine.setup.log, judges: false };
  snapshot = makeSnapshot(machine, round, states) ?? new Uint8Array(0);
}, 60_000);

/** A newcomer's request. */
function requestOf(index: number, session: Uint8Array = machine.setup.session): Uint8Array {
  const secretKey = simulatedSecret(99, index);
  const member = {
    publicKey: keyring.publicKey(secretKey),
    nonce: new Uint8Array(16).fill(7),
    address: 'e:5',
  };
  return encodeRequest({ ...member, signature: keyring.sign(secretKey, joinMessage(session, member)) });
}

/** The snapshot with one of its rows changed. */
function changed(at: number, change: (row: Plain[]) => Plain[]): Uint8Array {
  const decoded = decodePlain(snapshot);
  const rows = (decoded.ok ? decoded.value : []) as Plain[][];
  return encodePlain(rows.map((row, index) => (index === at ? change([...row]) : row)));
}

function flipped(bytes: Plain | undefined, at = 0): Uint8Array {
  const copy = (bytes as Uint8Array).slice();
  copy[at] = (copy[at] ?? 0) ^ 1;
  return copy;
}

function refusalOf(bytes: Uint8Array, by: Trust = trust): string | null {
  const verified = verifySnapshot(bytes, by);
  return verified.ok ? null : verified.refused;
}

describe('an invitation', () => {
  it('is read as it was written, and tells who is there and where', () => {
    const read = decodeInvitation(encodeInvitation(invitation));
    expect(read).toEqual(invitation);
    expect(read?.roster.map(({ address }) => address)).toEqual(['a:1', 'b:2', 'c:3', 'd:4']);
    expect(read?.members).toBe(firstPlayers(4));
  });

  it('has room for the largest match', () => {
    const roster = Array.from({ length: 16 }, (_, seat) => ({
      publicKey: keyring.publicKey(simulatedSecret(5, seat)),
      nonce: new Uint8Array(16).fill(seat),
      address: 'x'.repeat(64),
    })).sort((a, b) => Buffer.compare(a.publicKey, b.publicKey));
    const keys = roster.map(({ publicKey }) => publicKey);
    const large = new Uint8Array(315);
    const session = sessionOf(
      large,
      keys,
      roster.map(({ nonce }) => nonce),
    );
    const members = firstPlayers(16);
    const encoded = encodeInvitation({
      ...invitation,
      agreement: large,
      founders: 16,
      members,
      roster,
      session,
    });
    expect(encoded.length).toBeLessThanOrEqual(INVITATION_BYTES_MAX);
    expect(decodeInvitation(encoded)?.roster).toEqual(roster);
  });

  it('is refused when it is cut short, too long, or speaks of another session than its founders make', () => {
    const encoded = encodeInvitation(invitation);
    for (let length = 0; length < encoded.length; length++)
      expect(decodeInvitation(encoded.slice(0, length))).toBeNull();
    expect(decodeInvitation(concatBytes(encoded, Uint8Array.of(0)))).toBeNull();
    expect(decodeInvitation(encodeInvitation({ ...invitation, session: new Uint8Array(32) }))).toBeNull();
    expect(decodeInvitation(encodeInvitation({ ...invitation, members: nobody }))).toBeNull();
    const [first] = invitation.roster;
    const twice = [...invitation.roster, first as (typeof invitation.roster)[number]];
    expect(decodeInvitation(encodeInvitation({ ...invitation, roster: twice }))).toBeNull();
  });

  it('names an address that is none', () => {
    expect(() => invitationOf(machine, agreement, ['a b'])).toThrow('addresses[0]');
  });
});

describe('a request', () => {
  it('can be sponsored when its signature holds', () => {
    const request = requestOf(1);
    expect(judgeRequest(machine, request)).toMatchObject({ ok: true, value: { address: 'e:5' } });
    expect(encodeRequest(decodeRequest(request) as never)).toEqual(request);
  });

  it('is refused by name', () => {
    const refused = (bytes: Uint8Array, by: Neo | null = machine): unknown => judgeRequest(by, bytes);
    const request = requestOf(1);
    expect(refused(request.slice(1))).toMatchObject({ refused: 'malformed' });
    expect(refused(concatBytes(request, Uint8Array.of(1)))).toMatchObject({ refused: 'malformed' });
    expect(refused(requestOf(1, new Uint8Array(32)))).toMatchObject({ refused: 'signature' });
    expect(refused(flipped(request, request.length - 70))).toMatchObject({ refused: 'signature' });
    expect(refused(request, null)).toMatchObject({ refused: 'closed' });
    expect(refused(request, { ...machine, over: 'left' })).toMatchObject({ refused: 'closed' });
    const member = pastOf(machine, machine.final).log.roster[2];
    const known = encodeRequest({
      ...(member as never as object),
      address: 'x',
      signature: new Uint8Array(64),
    } as never);
    expect(refused(known)).toMatchObject({ refused: 'seated' });
  });
});

describe('a snapshot', () => {
  it('holds for who trusts the members, and starts at a round with its states', () => {
    const verified = verifySnapshot(snapshot, trust);
    expect(verified.ok && verified.value.round).toBe(round);
    expect(verified.ok && verified.value.steps.map(({ log }) => log.round)).toEqual(
      Array.from({ length: machine.setup.log.alpha }, (_, i) => round - machine.setup.log.alpha + 1 + i),
    );
    expect(verified.ok && verified.value.steps.at(-1)?.state).toEqual(states.at(-1));
  });

  it('is made of no other states than those that the machine knows', () => {
    expect(
      makeSnapshot(
        machine,
        round,
        states.map((state) => state && flipped(state)),
      ),
    ).toBeNull();
    expect(makeSnapshot(machine, round, states.slice(1))).toBeNull();
    expect(makeSnapshot(machine, round - 1, states)).toBeNull();
  });

  it('is refused whatever is changed in it', () => {
    const last = states.length - 1;
    expect(refusalOf(new Uint8Array(100))).toBe('malformed');
    expect(
      refusalOf(changed(last, (row) => [row[0], row[1], row[2], flipped(row[3]), row[4]] as Plain[])),
    ).toBe('state');
    expect(refusalOf(changed(last, (row) => [row[0], row[1], row[2], null, row[4]] as Plain[]))).toBe(
      'state',
    );
    expect(refusalOf(snapshot, { ...trust, judges: true })).toBe('state');
    expect(refusalOf(changed(0, (row) => [row[0], flipped(row[1]), row[2], row[3], row[4]] as Plain[]))).toBe(
      'votes',
    );
    expect(refusalOf(changed(3, (row) => [row[0], row[1], flipped(row[2]), row[3], row[4]] as Plain[]))).toBe(
      'votes',
    );
    expect(
      refusalOf(
        changed(3, (row) => [row[0], row[1], row[2], row[3], (row[4] as Plain[]).slice(2)] as Plain[]),
      ),
    ).toBe('votes');
    const log = decodeLog((decodedRow(last)[0] ?? new Uint8Array(0)) as Uint8Array);
    const lie = encodeLog({ ...(log as NonNullable<typeof log>), streaks: [1, 0, 0, 0] });
    expect(refusalOf(changed(last, (row) => [lie, ...row.slice(1)] as Plain[]))).toBe('votes');
    const rows = Array.from({ length: last }, (_, i) => decodedRow(i + 1));
    expect(refusalOf(encodePlain(rows as Plain))).toBe('rounds');
  });

  it('is refused for one signature that does not hold', () => {
    const forge = (votes: Plain[]): Plain[] =>
      votes.map((vote, i) => (i === 0 ? flipped(vote, (vote as Uint8Array).length - 40) : vote));
    expect(refusalOf(changed(2, (row) => [...row.slice(0, 4), forge(row[4] as Plain[])] as Plain[]))).toBe(
      'signature',
    );
  });

  it('is refused for players that are not those of the invitation', () => {
    const roster = invitation.roster.map((member, seat) =>
      seat === 1 ? { ...member, nonce: new Uint8Array(16) } : member,
    );
    expect(refusalOf(snapshot, { ...trust, invitation: { ...invitation, roster } })).toBe('roster');
    const epochId = new Uint8Array(32);
    expect(refusalOf(snapshot, { ...trust, invitation: { ...invitation, epochId } })).toBe('roster');
  });

  it('is refused when only strangers have signed it, however many', () => {
    const strangers = [1, 2, 3].map((index) => simulatedSecret(77, index));
    const member = (secretKey: Uint8Array) => ({
      publicKey: keyring.publicKey(secretKey),
      nonce: new Uint8Array(16),
      address: '-',
    });
    const { alpha } = machine.setup.log;
    const rows = states.map((_, index): Plain => {
      const row = decodedRow(index);
      const old = decodeLog(row[0] as Uint8Array);
      if (old === null) throw new Error('the log reads');
      const log = {
        ...old,
        epoch: 1,
        epochId: new Uint8Array(32).fill(1),
        roster: [...old.roster, ...strangers.map(member)],
        members: 0b1110000 as typeof old.members,
        sinceRound: [...old.sinceRound, 1, 1, 1],
        streaks: [...old.streaks, 0, 0, 0],
        reports: [...old.reports, null, null, null],
      };
      const step = { log, stateHash: row[1] as Uint8Array, seed: row[2] as Uint8Array };
      const votes = strangers.map((secretKey, i) => {
        const seat = (4 + i) as Seat;
        const values = new Uint8Array(32);
        const vote = {
          kind: 'vote',
          epoch: 1,
          round: log.round + alpha,
          named: nobody,
          values,
          state: stateDigest(step),
        };
        const entries = entriesOf([vote as never]);
        const signature = keyring.sign(secretKey, signedMessage(machine.setup.session, seat, entries));
        return signedPacket(seat, entries, signature).bytes;
      });
      return [encodeLog(log), step.stateHash, step.seed, row[3] ?? null, votes];
    });
    expect(refusalOf(encodePlain(rows))).toBe('votes');
  });

  it('never comes to anything else than what the members signed', () => {
    fc.assert(
      fc.property(fc.nat(snapshot.length - 1), fc.integer({ min: 1, max: 255 }), (at, bits) => {
        const other = snapshot.slice();
        other[at] = (other[at] ?? 0) ^ bits;
        const verified = verifySnapshot(other, trust);
        if (!verified.ok) return;
        const digests = verified.value.steps.map(stateDigest);
        const true_ = verifySnapshot(snapshot, trust);
        expect(true_.ok && true_.value.steps.map(stateDigest)).toEqual(digests);
        expect(verified.value.steps.at(-1)?.state).toEqual(states.at(-1));
      }),
      { numRuns: 60 },
    );
  }, 60_000);
});

function decodedRow(at: number): Plain[] {
  const decoded = decodePlain(snapshot);
  return ((decoded.ok ? decoded.value : []) as Plain[][])[at] ?? [];
}

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
