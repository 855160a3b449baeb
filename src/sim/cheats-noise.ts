/**
 * Cheats with what is not their own, or nothing at all: old signatures, other names, wrong clocks, false
 * reports, junk. Sources: replay and spoofing, Corman et al. 2006.
 */

import { equalBytes } from '../base/bytes.ts';
import { seatOf } from '../base/ids.ts';
import { nobody } from '../base/players.ts';
import { encodeEvidence } from '../protocol/evidence.ts';
import type { Report } from '../protocol/neo/pace.ts';
import {
  decodePacket,
  type Entry,
  elide,
  encodePacket,
  entriesOf,
  type Packet,
  signedMessage,
  signedPacket,
} from '../wire/packet.ts';
import type { RoundsHeader } from '../wire/rounds.ts';
import type { RoundsItem } from '../wire/rounds-item.ts';
import { ROUND_INSTANCE, type Statement, statements } from '../wire/statement.ts';
import { Writer } from '../wire/writer.ts';
import type { Cheat, CheatContext, CheatRun, Routed } from './cheat.ts';
import { type CheatOptions, isFirstHalf, liar } from './cheats-liar.ts';
import type { RoundsTable } from './table-rounds.ts';

/** The same statement under a key of another round and epoch, as it stands in a packet. */
function relabelled(statement: Statement, rounds: number, epochs: number): Statement {
  if (!('round' in statement)) return statement;
  return { ...statement, round: statement.round + rounds, epoch: statement.epoch + epochs };
}

/** A packet under its old signature whose statements say that they are of another round or epoch. */
function movedPacket(packet: Packet, rounds: number, epochs: number): Uint8Array {
  const parts = packet.entries.flatMap(({ statement }) =>
    statement ? [relabelled(statement, rounds, epochs)] : [],
  );
  return encodePacket(packet.sender, entriesOf(parts), packet.signature);
}

/**
 * Shows packets of others again under their old signatures: as if they were of the round to come, as if of
 * the next epoch (neo), or as they are.
 */
export function replay({
  as = 'round',
  fromRound = 1,
}: CheatOptions & { readonly as?: 'round' | 'epoch' | 'itself' } = {}): Cheat {
  const [rounds, epochs] = { round: [1, 0] as const, epoch: [0, 1] as const, itself: [0, 0] as const }[as];
  const again = (packet: Packet) => {
    return { type: 'packet' as const, bytes: movedPacket(packet, rounds, epochs) };
  };
  return liar({
    name: 'replay',
    lockstep: (table, _to, items) => {
      if (table.round < fromRound) return items;
      const old = table.seen.filter(
        ({ statement, round }) => statement === 'commit' && round === table.round,
      );
      return [...items, ...old.slice(0, 3).map(({ packet }) => again(packet))];
    },
    neo: (table) => ({
      items: (items) => {
        if (table.round < fromRound) return items;
        const old = [table.round, table.round - 1].flatMap((round) => table.seen(round).packets).slice(0, 4);
        return [...items, ...old.map(again)];
      },
    }),
  });
}

/** Shows packets that others signed in an earlier session; `recorded` are such packets as bytes. */
export function replaySession(recorded: readonly Uint8Array[]): Cheat {
  const shown = recorded.map((bytes) => ({ type: 'packet' as const, bytes }));
  return liar({
    name: 'replay-session',
    lockstep: (_table, _to, items) => [...items, ...shown.slice(0, 6)],
    neo: (table) => ({
      items: (items) => {
        const first = shown.length === 0 ? 0 : table.random(shown.length);
        return [...items, ...shown.slice(first, first + 4)];
      },
    }),
  });
}

/** Records the packets of others as they pass, for {@link replaySession} and {@link framing}. */
export function recorder(into: Uint8Array[]): Cheat {
  const record = (packets: readonly Packet[]): void => {
    for (const { bytes } of packets) if (!into.some((known) => equalBytes(known, bytes))) into.push(bytes);
  };
  return liar({
    name: 'recorder',
    lockstep: (table, _to, items) => {
      record(table.seen.map(({ packet }) => packet));
      return items;
    },
    neo: (table) => ({
      items: (items) => {
        record(table.seen(table.round).packets);
        return items;
      },
    }),
  });
}

/** The packet with nothing but its commitment in full. */
function commitOf(session: Uint8Array, packet: Packet): Packet | null {
  const index = packet.entries.findIndex(({ statement }) => statement?.kind === 'commit');
  return index < 0 ? null : elide(packet, session, [index]);
}

/** Evidence against the maker of two packets that are none: one is of another round, or of another match. */
function falseEvidence(session: Uint8Array, publicKey: Uint8Array, a: Packet, b: Packet): Uint8Array | null {
  const first = commitOf(session, a);
  const second = commitOf(session, b);
  const [x, y] = [first, second].map(
    (packet) => packet?.entries.find(({ statement }) => statement !== null)?.statement,
  );
  if (first === null || second === null || x?.kind !== 'commit' || y?.kind !== 'commit') return null;
  const parts = second.entries.map((entry): Entry => {
    if (entry.statement === null) return entry;
    return entriesOf([{ ...y, round: x.round, epoch: x.epoch }])[0] as Entry;
  });
  const packets = [
    elide(first, session, []),
    elide(signedPacket(second.sender, parts, second.signature), session, []),
  ];
  const conflict = {
    kind: 'inconsistency',
    statement: 'commit',
    epoch: x.epoch,
    round: x.round,
    entries: [0, 0],
    hashes: [],
  } as const;
  return encodeEvidence({ session, publicKey, conflict, packets });
}

/**
 * Accuses a victim in its own updates, with two commitments of the victim that are of different rounds; or
 * with one of another match, from `recorded`. Neo only.
 */
export function framing({
  fromRound = 3,
  recorded,
  victim,
}: CheatOptions & { readonly recorded?: readonly Uint8Array[]; readonly victim?: number } = {}): Cheat {
  return liar({
    name: 'framing',
    neo: (table) => {
      const accused = victim ?? (table.others[0] as number);
      const packetsOf = (round: number): readonly Packet[] =>
        table.seen(round).packets.filter(({ sender }) => sender === accused);
      const older = (recorded ?? []).flatMap((bytes): readonly Packet[] => {
        const packet = decodePacket(bytes);
        return packet.ok && packet.value.sender === accused ? [packet.value] : [];
      });
      const made = new Map<number, Uint8Array>();
      const proof = (round: number): Uint8Array | null => {
        const known = made.get(round);
        if (known !== undefined) return known;
        const [a, b] = [packetsOf(round - 2)[0], older[0] ?? packetsOf(round - 1)[0]];
        const key = table.keys[accused] as Uint8Array;
        const evidence = a && b ? falseEvidence(table.session as Uint8Array, key, a, b) : null;
        if (evidence !== null) made.set(round, evidence);
        return evidence;
      };
      return {
        said: (statement) => {
          const evidence = statement.round < fromRound ? null : proof(statement.round);
          if (evidence === null) return 'keep';
          return table.substitute(statement, {
            report: null,
            operations: [{ type: 'accuse', evidence }],
            input: null,
          });
        },
      };
    },
  });
}

/** Commits in the name of another player, under the own signature. */
export function spoofing({ fromRound = 1, victim }: CheatOptions & { readonly victim?: number } = {}): Cheat {
  return liar({
    name: 'spoofing',
    lockstep: (table, _to, items) => {
      const { session, round, seat } = table;
      if (session === null || round < fromRound) return items;
      const sender = seatOf(victim ?? (seat + 1) % table.keys.length);
      const commitment = new Uint8Array(32).fill(round);
      const entries = entriesOf([{ kind: 'commit', epoch: table.epoch, round, commitment }]);
      const signature = table.sign(signedMessage(session, sender, entries));
      return [...items, { type: 'packet', bytes: encodePacket(sender, entries, signature) }];
    },
    neo: (table) => ({
      items: (items, to) => {
        const name = seatOf(victim ?? (table.others[0] as number));
        if (table.round < fromRound || to === name) return items;
        return [...items, ...inNameOf(table, name)];
      },
    }),
  });
}

/** A commitment and a vote of another player for rounds to come, as it has not made them. */
function inNameOf(table: RoundsTable, sender: number): readonly RoundsItem[] {
  return [0, 1].map((ahead) => {
    const round = table.round + ahead;
    const { epoch } = table.seen(table.round).commits.get(table.seat) ?? { epoch: 0 };
    const commitment = new Uint8Array(32).fill(round);
    const zero = new Uint8Array(32);
    const parts: readonly Statement[] = [
      { kind: 'commit', epoch, round, commitment },
      { kind: 'vote', epoch, round, named: nobody, values: zero, state: zero },
    ];
    return { type: 'packet', bytes: table.forge(parts, seatOf(sender)) };
  });
}

/** Its clock is early before the first half of the others, and late before the rest. Neo only. */
export function clockPulling({ byMs = 60 }: { readonly byMs?: number } = {}): Cheat {
  return liar({
    name: 'clock-pulling',
    neo: (table) => ({
      header: (header, to) => {
        const by = (isFirstHalf(table, to) ? byMs : -byMs) * 1000;
        return { ...header, stamp: { ...header.stamp, sentAt: (header.stamp.sentAt + by) >>> 0 } };
      },
    }),
  });
}

/** Reports in each of its updates what would make rounds too short, or as long as can be. Neo only. */
export function lockOut({
  fromRound = 1,
  report = { lateness: 0, lag: 0 },
}: CheatOptions & { readonly report?: Report } = {}): Cheat {
  return liar({
    name: 'lock-out',
    neo: (table) => ({
      said: (statement) => {
        if (statement.round < fromRound) return 'keep';
        return table.substitute(statement, { report, operations: [], input: null });
      },
    }),
  });
}

/** One way to spoil bytes. */
function spoil(bytes: Uint8Array, random: (bound: number) => number): Uint8Array {
  const way = random(5);
  if (way === 0) return bytes.slice(0, random(bytes.length));
  if (way === 1) return new Writer().bytes(bytes).u8(random(256)).take();
  if (way === 2) return Uint8Array.from({ length: random(200) }, () => random(256));
  const spoiled = bytes.slice();
  for (let i = 0; i <= random(4); i++) spoiled[random(bytes.length)] = random(256);
  if (way === 3 && spoiled.length > 24) spoiled[24] = Object.keys(statements).length + random(200);
  return spoiled;
}

/** Sends every datagram, and with it some that are no datagrams: cut, prolonged, random, altered. */
export function malformed({ copies = 2 }: { readonly copies?: number } = {}): Cheat {
  return {
    name: 'malformed',
    begin: (context: CheatContext): CheatRun => ({
      outgoing: (to, datagram): readonly Routed[] => {
        const spoiled = Array.from({ length: copies }, () =>
          spoil(datagram, (bound) => context.random(bound)),
        );
        return [...spoiled.map((bytes) => [to, bytes] as const), [to, datagram]];
      },
      incoming: (from, datagram): readonly Routed[] => [[from, datagram]],
    }),
  };
}

/** Own statements that are of no use to anybody: rounds, views and epochs far ahead, all well signed. */
function uselessItem(table: RoundsTable, way: number): RoundsItem {
  const { round } = table;
  const { epoch } = table.seen(round).commits.get(table.seat) ?? { epoch: 0 };
  const digest = Uint8Array.from({ length: 32 }, () => table.random(256));
  if (way === 0) return { type: 'vector', digests: [digest, digest] };
  const far = round + 1 + table.random(1_000_000);
  const place = { epoch, round, instance: ROUND_INSTANCE, view: 1000 + table.random(60_000) };
  const parts: readonly Statement[] =
    way === 1
      ? [{ kind: 'commit', epoch, round: far, commitment: digest }]
      : way === 2
        ? [{ kind: 'commit', epoch: epoch + 1 + table.random(100), round, commitment: digest }]
        : [{ kind: 'prepare', ...place, proposal: digest }];
  return { type: 'packet', bytes: table.forge(parts) };
}

/**
 * Floods a victim: with every datagram to anybody it gets `datagrams` more, of noise, of what was spoiled, of
 * well signed statements that are of no use, and of packets in the name of others. Neo only.
 */
export function flood({
  datagrams = 20,
  victim,
}: {
  readonly datagrams?: number;
  readonly victim?: number;
} = {}): Cheat {
  return liar({
    name: 'flood',
    neo: (table) => {
      const target = victim ?? (table.others[0] as number);
      const someone = table.others.find((seat) => seat !== target) ?? target;
      return {
        more: ({ header }, datagram) => {
          const random = (bound: number): number => table.random(bound);
          const spoiled = Array.from({ length: datagrams }, () => spoil(datagram, random));
          return [...spoiled, ...useless(table, someone, header)].map((bytes) => [target, bytes] as const);
        },
      };
    },
  });
}

/** Well-formed datagrams of useless items behind a real header. */
function useless(table: RoundsTable, name: number, header: RoundsHeader): readonly Uint8Array[] {
  if (table.round === 0) return [];
  const items = [0, 0, 1, 2, 3].map((way) => uselessItem(table, way));
  return table.rebundle(header, [...items, ...inNameOf(table, name)]);
}
