import { describe, expect, it } from 'vitest';
import { equalBytes, toHex } from '../../src/base/bytes.ts';
import { prng } from '../../src/base/prng.ts';
import { attest } from '../../src/crypto/signature.ts';
import type { Lockstep } from '../../src/protocol/lockstep-state.ts';
import { wantsInput } from '../../src/protocol/lockstep-state.ts';
import { decodeRecord, encodeRecord, type LogRecord } from '../../src/protocol/record.ts';
import { recover } from '../../src/protocol/recovery.ts';
import { type Packet, statementOf } from '../../src/wire/packet.ts';
import { Hall } from './hall.ts';
import { Machine, move, nonceOf, noState, type People, packet, people } from './table.ts';

const two = people(2);
const me = 0 as never;

function recovered(hall: Hall, records: readonly LogRecord[], seat = 0) {
  return recover(records, () => ({ session: hall.session, me: seat as never }));
}

/** Everything of a machine that its log must bring back. */
function lasting({ epoch, leaving, members, own, ownSet, over, removal, round, seed, wishIndex }: Lockstep) {
  const { causes, frozen, ownWish, wished } = removal;
  return {
    epoch,
    leaving,
    members,
    own,
    ownSet,
    over,
    round,
    seed,
    wishIndex,
    causes,
    frozen,
    ownWish,
    wished,
  };
}

type Scenario = (hall: Hall, of: People) => void;
const inRound = (hall: Hall) => ({ epoch: hall.guest(0).lockstep.epoch, round: hall.guest(0).round });

/** Player 3 signs two COMMITs of the next round and gives them to player 0. */
const lie: Scenario = (hall, of) => {
  const { epoch, round } = inRound(hall);
  for (const text of ['x', 'y']) {
    hall.inject(3, 0, hall.bundle(3, packet(of, 3, move(of, 3, text, { epoch, round: round + 1 })[0])));
  }
};

const wishAway: Scenario = (hall) => {
  hall.crash(3);
  hall.run(400);
  for (const seat of [0, 1, 2])
    hall.guest(seat).driver?.dispatch({ type: 'wish', at: hall.now, target: 3 as never });
};

const scenarios: Readonly<Record<string, Scenario>> = {
  'plain rounds': () => {},
  'a conviction': lie,
  'a removal by wish': wishAway,
  'a wish that is taken back': (hall) => {
    for (const target of [2, null, 1, 3])
      hall.guest(0).driver?.dispatch({ type: 'wish', at: hall.now, target: target as never });
  },
  leaving: (hall) => hall.guest(0).driver?.dispatch({ type: 'leave', at: hall.now }),
  'the leaving of another': (hall) => hall.guest(2).driver?.dispatch({ type: 'leave', at: hall.now }),
  'leaving while another is removed': (hall, of) => {
    lie(hall, of);
    hall.run(15);
    hall.guest(0).driver?.dispatch({ type: 'leave', at: hall.now });
  },
  'two removals': (hall, of) => {
    lie(hall, of);
    hall.run(800);
    hall.guest(2).driver?.dispatch({ type: 'leave', at: hall.now });
  },
};

/** A run of four players under a scenario: what player 0 wrote and sent, and what came to it. */
function record(scenario: Scenario, seed: number) {
  const random = prng(seed);
  const hall = new Hall(4, { salts: seed * 1000, delayMs: 5 + random.below(20) })
    .start()
    .run(60 + random.below(120));
  const of = { ...hall.people, session: hall.session };
  const came: Packet[] = [];
  hall.route = (_from, to, datagram) => {
    if (to === 0) came.push(...hall.packetsIn(datagram));
    return random.below(10) === 0 ? [] : [datagram];
  };
  scenario(hall, of);
  for (let i = 0; i < 14; i++) {
    hall.run(20 + random.below(40));
    const { driver, durable, lockstep, written } = hall.guest(0);
    if (driver === null) continue;
    const again = recovered(hall, [...durable, ...written].map(decodeRecord)).lockstep as Lockstep;
    expect(lasting(again)).toEqual(lasting(lockstep));
  }
  return { hall, of, came, sent: hall.guest(0).sent, records: hall.records(0) };
}

/** What a machine says that goes on from a log, when it is given new inputs and hears everything again. */
function goesOn(
  of: People,
  from: ReturnType<typeof recover>,
  came: readonly Packet[],
  text: string,
): readonly Packet[] {
  const machine = new Machine(of, 0);
  machine.state = from.lockstep as Lockstep;
  machine.drafts.push(...from.unsaid);
  machine.sign().take({ type: 'resume' });
  for (const each of [...came, ...came]) {
    if (wantsInput(machine.state)) machine.play(text);
    machine.hear(attest({ publicKey: noState, message: noState, signature: each.signature, value: each }));
  }
  return machine.signed;
}

describe('after a crash at any point of the log', () => {
  it.each(Object.keys(scenarios))(
    '%s: nothing is said that contradicts what may have left before',
    (name) => {
      for (const seed of [1, 2]) {
        const { hall, of, came, sent, records } = record(scenarios[name] as Scenario, seed);
        expect(sent.length).toBeGreaterThan(4);
        for (let count = 0; count <= records.length; count++) {
          const before = sent.filter(({ durable }) => durable <= count).map((each) => each.packet);
          const from = recovered(hall, records.slice(0, count));
          if (from.lockstep === null) {
            expect(before, `${count} records`).toEqual([]);
            continue;
          }
          const said = new Map(
            before.flatMap(({ entries }) => entries.map(({ key, ...entry }) => [toHex(key), entry] as const)),
          );
          for (const each of goesOn(of, from, came, `anew ${seed}`)) {
            for (const { key, ...entry } of each.entries) {
              const known = said.get(toHex(key));
              if (known) expect(entry, `seed ${seed}, ${count} records`).toEqual(known);
              said.set(toHex(key), entry);
            }
          }
        }
      }
    },
  );

  it('every record is written in one way, and read as it was written', () => {
    const { records } = record(lie, 7);
    expect(new Set(records.map(({ type }) => type))).toEqual(
      new Set(['hello', 'session', 'commit', 'open', 'advance', 'cause', 'remove', 'epoch']),
    );
    for (const each of records) expect(decodeRecord(encodeRecord(each))).toEqual(each);
  });

  it('all advanced rounds are there to be played again, in order', () => {
    const { hall, records } = record(lie, 8);
    const { outcomes } = recovered(hall, records);
    expect(outcomes.map(({ round }) => round)).toEqual(outcomes.map((_, index) => index + 1));
    expect(outcomes).toEqual(hall.guest(0).advanced);
  });
});

describe('what is said again', () => {
  const kinds = (hall: Hall) =>
    recovered(hall, hall.records(0)).unsaid.map((list) => list.map(({ kind }) => kind));

  it('is the COMMIT of a round that is not opened yet, or its opening', () => {
    const hall = new Hall(2, { idle: [1] }).start().run(300);
    expect(kinds(hall)).toEqual([['commit']]);
    hall.route = (from, _to, datagram) =>
      from === 1 ? [hall.without(datagram, (each) => statementOf(each, 'set') !== null)] : [datagram];
    hall.guest(1).driver?.submit(Uint8Array.of(1));
    hall.run(100);
    expect(kinds(hall)).toEqual([['set', 'reveal']]);
  });

  it('nothing of a round that has advanced', () => {
    const hall = new Hall(2).start().run(300);
    const records = hall.records(0);
    const last = records.findLastIndex(({ type }) => type === 'advance');
    expect(recovered(hall, records.slice(0, last + 1)).unsaid).toEqual([]);
  });

  it('REMOVE, WISH and LEAVE, with the very bytes of before', () => {
    const hall = new Hall(4).start().run(300);
    const of = { ...hall.people, session: hall.session };
    hall.guest(0).driver?.dispatch({ type: 'wish', at: hall.now, target: 2 as never });
    hall.route = () => [];
    lie(hall, of);
    hall.guest(0).driver?.dispatch({ type: 'leave', at: hall.now });
    hall.run(50);
    const before = hall.guest(0).sent.map((each) => each.packet);
    hall.crash(0);
    const already = hall.guest(0).sent.length;
    hall.start(0).run(300);
    const after = hall
      .guest(0)
      .sent.slice(already)
      .map((each) => each.packet);
    for (const kind of ['remove', 'wish', 'leave'] as const) {
      const [old, anew] = [before, after].map((list) => list.find((each) => statementOf(each, kind)));
      expect(old && anew && equalBytes(old.bytes, anew.bytes), kind).toBe(true);
    }
  });
});

describe('a player that comes back', () => {
  it('does at once what its log asks for: REMOVE after a cause', () => {
    const { hall, of, records } = record(lie, 5);
    const cause = records.findIndex(({ type }) => type === 'cause');
    const from = recovered(hall, records.slice(0, cause + 1));
    const machine = new Machine(of, 0);
    machine.state = from.lockstep as Lockstep;
    machine.take({ type: 'resume' });
    expect(machine.said('remove')).toMatchObject([{ target: 3 }]);
  });

  it('serves the end of the epoch to a member that has not seen it', () => {
    const hall = new Hall(4).start().run(300);
    const of = { ...hall.people, session: hall.session };
    hall.route = (from, to, datagram) => {
      if (from === 3 || to === 3) return [];
      return to === 2 ? [hall.without(datagram, (each) => statementOf(each, 'remove') !== null)] : [datagram];
    };
    lie(hall, of);
    hall.run(2000);
    expect([0, 1, 2].map((seat) => hall.guest(seat).lockstep.epoch)).toEqual([1, 1, 0]);
    for (const seat of [0, 1]) hall.crash(seat);
    hall.start(0, 1).run(100);
    hall.route = (from, to, datagram) => (from === 3 || to === 3 ? [] : [datagram]);
    hall.run(4000);
    expect(hall.guest(2).lockstep.epoch).toBe(1);
    expect(hall.guest(2).round).toBeGreaterThan(hall.guest(2).lockstep.last.round);
    expect(hall.guest(2).round).toBeGreaterThan(20);
  });

  it('plays a round anew that it had committed to in the epoch before', () => {
    const hall = new Hall(4, { idle: [0] }).start().run(300);
    const of = { ...hall.people, session: hall.session };
    hall.guest(0).driver?.submit(Uint8Array.of(5));
    hall.route = (from, to, datagram) => (from === 3 || to === 3 ? [] : [datagram]);
    hall.run(50);
    hall.crash(0);
    hall.start(0).run(50);
    lie(hall, of);
    hall.run(3000);
    expect(hall.guest(0).lockstep.epoch).toBe(1);
    expect(
      hall
        .guest(1)
        .notices('stall')
        .filter(({ round }) => round === 1),
    ).toEqual([]);
    expect(hall.guest(1).advanced[0]?.inputs[0]).toEqual(Uint8Array.of(5));
  });

  it.each([1, 2, 3, 4])(
    'again and again, everybody, under loss: one statement a key, and play goes on (seed %i)',
    (seed) => {
      const random = prng(seed);
      const hall = new Hall(3, { salts: 5000 * seed }).start().run(200);
      hall.route = (_from, _to, datagram) => (random.below(10) === 0 ? [] : [datagram]);
      for (let i = 0; i < 25; i++) {
        const seat = random.below(3);
        hall.crash(seat);
        hall.run(random.below(300));
        hall.start(seat).run(random.below(200));
      }
      hall.route = (_from, _to, datagram) => [datagram];
      hall.run(3000);
      for (const guest of hall.guests) {
        const said = new Map<string, string>();
        for (const { packet: each } of guest.sent) {
          for (const { key, ...entry } of each.entries) {
            const known = said.get(toHex(key));
            if (known !== undefined) expect(JSON.stringify(entry)).toBe(known);
            said.set(toHex(key), JSON.stringify(entry));
          }
        }
        expect(guest.heard('evidence')).toEqual([]);
        expect(guest.round).toBeGreaterThan(20);
      }
    },
  );
});

describe('a log whose records do not follow from one another is refused', () => {
  const hall = new Hall(2).start().run(400);
  const records = hall.records(0);
  const at = (type: LogRecord['type'], from = 0) =>
    records.findIndex((record, index) => record.type === type && index >= from);
  const reads = (list: readonly (LogRecord | undefined)[]) => () => recovered(hall, list as LogRecord[]);
  const [commit, open, advance] = [records[at('commit')], records[at('open')], records[at('advance')]];
  const start = records.slice(0, at('session') + 1);

  it('and one whose records do is not', () => {
    expect(reads(records)).not.toThrow();
    expect(reads([...start, commit, open, advance])).not.toThrow();
    expect(recovered(hall, []).lockstep).toBeNull();
  });

  it.each<[string, readonly (LogRecord | undefined)[]]>([
    ['a COMMIT before the session', [records[0], commit]],
    ['a SET without a COMMIT', [...start, open]],
    ['an advanced round without a SET', [...start, commit, advance]],
    ['an advanced round twice', [...start, commit, open, advance, advance]],
    [
      'an advanced round without a certificate',
      [...start, commit, open, { ...advance, opens: [null, null] } as LogRecord],
    ],
    ['a round left out', [...start, ...records.slice(at('commit', at('advance')))]],
    ['a COMMIT of another round', [...start, records[at('commit', at('advance'))]]],
    [
      'two COMMITs of a round',
      [
        ...start,
        commit,
        { ...commit, reveal: { ...(commit as { reveal: object }).reveal, input: noState } } as LogRecord,
      ],
    ],
    [
      'a SET that is not that of its COMMITs',
      [...start, commit, { ...open, commits: [null, null] } as LogRecord],
    ],
    [
      'the end of an epoch without its REMOVEs',
      [...start, { type: 'epoch', epoch: 1, target: 1, after: 0, removes: [null, null] }],
    ],
    ['a second session', [...start, records[at('session')]]],
    ['something after the end', [...start, { type: 'end', reason: 'left' }, commit]],
    ['a record of a kind that there is not', [...start, { type: 'neo' } as never]],
  ])('%s', (_name, list) => {
    expect(reads(list)).toThrow(/^(broken rule|unreachable): /);
  });

  it('a record that does not read', () => {
    expect(() => decodeRecord(Uint8Array.of(9, 9))).toThrow('a log holds records that this version wrote');
    expect(() => decodeRecord(new Uint8Array(0))).toThrow('a log holds records that this version wrote');
  });

  it('a packet that does not read', () => {
    const bent = { ...advance, opens: [Uint8Array.of(1, 2, 3), null] } as LogRecord;
    expect(reads([...start, commit, open, bent])).toThrow('a log holds packets that this version wrote');
  });
});

describe('a log that holds no match', () => {
  it('has a nonce, once a hello was written, and whose it is', () => {
    const hello: LogRecord = {
      type: 'hello',
      publicKey: two.keys[0] as Uint8Array,
      nonce: nonceOf(0),
      agreement: noState,
    };
    const from = recover([hello], () => ({ session: two.session, me }));
    expect(from).toMatchObject({
      nonce: nonceOf(0),
      publicKey: two.keys[0],
      agreed: null,
      lockstep: null,
      outcomes: [],
      unsaid: [],
    });
  });
});
