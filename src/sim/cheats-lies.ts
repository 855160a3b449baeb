/**
 * Cheats that say what no honest player says: each convicts whoever tries it, by its own signatures alone.
 * Sources: inconsistency, GauthierDickey et al. 2004. The kinds are those of protocol/conflict.ts.
 */

import { type Seat, seatOf } from '../base/ids.ts';
import { nobody } from '../base/players.ts';
import { vectorDigest } from '../crypto/commitment.ts';
import { encodePacket, entriesOf, signedMessage } from '../wire/packet.ts';
import type { RoundsItem } from '../wire/rounds-item.ts';
import { type Change, type Confirm, type NeoStatement, ROUND_INSTANCE } from '../wire/statement.ts';
import type { Cheat } from './cheat.ts';
import { type CheatOptions, type Choose, liar, nothing, type RoundsLies } from './cheats-liar.ts';
import type { RoundsTable } from './table-rounds.ts';

const digest: Uint8Array = new Uint8Array(32);

/** Every other one of the players is told another story. */
function isDeceived({ seat }: { readonly seat: number }, to: number): boolean {
  const rank = to < seat ? to : to - 1;
  return rank % 2 === 0;
}

/**
 * Commits to one input before every other player and to another before the rest; to both before a single one.
 */
export function inconsistency({
  fromRound = 1,
  input = nothing,
}: CheatOptions & { readonly input?: Uint8Array } = {}): Cheat {
  return liar({
    name: 'inconsistency',
    lockstep: (table, to, items) => {
      const told = table.rewrite(items, (statement) =>
        statement.round < fromRound || !isDeceived(table, to) ? 'keep' : table.substitute(statement, input),
      );
      return table.keys.length === 2 ? [...items, ...told] : told;
    },
    neo: (table) => ({
      said: (statement, to) => {
        if (statement.round < fromRound || !isDeceived(table, to) || table.keys.length === 2) return 'keep';
        return table.substitute(statement, input);
      },
      items: (items) =>
        table.keys.length > 2 ? items : [...items, ...secondCommits(table, items, fromRound, input)],
    }),
  });
}

/** A packet with another commitment for every own one among the items. */
function secondCommits(
  table: RoundsTable,
  items: readonly RoundsItem[],
  fromRound: number,
  input: Uint8Array,
): readonly RoundsItem[] {
  return ownStatements(table, items).flatMap((statement) => {
    if (statement.kind !== 'commit' || statement.round < fromRound) return [];
    const told = table.substitute(statement, input);
    return typeof told === 'string' ? [] : table.shown(told);
  });
}

/** Opens to another input than the one committed to, chosen when all others have opened. */
export function badOpening({
  fromRound = 1,
  choose = () => nothing,
}: CheatOptions & { readonly choose?: Choose } = {}): Cheat {
  return liar({
    name: 'bad-opening',
    lockstep: (table, _to, items) =>
      table.rewrite(items, (statement) => {
        if (statement.round < fromRound || statement.kind === 'commit') return 'keep';
        const others = table.openedByOthers(statement.round);
        if (others === null) return 'drop';
        return statement.kind === 'set'
          ? 'keep'
          : table.substitute(statement, choose(others, statement.round));
      }),
    neo: (table) => ({
      said: (statement) => {
        const { epoch, kind, round } = statement;
        if (kind !== 'reveal' || round < fromRound) return 'keep';
        const others = table.openedByOthers(round);
        return others === null ? 'wait' : [table.reveal(epoch, round, choose(others, round))];
      },
    }),
  });
}

/** Commits to an input that the rules forbid, and opens it. Neo only. */
export function illegalInput({ fromRound = 1, input }: CheatOptions & { readonly input: Uint8Array }): Cheat {
  return liar({
    name: 'illegal-input',
    neo: (table) => ({
      said: (statement) => (statement.round < fromRound ? 'keep' : table.substitute(statement, input)),
    }),
  });
}

/** The own statements in some items. */
function ownStatements(table: RoundsTable, items: readonly RoundsItem[]): readonly NeoStatement[] {
  const found: NeoStatement[] = [];
  table.rewrite(items, (statement) => {
    found.push(statement);
    return 'keep';
  });
  return found;
}

/** Adds statements in packets of their own, once a round and player, beside an own statement of a kind. */
function beside(
  name: string,
  kind: NeoStatement['kind'],
  fromRound: number,
  lie: (table: RoundsTable, statement: NeoStatement, to: number) => readonly RoundsItem[],
): Cheat {
  return liar({
    name,
    neo: (table): RoundsLies => ({
      items: (items, to) => {
        const cause = ownStatements(table, items).find(
          (each) => each.kind === kind && each.round >= fromRound,
        );
        return cause === undefined ? items : [...items, ...lie(table, cause, to)];
      },
    }),
  });
}

/** Votes for what it has, and to every other player against itself. Neo only. */
export function voteAgainstOwn({ fromRound = 1 }: CheatOptions = {}): Cheat {
  return liar({
    name: 'vote-against-own-commitment',
    neo: (table) => ({
      said: (statement) => {
        if (statement.kind !== 'vote' || statement.round < fromRound) return 'keep';
        return [table.revote(statement, table.seat, null)];
      },
    }),
  });
}

/** Votes differently before different players: to every other one "-" for a victim. Neo only. */
export function doubleVote({
  fromRound = 1,
  victim,
}: CheatOptions & { readonly victim?: number } = {}): Cheat {
  return liar({
    name: 'double-vote',
    neo: (table) => ({
      said: (statement, to) => {
        const { kind, round } = statement;
        const against = victim ?? (table.others[0] as number);
        if (round < fromRound || !isDeceived(table, to)) return 'keep';
        if (kind === 'change') return [table.rechange(statement, against, null)];
        return kind === 'vote' ? [table.revote(statement, against, null)] : 'keep';
      },
    }),
  });
}

/** Lists two commitments of one round in one packet. */
export function doubleEntry({ fromRound = 1 }: CheatOptions = {}): Cheat {
  return beside('double-entry', 'commit', fromRound, (table, { epoch, round }) => {
    const commits = [1, 2].map((fill) =>
      entriesOf([{ kind: 'commit', epoch, round, commitment: digest.slice().fill(fill) }]),
    );
    const entries = commits.flat();
    const sender: Seat = seatOf(table.seat);
    const signature = table.sign(signedMessage(table.session as Uint8Array, sender, entries));
    return [{ type: 'packet', bytes: encodePacket(sender, entries, signature) }];
  });
}

function change(statement: NeoStatement, more: Partial<Change>): Change {
  const { epoch, round } = statement;
  return {
    kind: 'change',
    epoch,
    round,
    instance: ROUND_INSTANCE,
    view: 1,
    named: nobody,
    votes: [],
    certified: [],
    claim: digest,
    ...more,
  };
}

function confirm(statement: NeoStatement, index: number, more: Partial<Confirm>): Confirm {
  const { epoch, round } = statement;
  const none = { named: nobody, values: vectorDigest([]) };
  return {
    kind: 'confirm',
    epoch,
    round,
    instance: ROUND_INSTANCE,
    view: 0,
    index,
    slots: nobody,
    ...none,
    ...more,
  };
}

/** Leaves the view of its vote, and says that it has voted for nobody. Neo only. */
export function changedVote({ fromRound = 1 }: CheatOptions = {}): Cheat {
  return beside('changed-vote', 'vote', fromRound, (table, vote) => table.shown([change(vote, {})]));
}

/** Confirms two values for the first slot. Neo only. */
export function doubleConfirm({ fromRound = 1 }: CheatOptions = {}): Cheat {
  return beside('confirm-conflict', 'vote', fromRound, (table, vote) => {
    const slots = table.setOf([0]);
    const first = table.seen(vote.round).commits.get(0)?.commitment ?? digest.slice().fill(1);
    const yes = confirm(vote, 200, { slots, named: slots, values: vectorDigest([first]) });
    return [...table.shown([yes]), ...table.shown([confirm(vote, 201, { slots })])];
  });
}

/** Confirms a value, then leaves the view and keeps quiet about it. Neo only. */
export function forgottenCertificate({ fromRound = 1 }: CheatOptions = {}): Cheat {
  return beside('forgotten-certificate', 'vote', fromRound, (table, vote) => {
    if (vote.kind !== 'vote') return [];
    const slots = table.setOf([0]);
    const votes = table.hashesOf(vote.round, vote.named, vote.values);
    if (votes === null) return [];
    const left = change(vote, { named: vote.named, votes });
    return [...table.shown([confirm(vote, 200, { slots })]), ...table.shown([left])];
  });
}

/** Says that it holds an opening, and then that it does not. Neo only. */
export function deniedOpening({ fromRound = 1 }: CheatOptions = {}): Cheat {
  return beside('denied-opening', 'hold', fromRound, (table, hold) => {
    if (hold.kind !== 'hold') return [];
    const author = table.others.find((seat) => (hold.authors & (1 << seat)) !== 0);
    return author === undefined ? [] : table.shown([change(hold, { instance: author })]);
  });
}

/** As leader it proposes what does not follow from the view changes that it names: nothing. Neo only. */
export function badProposal({ fromRound = 1 }: CheatOptions = {}): Cheat {
  return liar({
    name: 'bad-proposal',
    neo: (table) => ({
      said: (statement, to) => {
        const { kind, round } = statement;
        if (round < fromRound) return 'keep';
        if (kind === 'propose') return [{ ...statement, named: nobody, values: [] }];
        // So that there is something to lead: some learn of nothing in time, and none hears its vote.
        const split = kind === 'vote' || (kind === 'commit' && to !== table.others[0]);
        return split && !table.seen(round).led ? 'wait' : 'keep';
      },
    }),
  });
}
