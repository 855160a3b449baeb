import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { compareBytes, concatBytes } from '../../../src/base/bytes.ts';
import type { Seat } from '../../../src/base/ids.ts';
import { firstPlayers, nobody } from '../../../src/base/players.ts';
import { keyring } from '../../../src/keyring/node.ts';
import { sessionOf } from '../../../src/protocol/handshake.ts';
import { stateDigest } from '../../../src/protocol/neo/digest.ts';
import {
  decodeInvitation,
  encodeInvitation,
  INVITATION_BYTES_MAX,
  invitationOf,
} from '../../../src/protocol/neo/invitation.ts';
import { decodeLog, encodeLog } from '../../../src/protocol/neo/log-snapshot.ts';
import { decodeRequest, encodeRequest, judgeRequest } from '../../../src/protocol/neo/request.ts';
import { makeSnapshot, type Trust, verifySnapshot } from '../../../src/protocol/neo/snapshot.ts';
import { type Neo, pastOf } from '../../../src/protocol/neo/state.ts';
import { joinMessage } from '../../../src/protocol/neo/update.ts';
import { simulatedSecret } from '../../../src/sim/keys.ts';
import { entriesOf, signedMessage, signedPacket } from '../../../src/wire/packet.ts';
import { decodePlain, encodePlain, type Plain } from '../../../src/wire/plain.ts';
import { flipped, type Host, hostOf } from './host.ts';

/** What one player of a match knows after some rounds. */
let machine: Host['machine'];
let agreement: Host['agreement'];
let states: Host['states'];
let round: Host['round'];
let invitation: Host['invitation'];
let trust: Host['trust'];
let snapshot: Host['snapshot'];

beforeAll(() => {
  ({ machine, agreement, states, round, invitation, trust, snapshot } = hostOf());
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
    })).sort((a, b) => compareBytes(a.publicKey, b.publicKey));
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
