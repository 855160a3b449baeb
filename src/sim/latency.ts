/**
 * How long a round of neo takes, in one-way delays from the leaving of a player's commitment until its game
 * steps and until the round is final: when all is well, and when one thing at a time goes wrong.
 */

import type { Micros } from '../base/time.ts';
import type { Game } from '../protocol/game.ts';
import type { NeoParameters } from '../protocol/neo/options.ts';
import { decodePacket } from '../wire/packet.ts';
import { decodeRounds } from '../wire/rounds.ts';
import type { Signer } from './keys.ts';
import type { Moment, Passing, SimulatedFault } from './options.ts';
import { Simulation } from './simulation.ts';

/**
 * - `good`: nothing goes wrong
 * - `lost vote`, `lost commitment`: what player 0 sends player 1 of that in a round is lost once
 * - `crashed`: one player is gone, and not removed yet
 * - `split`: half of the players get the commitment of player 0 too late
 */
export type LatencyScenario = 'good' | 'lost vote' | 'lost commitment' | 'crashed' | 'split';

/** In one-way delays, over all players and rounds. */
export interface Span {
  readonly least: number;
  readonly median: number;
  readonly most: number;
}

/** How long rounds take in a scenario. */
export interface LatencyProfile {
  readonly scenario: LatencyScenario;
  readonly players: number;
  readonly advance: Span;
  readonly final: Span;
}

const DELAY_MS = 100;
/** Rounds that are measured, after some to settle. */
const FIRST = 6;
const LAST = 14;

/** Rounds far apart, and a bound that an undisturbed commitment just keeps. */
const parameters: NeoParameters = {
  roundMs: 2000,
  roundMaxMs: 2000,
  arrivalMs: DELAY_MS + 1,
  arrivalMinMs: DELAY_MS + 1,
  arrivalMaxMs: DELAY_MS + 1,
  silentRounds: 1000,
  window: 3,
  openMs: 60_000,
  lateMs: 30_000,
  stallMs: 60_000,
  keepF: false,
};

function spanOf(times: readonly number[]): Span {
  const ascending = [...times].sort((a, b) => a - b);
  const at = (share: number): number => ascending[Math.floor(share * (ascending.length - 1))] ?? Number.NaN;
  return { least: at(0), median: at(0.5), most: at(1) };
}

/** Loses what a scenario loses: the first datagram of a round with that statement of player 0. */
function losing(
  scenario: LatencyScenario,
  players: number,
  session: () => Uint8Array | null,
): (passing: Passing) => boolean {
  const lost = new Set<string>();
  const kind = scenario === 'lost vote' ? 'vote' : 'commit';
  const targets = scenario === 'split' ? Math.ceil(players / 2) : players - 1;
  return ({ datagram, from, to }) => {
    const id = session();
    if (scenario === 'good' || scenario === 'crashed' || from !== 0 || to < targets || id === null)
      return true;
    const rounds = decodeRounds(id, datagram);
    if (!rounds.ok) return true;
    for (const item of rounds.value.items) {
      const packet = item.type === 'packet' ? decodePacket(item.bytes) : null;
      if (!packet?.ok || packet.value.sender !== 0) continue;
      for (const { statement } of packet.value.entries) {
        if (statement?.kind !== kind || lost.has(`${to} ${statement.round}`)) continue;
        lost.add(`${to} ${statement.round}`);
        return false;
      }
    }
    return true;
  };
}

/** Measures one scenario. The game is of no importance. */
export function latencyProfile<State>(
  game: Game<State, number>,
  keyring: Signer,
  scenario: LatencyScenario,
  players: number,
): LatencyProfile {
  const advance: number[] = [];
  const final: number[] = [];
  const committed = new Map<string, Micros>();
  const inDelays = (from: Micros, atMs: number): number => (atMs - from / 1000) / DELAY_MS;
  const watch = ({ atMs, player, round, type }: Moment): void => {
    if (round < FIRST || round > LAST || type === 'rollback') return;
    const key = `${player} ${round}`;
    const left = committed.get(key) ?? simulation.players[player]?.driver?.commitLeftAt(round) ?? null;
    if (left === null) return;
    committed.set(key, left);
    (type === 'advance' ? advance : final).push(inDelays(left, atMs));
  };
  const gone: SimulatedFault = {
    type: 'crash',
    player: players - 1,
    atMs: parameters.roundMs * (FIRST - 2),
    downMs: Number.POSITIVE_INFINITY,
  };
  const simulation: Simulation<State, number> = new Simulation<State, number>(game, {
    players,
    keyring,
    rounds: LAST,
    seed: 1,
    network: { delayMs: DELAY_MS },
    faults: scenario === 'crashed' ? [gone] : [],
    passing: losing(scenario, players, () => simulation.players[0]?.session ?? null),
    protocol: { name: 'neo', parameters },
    input: () => 1,
    watch,
    limitMs: parameters.roundMs * LAST * 4,
  });
  simulation.run();
  return { scenario, players, advance: spanOf(advance), final: spanOf(final) };
}
