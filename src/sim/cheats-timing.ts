/**
 * Cheats with time and with whom is told: each says nothing that contradicts anything, so none can be proved.
 * Sources: fixed-delay, timestamp and suppressed update, GauthierDickey et al. 2004; lookahead, Baughman and
 * Levine 2001.
 */

import type { NeoStatement } from '../wire/statement.ts';
import type { Cheat } from './cheat.ts';
import { type CheatOptions, type Choose, isFirstHalf, liar, nothing } from './cheats-liar.ts';
import type { RoundsTable, Verdict } from './table-rounds.ts';

/** Own moves that are made late: the commitment leaves once they are chosen, and all else fits it. */
class LateMoves {
  readonly #table: RoundsTable;
  readonly #chosen = new Map<number, Uint8Array>();

  constructor(table: RoundsTable) {
    this.#table = table;
  }

  /** `pick` answers null while it waits; what is said of the round before waits too. */
  said(statement: NeoStatement, pick: () => Uint8Array | null): Verdict {
    const { kind, round } = statement;
    const chosen = this.#chosen.get(round) ?? pick();
    const mine = kind === 'commit' || kind === 'vote' || kind === 'reveal' || kind === 'change';
    if (chosen === null) return mine ? 'wait' : 'keep';
    this.#chosen.set(round, chosen);
    return this.#table.substitute(statement, chosen);
  }
}

/**
 * Withholds the own commitment until all others have opened, then commits to what beats them.
 * Without `choose` it plays nothing, which still shows whether it could have.
 */
export function lookahead({
  fromRound = 1,
  choose = () => nothing,
}: CheatOptions & { readonly choose?: Choose } = {}): Cheat {
  return liar({
    name: 'lookahead',
    lockstep: (table, _to, items) =>
      table.rewrite(items, (statement) => {
        if (statement.round < fromRound) return 'keep';
        const others = table.openedByOthers(statement.round);
        return others === null ? 'drop' : table.substitute(statement, choose(others, statement.round));
      }),
    neo: (table) => {
      const moves = new LateMoves(table);
      return {
        said: (statement) => {
          const { round } = statement;
          if (round < fromRound) return 'keep';
          return moves.said(statement, () => {
            const others = table.openedByOthers(round);
            return others && choose(others, round);
          });
        },
      };
    },
  });
}

/**
 * Chooses its move of a round only when all others have opened the round before. Neo only.
 *
 * @param options.only the rounds in which it does; all unless told
 */
export function fixedDelay({
  choose = () => nothing,
  fromRound = 2,
  only = () => true,
}: CheatOptions & { readonly choose?: Choose; readonly only?: (round: number) => boolean } = {}): Cheat {
  return liar({
    name: 'fixed-delay',
    neo: (table) => {
      const moves = new LateMoves(table);
      return {
        said: (statement) => {
          const { round } = statement;
          if (round < Math.max(2, fromRound) || !only(round)) return 'keep';
          return moves.said(statement, () => {
            const others = table.openedByOthers(round - 1);
            return others && choose(others, round);
          });
        },
      };
    },
  });
}

/** Chooses its move when the first opening is in, and stamps it as sent long before. Neo only. */
export function timestamp({
  fromRound = 1,
  choose = () => nothing,
  earlyMs = 100,
}: CheatOptions & { readonly choose?: Choose; readonly earlyMs?: number } = {}): Cheat {
  return liar({
    name: 'timestamp',
    neo: (table) => {
      const moves = new LateMoves(table);
      return {
        said: (statement) => {
          const { round } = statement;
          if (round < fromRound) return 'keep';
          return moves.said(statement, () => {
            if (table.opened(round).length === 0) return null;
            const { reveals } = table.seen(round);
            return choose(
              table.keys.map((_, seat) => reveals.get(seat)?.input ?? null),
              round,
            );
          });
        },
        header: (header) => ({
          ...header,
          stamp: { ...header.stamp, sentAt: (header.stamp.sentAt - earlyMs * 1000) >>> 0 },
        }),
      };
    },
  });
}

/**
 * Commits in time before a single player, and to the others, or to nobody else, when it has seen an opening:
 * so it would choose late whether its move counts. Neo only.
 *
 * @param options.wish whether it wants a move that it has already committed to, of a round
 */
export function abort({
  fromRound = 1,
  wish = (round) => round % 2 === 0,
}: CheatOptions & { readonly wish?: (round: number) => boolean } = {}): Cheat {
  return liar({
    name: 'abort',
    neo: (table) => ({
      said: ({ kind, round }, to) => {
        const mine = kind === 'commit' || kind === 'vote' || kind === 'confirm' || kind === 'change';
        if (round < fromRound || !mine) return 'keep';
        if (kind === 'commit' && to === table.others[0]) return 'keep';
        if (table.opened(round).length === 0) return 'wait';
        return wish(round) ? 'keep' : 'drop';
      },
    }),
  });
}

/** Hides its commitments and openings from some; to half of the others it does not speak at all. Neo only. */
export function suppressedUpdate({
  fromRound = 1,
  from = 'one',
}: CheatOptions & { readonly from?: 'one' | 'minority' | 'half' } = {}): Cheat {
  return liar({
    name: 'suppressed-update',
    neo: (table) => {
      const { length } = table.others;
      const hidden = { one: 1, minority: Math.ceil(length / 2) - 1 || 1, half: Math.floor(length / 2) }[from];
      const isHidden = (to: number): boolean => table.others.indexOf(to) >= length - hidden;
      return {
        said: ({ kind, round }, to) => {
          if (round < fromRound || !isHidden(to)) return 'keep';
          return from === 'half' || kind === 'commit' || kind === 'reveal' ? 'drop' : 'keep';
        },
      };
    },
  });
}

/**
 * Withholds its openings, or delays them by `forMs`: from everybody, from all but one, or from everybody when
 * its move is not the best of all (`beaten`). Neo only.
 */
export function withheldOpening({
  beaten = () => true,
  forMs = Number.POSITIVE_INFINITY,
  from = 'all',
  fromRound = 1,
}: CheatOptions & {
  readonly beaten?: (others: readonly (Uint8Array | null)[], round: number) => boolean;
  readonly forMs?: number;
  readonly from?: 'all' | 'some';
} = {}): Cheat {
  return liar({
    name: 'withheld-opening',
    neo: (table) => ({
      said: ({ kind, round }, to) => {
        if (kind !== 'reveal' || round < fromRound) return 'keep';
        if (from === 'some' && to === table.others[0]) return 'keep';
        const others = table.openedByOthers(round);
        const over = table.now - table.seen(round).since >= forMs * 1000;
        return over || (others !== null && !beaten(others, round)) ? 'keep' : 'wait';
      },
    }),
  });
}

/** Votes late, by `byMs`, to the second half of the others, as if its link were slow. Neo only. */
export function lateVote({
  byMs = 150,
  fromRound = 1,
}: CheatOptions & { readonly byMs?: number } = {}): Cheat {
  return liar({
    name: 'late-vote',
    neo: (table) => ({
      said: ({ kind, round }, to) => {
        if (kind !== 'vote' || round < fromRound || isFirstHalf(table, to)) return 'keep';
        return table.now - table.seen(round).since < byMs * 1000 ? 'wait' : 'keep';
      },
    }),
  });
}

/**
 * The vote on which it hangs whether the victim's move counts goes to the favoured players alone; `double`
 * tells the others the contrary. Neo only.
 */
export function pivotVote({
  double = false,
  favoured,
  fromRound = 1,
  victim,
}: CheatOptions & {
  readonly double?: boolean;
  readonly favoured: readonly number[];
  readonly victim: number;
}): Cheat {
  return liar({
    name: 'pivot-vote',
    neo: (table) => ({
      said: (statement, to) => {
        const { kind, round } = statement;
        if (round < fromRound || favoured.includes(to)) return 'keep';
        if (double && kind === 'change') return [table.rechange(statement, victim, null)];
        if (kind !== 'vote') return 'keep';
        return double ? [table.revote(statement, victim, null)] : 'drop';
      },
    }),
  });
}

/** Votes "-" for a victim, whatever arrived; nobody can prove it. Neo only. */
export function voteOut({ fromRound = 1, victim }: CheatOptions & { readonly victim: number }): Cheat {
  return liar({
    name: 'vote-out',
    neo: (table) => ({
      said: (statement) => {
        const { kind, round } = statement;
        if (round < fromRound) return 'keep';
        if (kind === 'change') return [table.rechange(statement, victim, null)];
        return kind === 'vote' ? [table.revote(statement, victim, null)] : 'keep';
      },
    }),
  });
}
