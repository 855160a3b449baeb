/**
 * Swarm testing (Groce et al. 2012; TigerBeetle's simulator): one seed draws a match of neo in which each
 * kind of fault is off, mild or extreme. First comes a phase in which anything goes and only safety is
 * claimed; then the network calms down, and those who are left must make progress.
 */

import { type Prng, prng } from '../base/prng.ts';
import type { Game } from '../protocol/game.ts';
import { alphaOf, type NeoParameters } from '../protocol/neo/options.ts';
import type { Cheat } from './cheat.ts';
import { NeoCheckers } from './checkers-neo.ts';
import type { Signer } from './keys.ts';
import { Conspiracy, liar } from './liar.ts';
import type { SimulatedClock, SimulatedFault, SimulationOptions, SimulationResult } from './options.ts';
import { Simulation } from './simulation.ts';

/** A match as a seed draws it. */
export interface SwarmPlan {
  readonly seed: number;
  readonly players: number;
  readonly liars: readonly number[];
  /** When faults end, in virtual milliseconds. */
  readonly calmMs: number;
  readonly options: Omit<SimulationOptions<never, never>, 'input' | 'keyring' | 'watch'>;
}

/** What came of it. */
export interface SwarmReport {
  readonly plan: SwarmPlan;
  /** Final rounds of the honest players that are left, at least. */
  readonly rounds: number;
  /** Nothing if all that must hold held. */
  readonly violations: readonly string[];
  readonly result: SimulationResult<unknown>;
}

/** How long those who are left may take for the rest of the match, once it is calm. */
const CALM_LIMIT_MS = 60_000;
/** What a share of seeds has of some fault; the others have none. */
const SWITCHED_ON = 0.5;

class Draw {
  readonly random: Prng;

  constructor(random: Prng) {
    this.random = random;
  }

  between(least: number, most: number): number {
    return least + this.random.below(most - least + 1);
  }

  isOn(share: number = SWITCHED_ON): boolean {
    return this.random.unit() < share;
  }

  some(most: number): number {
    return this.isOn() ? this.between(1, most) : 0;
  }
}

function parametersOf(draw: Draw): NeoParameters {
  const roundMs = draw.between(20, 60);
  const arrivalMaxMs = draw.between(roundMs, 3 * roundMs);
  const arrivalMinMs = draw.between(5, arrivalMaxMs);
  const arrivalMs = draw.between(arrivalMinMs, arrivalMaxMs);
  const base = { roundMs, roundMaxMs: roundMs * draw.between(1, 4), arrivalMs, arrivalMinMs, arrivalMaxMs };
  const alpha = alphaOf({ ...base } as NeoParameters);
  const lateMs = 5 * arrivalMaxMs + draw.between(0, 200);
  return {
    ...base,
    silentRounds: alpha + 1 + (draw.isOn() ? draw.between(0, 10) : 100),
    window: draw.isOn() ? alpha : draw.between(1, alpha),
    openMs: lateMs + draw.between(1, 1000),
    lateMs,
    stallMs: 1000,
    keepF: draw.isOn(0.3),
  };
}

function linkFaults(draw: Draw, players: number, calmMs: number): readonly SimulatedFault[] {
  const faults: SimulatedFault[] = [];
  const seats = Array.from({ length: players }, (_, seat) => seat);
  const at = (): { atMs: number; forMs: number } => ({
    atMs: draw.between(0, calmMs),
    forMs: draw.between(10, calmMs),
  });
  for (let i = draw.some(2); i > 0; i--) {
    const sides = seats.map(() => draw.random.below(2));
    const groups = [0, 1].map((side) => seats.filter((seat) => sides[seat] === side));
    faults.push({ type: 'partition', groups, ...at() });
  }
  for (let i = draw.some(6); i > 0; i--) {
    const [from, to] = [draw.random.below(players), draw.random.below(players)];
    const loss = draw.isOn() ? 1 : draw.random.unit();
    faults.push({ type: 'link', from, to: draw.isOn(0.7) ? to : null, loss, ...at() });
    const delayMs = draw.between(0, 400);
    faults.push({ type: 'link', from: draw.isOn(0.7) ? to : null, to: from, delayMs, ...at() });
  }
  if (draw.isOn(0.2)) faults.push({ type: 'silence', ...at() });
  return faults;
}

/** Crashes, pauses, leaves, floods; `spare` of the players may be gone for good. */
function playerFaults(draw: Draw, players: number, calmMs: number, spare: number): readonly SimulatedFault[] {
  const faults: SimulatedFault[] = [];
  const anybody = (): number => draw.random.below(players);
  const atMs = (): number => draw.between(0, calmMs);
  for (let i = draw.some(5); i > 0; i--) {
    faults.push({ type: 'crash', player: anybody(), atMs: atMs(), downMs: draw.between(1, 1500) });
  }
  for (let i = draw.some(4); i > 0; i--) {
    faults.push({
      type: 'crash-at-act',
      player: anybody(),
      act: draw.between(1, 3000),
      downMs: draw.between(1, 500),
    });
  }
  for (let i = draw.some(3); i > 0; i--) {
    faults.push({ type: 'pause', player: anybody(), atMs: atMs(), forMs: draw.between(1, 1500) });
  }
  if (draw.isOn(0.2)) faults.push({ type: 'leave', player: anybody(), atMs: atMs() });
  if (draw.isOn(0.15)) {
    const perSecond = 1000 * draw.between(1, 5);
    faults.push({ type: 'flood', to: anybody(), atMs: atMs(), forMs: 100, perSecond });
  }
  for (let i = draw.isOn(0.4) ? spare : 0; i > 0; i--) {
    faults.push({ type: 'crash', player: anybody(), atMs: atMs(), downMs: Number.POSITIVE_INFINITY });
  }
  return faults;
}

function clocksOf(draw: Draw, players: number): Readonly<Record<number, SimulatedClock>> {
  if (!draw.isOn()) return {};
  const clock = (): SimulatedClock => ({
    offsetMs: draw.between(0, 200),
    driftPpm: draw.between(-200, 200),
  });
  return Object.fromEntries(Array.from({ length: players }, (_, seat) => [seat, clock()]));
}

function liarsOf(draw: Draw, players: number): Readonly<Record<number, Cheat>> {
  const most = Math.floor((players - 1) / 3);
  const count = draw.isOn(0.75) ? draw.between(0, most) : 0;
  const seats = new Set<number>();
  while (seats.size < count) seats.add(draw.random.below(players));
  const conspiracy = new Conspiracy();
  return Object.fromEntries([...seats].map((seat) => [seat, liar({ conspiracy })]));
}

/** The match of a seed: an unsigned 32-bit integer. `players` overrides how many there are. */
export function swarmPlan(seed: number, players?: number): SwarmPlan {
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new RangeError(`seed must be an integer 0 .. 4294967295, not ${seed}`);
  }
  const draw = new Draw(prng(seed).split('swarm'));
  const drawn = draw.between(3, 10);
  const n = players ?? drawn;
  const calmMs = draw.between(500, 2500);
  const parameters = parametersOf(draw);
  const cheats = liarsOf(draw, n);
  const liars = Object.keys(cheats).map(Number);
  const spare = Math.max(0, (n === 3 ? 1 : Math.floor((n - 1) / 3)) - liars.length);
  const extreme = (most: number): number => (draw.isOn() ? draw.random.unit() * most : 0);
  const network = {
    delayMs: draw.between(1, draw.isOn(0.2) ? 200 : 40),
    jitterMs: Math.floor(extreme(draw.isOn(0.2) ? 200 : 30)),
    loss: extreme(0.3),
    duplicate: extreme(0.3),
  };
  const faults: SimulatedFault[] = [
    ...linkFaults(draw, n, calmMs),
    ...playerFaults(draw, n, calmMs, spare),
    { type: 'calm', atMs: calmMs },
  ];
  const rounds = Math.ceil(calmMs / parameters.roundMs) + draw.between(10, 40);
  const protocol = { name: 'neo', parameters } as const;
  const limitMs = calmMs + CALM_LIMIT_MS;
  const clocks = clocksOf(draw, n);
  const options = { players: n, seed, rounds, network, faults, clocks, cheats, protocol, limitMs };
  return { seed, players: n, liars, calmMs, options };
}

/** True when so few are faulty in the end that those who are left must make progress. */
function mustProgress(simulation: Simulation<never, never>, { liars, options, players }: SwarmPlan): boolean {
  const { watcher } = simulation;
  if (!(watcher instanceof NeoCheckers) || Number.isFinite(watcher.soundUntil)) return false;
  const keepF = options.protocol?.name === 'neo' && options.protocol.parameters.keepF;
  const playing = simulation.playing();
  const [first] = playing;
  const members = first === undefined ? null : simulation.membersFor(first);
  if (members === null) return false;
  const faulty = members.filter((seat) => liars.includes(seat) || !playing.includes(seat)).length;
  const n = members.length;
  const usual = Math.floor((n - 1) / 3);
  const f = keepF ? Math.floor((players - 1) / 3) : usual;
  const silent = Math.max(0, Math.min(n === 3 ? 1 : usual, Math.floor((n - f - 1) / 2)));
  return faulty <= silent && members.length > 1;
}

/** Plays the match of a seed. What `game` is does not matter, as long as every input shows in its state. */
export function runSwarm<State>(
  game: Game<State, number>,
  keyring: Signer,
  seed: number,
  players?: number,
): SwarmReport {
  const plan = swarmPlan(seed, players);
  const simulation = new Simulation<State, number>(game, {
    ...plan.options,
    keyring,
    input: ({ random }) => random(1000),
  });
  let broken: string | null = null;
  try {
    simulation.run();
  } catch (thrown) {
    broken = `broken: ${thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown)}`;
  }
  const result = simulation.result();
  const { rounds } = result;
  const violations = broken === null ? [...result.violations] : [broken, ...result.violations];
  const late = rounds < (plan.options.rounds ?? 0);
  if (broken === null && late && mustProgress(simulation as unknown as Simulation<never, never>, plan))
    violations.push(
      `progress: ${rounds} of ${plan.options.rounds} rounds, ${CALM_LIMIT_MS} ms after all was calm`,
    );
  return { plan, rounds, violations, result };
}
