/**
 * The cheats of the papers against lockstep, each of which works when its defence is taken away.
 * Sources: lookahead, Baughman and Levine 2001; inconsistency, GauthierDickey et al. 2004; replay and
 * spoofing, Corman et al. 2006.
 */

import { equalBytes } from '../base/bytes.ts';
import { seatOf } from '../base/ids.ts';
import type { Item } from '../wire/envelope.ts';
import { type Entry, encodePacket, entriesOf, signedMessage } from '../wire/packet.ts';
import { type Statement, statements } from '../wire/statement.ts';
import { Writer } from '../wire/writer.ts';
import type { Cheat, CheatContext, CheatRun, Routed } from './cheat.ts';
import { Table } from './table.ts';

/** From which round on a cheat cheats; 1 unless told. */
export interface CheatOptions {
  readonly fromRound?: number;
}

/** Picks an encoded input when those of the others are known; by seat, null for the own. */
export type Choose = (others: readonly (Uint8Array | null)[], round: number) => Uint8Array;

const nothing: Uint8Array = new Uint8Array(0);

/** A cheat that only changes what leaves; everything that arrives is looked at and let through. */
function liar(
  name: string,
  tamper: (table: Table, to: number, items: readonly Item[]) => readonly Item[],
): Cheat {
  return {
    name,
    begin: (context: CheatContext): CheatRun => {
      const table = new Table(context);
      return {
        outgoing: (to, datagram): readonly Routed[] => {
          const bundle = table.leaves(datagram);
          if (bundle === null) return [[to, datagram]];
          return table.rebundle(bundle, tamper(table, to, bundle.items)).map((bytes) => [to, bytes] as const);
        },
        incoming: (from, datagram): readonly Routed[] => {
          table.arrives(datagram);
          return [[from, datagram]];
        },
      };
    },
  };
}

/**
 * Withholds the own commitment until all others have opened, then commits to what beats them.
 * Without `choose` it plays nothing, which still shows whether it could have.
 */
function lookahead({
  fromRound = 1,
  choose = () => nothing,
}: CheatOptions & { readonly choose?: Choose } = {}): Cheat {
  return liar('lookahead', (table, _to, items) =>
    table.rewrite(items, (statement) => {
      if (statement.round < fromRound) return 'keep';
      const others = table.openedByOthers(statement.round);
      return others === null ? 'drop' : table.substitute(statement, choose(others, statement.round));
    }),
  );
}

/**
 * Commits to one input before every other player and to another before the rest; to both before a single one.
 */
function inconsistency({
  fromRound = 1,
  input = nothing,
}: CheatOptions & { readonly input?: Uint8Array } = {}): Cheat {
  return liar('inconsistency', (table, to, items) => {
    const told = table.rewrite(items, (statement) => {
      const rank = to < table.seat ? to : to - 1;
      return statement.round < fromRound || rank % 2 === 1 ? 'keep' : table.substitute(statement, input);
    });
    return table.keys.length === 2 ? [...items, ...told] : told;
  });
}

/** Opens to another input than the one committed to, chosen when all others have opened. */
function badOpening({
  fromRound = 1,
  choose = () => nothing,
}: CheatOptions & { readonly choose?: Choose } = {}): Cheat {
  return liar('bad-opening', (table, _to, items) =>
    table.rewrite(items, (statement) => {
      if (statement.round < fromRound || statement.kind === 'commit') return 'keep';
      const others = table.openedByOthers(statement.round);
      if (others === null) return 'drop';
      return statement.kind === 'set' ? 'keep' : table.substitute(statement, choose(others, statement.round));
    }),
  );
}

/** The same statement under a key of another round, as it stands in a packet. */
function relabelled(statement: Statement, round: number): Statement {
  return 'round' in statement ? { ...statement, round } : statement;
}

/**
 * Shows commitments of others again, as their commitments of the round to come, under their old signatures.
 */
function replay({ fromRound = 1 }: CheatOptions = {}): Cheat {
  return liar('replay', (table, _to, items) => {
    if (table.round < fromRound) return items;
    const old = table.seen.filter(({ statement, round }) => statement === 'commit' && round === table.round);
    const again = old.map(({ packet }): Item => {
      const parts = packet.entries.flatMap(({ statement }) =>
        statement ? [relabelled(statement, table.round + 1)] : [],
      );
      return { type: 'packet', bytes: encodePacket(packet.sender, entriesOf(parts), packet.signature) };
    });
    return [...items, ...again.slice(0, 3)];
  });
}

/** Shows packets that others signed in an earlier session; `recorded` are such packets as bytes. */
function replaySession(recorded: readonly Uint8Array[]): Cheat {
  return liar('replay-session', (_table, _to, items) => [
    ...items,
    ...recorded.slice(0, 6).map((bytes): Item => ({ type: 'packet', bytes })),
  ]);
}

/** Records the packets of others as they pass, for {@link replaySession}. */
function recorder(into: Uint8Array[]): Cheat {
  return liar('recorder', (table, _to, items) => {
    for (const { packet } of table.seen)
      if (!into.some((known) => equalBytes(known, packet.bytes))) into.push(packet.bytes);
    return items;
  });
}

/** Commits in the name of another player, under the own signature. */
function spoofing({ fromRound = 1, victim }: CheatOptions & { readonly victim?: number } = {}): Cheat {
  return liar('spoofing', (table, _to, items) => {
    const { session, round, seat } = table;
    if (session === null || round < fromRound) return items;
    const sender = seatOf(victim ?? (seat + 1) % table.keys.length);
    const commitment = new Uint8Array(32).fill(round);
    const entries: readonly Entry[] = entriesOf([{ kind: 'commit', epoch: table.epoch, round, commitment }]);
    const signature = table.sign(signedMessage(session, sender, entries));
    return [...items, { type: 'packet', bytes: encodePacket(sender, entries, signature) }];
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
function malformed({ copies = 2 }: { readonly copies?: number } = {}): Cheat {
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

/** Every cheat that the simulator and the demo know, each a function of its options. */
export const cheats: {
  readonly lookahead: typeof lookahead;
  readonly inconsistency: typeof inconsistency;
  readonly badOpening: typeof badOpening;
  readonly replay: typeof replay;
  readonly replaySession: typeof replaySession;
  readonly recorder: typeof recorder;
  readonly spoofing: typeof spoofing;
  readonly malformed: typeof malformed;
} = { lookahead, inconsistency, badOpening, replay, replaySession, recorder, spoofing, malformed };
