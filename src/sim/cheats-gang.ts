/**
 * Several cheats who know of one another: they show one story to some of the others and another story to the
 * rest, each with everything that the gang can sign. Source: collusion, GauthierDickey et al. 2004.
 */

import type { Confirm, Hold, NeoStatement, Vote } from '../wire/statement.ts';
import type { Cheat } from './cheat.ts';
import { type CheatOptions, liar, nothing } from './cheats-liar.ts';
import type { RoundsTable, Verdict } from './table-rounds.ts';

/** Cheats that share what they know. One for each match. */
export class Gang {
  readonly #tables: RoundsTable[] = [];

  join(table: RoundsTable): void {
    this.#tables.push(table);
    this.#tables.sort((a, b) => a.seat - b.seat);
  }

  /** The one whose moves the gang plays for. */
  get lead(): RoundsTable {
    return this.#tables[0] as RoundsTable;
  }

  get seats(): readonly number[] {
    return this.#tables.map(({ seat }) => seat);
  }

  /** Everybody else. */
  get others(): readonly number[] {
    return this.lead.keys.map((_, seat) => seat).filter((seat) => !this.seats.includes(seat));
  }

  /** The inputs of a round by seat, once any of the gang has all of them; else null. */
  opened(round: number): readonly (Uint8Array | null)[] | null {
    for (const table of this.#tables) {
      const inputs = table.openedByOthers(round, this.others);
      if (inputs !== null) return inputs;
    }
    return null;
  }
}

/** The same statement in a world in which the lead has committed to something else. */
function inOtherWorld(table: RoundsTable, gang: Gang, statement: NeoStatement, input: Uint8Array): Verdict {
  const { lead } = gang;
  const { epoch, kind, round } = statement;
  if (table === lead && (kind === 'commit' || kind === 'reveal')) {
    const reveal = lead.reveal(epoch, round, input);
    return [kind === 'commit' ? lead.commitment(reveal) : reveal];
  }
  if (kind !== 'vote' && kind !== 'confirm' && kind !== 'hold' && kind !== 'change') return 'keep';
  const { commitment } = lead.commitment(lead.reveal(epoch, round, input));
  if (kind === 'change') return [table.rechange(statement, lead.seat, commitment)];
  return renamed(table, statement, lead.seat, commitment);
}

/** A vote, confirm or hold that names an author, with another value of it. */
function renamed(
  table: RoundsTable,
  statement: Vote | Confirm | Hold,
  author: number,
  value: Uint8Array,
): Verdict {
  const { kind, round } = statement;
  if (kind === 'vote') return [table.revote(statement, author, value)];
  const named = kind === 'hold' ? statement.authors : statement.named;
  if ((named & (1 << author)) === 0) return 'keep';
  const revised = table.revised(round, { named, values: statement.values }, author, value);
  return revised === null ? 'keep' : [{ ...statement, values: revised.values }];
}

/**
 * The first of the gang commits to one input before the first half of the others, and to another before the
 * rest; all of the gang vote, confirm and hold for either. Neo only.
 */
export function collusion(
  gang: Gang,
  { fromRound = 1, input = nothing }: CheatOptions & { readonly input?: Uint8Array } = {},
): Cheat {
  return liar({
    name: 'collusion',
    neo: (table) => {
      gang.join(table);
      return {
        said: (statement, to) => {
          const { others } = gang;
          const rank = others.indexOf(to);
          if (statement.round < fromRound || rank < 0 || rank * 2 < others.length) return 'keep';
          return inOtherWorld(table, gang, statement, input);
        },
      };
    },
  });
}

/**
 * The gang votes for a move of its first member that does not exist yet; it is chosen when all others have
 * opened. They cannot know the hash before, so they leave the slot open by not voting at all. Neo only.
 */
export function lateMove(gang: Gang, { fromRound = 1 }: CheatOptions = {}): Cheat {
  return liar({
    name: 'late-move',
    neo: (table) => {
      gang.join(table);
      return {
        said: (statement) => {
          const { kind, round } = statement;
          const mine = kind === 'vote' || kind === 'confirm' || (kind === 'commit' && table === gang.lead);
          if (round < fromRound || !mine) return 'keep';
          return gang.opened(round) === null ? 'wait' : 'keep';
        },
      };
    },
  });
}
