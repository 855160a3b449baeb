/** What the agreement of a recorded match says: which game it is of, and how it was played. */

import { equalBytes } from '../../base/bytes.ts';
import { seatOf } from '../../base/ids.ts';
import { decodePlain, encodePlain, type Plain } from '../../wire/plain.ts';
import type { Game } from '../game.ts';
import { neoParameters, sessionOf } from '../handshake.ts';
import { firstLog } from './log-state.ts';
import { type NeoParameters, neoOptions } from './options.ts';
import type { NeoSetup } from './state.ts';

/** The five parts of an encoded agreement, or null. */
function partsOf(agreement: Uint8Array): readonly Plain[] | null {
  const decoded = decodePlain(agreement);
  return decoded.ok && Array.isArray(decoded.value) && decoded.value.length === 5 ? decoded.value : null;
}

/** The parameters that stand in the agreement of a neo match; null if there are none. */
export function parametersOf(agreement: Uint8Array): NeoParameters | null {
  const [, , , name, values] = partsOf(agreement) ?? [];
  if (name !== 'neo' || !Array.isArray(values) || values.length !== neoParameters.length) return null;
  const good = neoParameters.every((parameter, i) => {
    const value: Plain | undefined = values[i];
    if (parameter === 'keepF') return typeof value === 'boolean';
    return typeof value === 'number' && value >= 0 && value <= 0xffffffff;
  });
  if (!good) return null;
  return Object.fromEntries(
    neoParameters.map((parameter, i) => [parameter, values[i]]),
  ) as unknown as NeoParameters;
}

/** The setup of a match, as any of its players had it; null for terms under which there is none. */
export function setupOf(
  agreement: Uint8Array,
  keys: readonly Uint8Array[],
  nonces: readonly Uint8Array[],
): NeoSetup | null {
  const parameters = parametersOf(agreement);
  if (parameters === null) return null;
  try {
    const session = sessionOf(agreement, keys, nonces);
    const setup = neoOptions(parameters).setupOf(session, { keys, me: seatOf(0) }, nonces);
    firstLog(setup.log, setup.roster, setup.pace);
    return setup;
  } catch {
    return null;
  }
}

/** True when an agreement is about this game, in this version and under these rules. */
export function isAbout<State, Input>(agreement: Uint8Array, game: Game<State, Input>): boolean {
  const parts = partsOf(agreement);
  if (parts === null) return false;
  const { id, rules, version } = game;
  return equalBytes(encodePlain(parts.slice(0, 3)), encodePlain([id, version, rules]));
}
