/** One match of neo with cheats in it, and everything that is counted of it. */

import { equalBytes } from '../base/bytes.ts';
import { seatOf } from '../base/ids.ts';
import { verifyEvidence } from '../protocol/evidence.ts';
import { alphaOf, type NeoParameters } from '../protocol/neo/options.ts';
import type { Cheat } from './cheat.ts';
import { type Hands, hands } from './cheats-game.ts';
import type { Signer } from './keys.ts';
import { type Carried, type NeoCounts, Observer, type Removal } from './neo-observer.ts';
import type { NetworkOptions } from './network.ts';
import type { SimulatedClock, SimulatedEvidence, SimulatedFault } from './options.ts';
import { Simulation } from './simulation.ts';

/** What a match is made of. */
export interface NeoMatchOptions {
  readonly players: number;
  readonly rounds: number;
  readonly seed: number;
  readonly keyring: Signer;
  /** By seat; seats in `watched` are counted as cheats even if they play by the rules. */
  readonly cheats?: Readonly<Record<number, Cheat>>;
  readonly watched?: readonly number[];
  readonly parameters?: Partial<NeoParameters>;
  readonly network?: NetworkOptions;
  readonly clocks?: Readonly<Record<number, SimulatedClock>>;
  /** Loses a datagram for what is in it; `voted` tells whether a player has said its VOTE of a round. */
  readonly lose?: (carried: Carried, voted: (seat: number, round: number) => boolean) => boolean;
  readonly faults?: readonly SimulatedFault[];
  readonly identitySeed?: number;
  readonly limitMs?: number;
}

/** What came of it. */
export interface NeoOutcome {
  /** Rounds that are final for all honest players. */
  readonly rounds: number;
  /** Rounds that are final for any of them. */
  readonly reached: number;
  readonly counts: NeoCounts;
  readonly removals: readonly Removal[];
  /** Pieces of evidence in honest hands. */
  readonly evidence: readonly SimulatedEvidence[];
  /** Kinds of valid evidence in honest hands, if every honest player holds some. */
  readonly convicted: readonly string[];
  /** Honest players that are accused, by anything valid or not, or that are out. */
  readonly innocents: readonly number[];
  readonly advanceMs: number;
  readonly finalMs: number;
  /** Rounds that votes alone did not decide, at the first honest player. */
  readonly slow: number;
  /** Milliseconds of a round, and of the arrival bound, in the end. */
  readonly paceMs: { readonly round: number; readonly arrival: number };
  readonly agreed: boolean;
  readonly violations: readonly string[];
  readonly refused: Readonly<Record<string, number>>;
  readonly virtualMs: number;
  readonly observer: Observer;
}

/** The parameters of the matches of the table: rounds of 100 ms, an alpha of few rounds. */
export function parametersOf(change: Partial<NeoParameters> = {}): NeoParameters {
  const base = {
    roundMs: 100,
    roundMaxMs: 400,
    arrivalMs: 60,
    arrivalMinMs: 40,
    arrivalMaxMs: 100,
    lateMs: 500,
    openMs: 800,
    stallMs: 2000,
    keepF: false,
    ...change,
  };
  const alpha = alphaOf({ ...base, silentRounds: 0, window: 0 });
  return { ...base, silentRounds: alpha + 4, window: alpha, ...change };
}

/** The kinds of valid evidence in honest hands, if every honest player holds some; else none. */
function convictedOf(
  simulation: Simulation<Hands, number>,
  honest: readonly number[],
  evidence: readonly SimulatedEvidence[],
): readonly string[] {
  const kinds = new Map<string, Set<number>>();
  for (const each of evidence) {
    const verdict = verifyEvidence(each.evidence, { game: hands });
    const key = simulation.players[each.player]?.driver?.session.setup.keys[each.player];
    if (verdict === null || key === undefined || !equalBytes(verdict.guilty, key)) continue;
    kinds.set(verdict.kind, (kinds.get(verdict.kind) ?? new Set()).add(each.by));
  }
  const holders = new Set(evidence.map(({ by }) => by));
  if (!honest.every((seat) => holders.has(seat))) return [];
  return [...kinds.keys()].sort();
}

/** The match, not yet run, with somebody who sees everything. */
function prepared(options: NeoMatchOptions, observer: Observer): Simulation<Hands, number> {
  const { cheats = {}, clocks, faults = [], identitySeed, keyring, lose, network, players } = options;
  const { limitMs = 60_000, rounds, seed } = options;
  const voted = (seat: number, round: number): boolean => {
    const neo = simulation.neoSession(seatOf(seat))?.neo;
    return !!neo && (neo.rounds[round - neo.roundsFrom]?.ownVote ?? null) !== null;
  };
  const simulation: Simulation<Hands, number> = new Simulation(hands, {
    players,
    rounds,
    seed,
    keyring,
    limitMs,
    faults,
    // A little jitter, so that nothing ever happens at the same instant as what it should follow.
    network: { delayMs: 20, jitterMs: 1, ...network },
    ...(clocks === undefined ? {} : { clocks }),
    ...(identitySeed === undefined ? {} : { identitySeed }),
    protocol: { name: 'neo', parameters: parametersOf(options.parameters) },
    cheats: Object.fromEntries(
      Object.entries(cheats).map(([seat, cheat]) => [seat, observer.watched(cheat)]),
    ),
    input: ({ player, round }) => round * 16 + player,
    passing: (passing) => {
      observer.left(passing);
      return lose === undefined || !observer.carried(passing).some((each) => lose(each, voted));
    },
    watch: (moment) => observer.saw(moment),
  });
  return simulation;
}

/** Plays the match. The same options give the same outcome. */
export function playNeo(options: NeoMatchOptions): NeoOutcome {
  const { cheats = {}, players, rounds } = options;
  const { watched = Object.keys(cheats).map(Number) } = options;
  const observer = new Observer(players, watched);
  const simulation = prepared(options, observer);
  const seats = Array.from({ length: players }, (_, seat) => seat);
  const honest = seats.filter((seat) => !watched.includes(seat));
  observer.observe(simulation);
  const result = simulation.run();
  const finals = honest.map((seat) => result.players[seat]?.rounds ?? 0);
  const finished = Math.min(rounds, ...finals);
  const reached = Math.min(rounds, Math.max(...finals));
  const evidence = result.evidence.filter(({ by }) => honest.includes(by));
  const { removals } = observer;
  const [first] = honest;
  const session = simulation.neoSession(seatOf(first as number));
  const pace = session?.neo?.past.at(-1)?.log.pace;
  const accused = new Set([...evidence.map(({ player }) => player), ...removals.map(({ seat }) => seat)]);
  const innocents = honest.filter((seat) => accused.has(seat));
  const counts = observer.counts(reached);
  return {
    rounds: finished,
    reached,
    counts: { ...counts, framed: counts.framed + innocents.length },
    removals,
    evidence,
    convicted: convictedOf(simulation, honest, evidence),
    innocents,
    ...observer.delays(finished),
    slow: session?.slowRounds ?? 0,
    paceMs: { round: (pace?.round ?? 0) / 1000, arrival: (pace?.arrival ?? 0) / 1000 },
    agreed: result.agreed,
    violations: result.violations,
    refused: result.players[first as number]?.refused ?? {},
    virtualMs: result.virtualMs,
    observer,
  };
}
