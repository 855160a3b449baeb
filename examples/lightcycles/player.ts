/**
 * One player of the demo, in a process of its own: its key, its UDP port, its log and its bot. The
 * parent only hands out the roster and listens; it decides nothing of the match.
 */

import { createSession, generateIdentity, type Identity, lockstep, type Session } from 'fairstep';
import { impaired } from 'fairstep/impaired';
import { fileLog } from 'fairstep/log';
import { type Cheat, cheats } from 'fairstep/sim';
import { udp } from 'fairstep/udp';
import { chooseTurn } from './bot.ts';
import { besideTheTruth, cheating, signerOf } from './cheater.ts';
import { type Arena, lightcycles, type Turn } from './game.ts';
import type { DoneReason, Figures, FromPlayer, PlayerSettings, RosterEntry, ToPlayer } from './messages.ts';
import type { CheatName } from './options.ts';

type Transport = Awaited<ReturnType<typeof udp>>;

/** Milliseconds between two reports of progress at least. */
const PROGRESS_MS = 100;

/** The round from which a cheat lies, so that there is something to see before. */
const FROM_ROUND = 10;

function tell(message: FromPlayer, told: () => void = () => {}): void {
  if (process.connected) process.send?.(message, undefined, undefined, told);
}

function fail(thrown: unknown): void {
  const problem = thrown instanceof Error ? thrown.message : String(thrown);
  tell({ type: 'failed', problem }, () => process.exit(1));
}

function cheatOf(name: Exclude<CheatName, 'none'>, rounds: number, players: number): Cheat {
  const fromRound = Math.min(FROM_ROUND, Math.ceil(rounds / 2));
  if (name === 'bad-opening') return cheats.badOpening({ fromRound });
  if (name === 'replay') return cheats.replay({ fromRound });
  const cheat = cheats.inconsistency({ fromRound });
  return players > 3 ? cheat : besideTheTruth(cheat);
}

/** The transport as the settings want it: slow, lossy, lying, or as it is. */
async function spoiled(
  transport: Transport,
  identity: Identity,
  roster: readonly RosterEntry[],
  { index, seed, cheat, latencyMs, loss, rounds }: PlayerSettings,
): Promise<ReturnType<typeof impaired>> {
  const slow = impaired(transport, { delayMs: latencyMs, loss, seed: seed * 16 + index });
  if (cheat === 'none') return slow;
  const { publicKey } = identity;
  const random = (bound: number): number => Math.floor(Math.random() * bound);
  const lie = cheatOf(cheat, rounds, roster.length);
  return cheating(slow, { cheat: lie, publicKey, roster, sign: await signerOf(identity), random });
}

class Player {
  readonly #settings: PlayerSettings;
  readonly #session: Session<Arena, Turn>;
  #progressAt = Number.NEGATIVE_INFINITY;
  #arenaAt = Number.NEGATIVE_INFINITY;
  #moveAt = Number.NEGATIVE_INFINITY;

  constructor(settings: PlayerSettings, session: Session<Arena, Turn>) {
    this.#settings = settings;
    this.#session = session;
    session.on('advance', ({ round, state }) => this.#advanced(round, state));
    session.on('stall', ({ waitingFor, reason }) => tell({ type: 'stall', waitingFor, reason }));
    session.on('player', ({ player, status }) => tell({ type: 'player', player, status }));
    session.on('cheat', ({ player, evidence }) => tell({ type: 'cheat', player, evidence }));
    session.on('desync', ({ round, players }) => tell({ type: 'desync', round, players }));
    session.on('end', ({ reason }) => {
      if (reason !== 'left') this.#done(reason);
    });
    session.on('error', fail);
  }

  async play(): Promise<void> {
    await this.#session.start();
    tell({ type: 'started' });
    this.#move();
  }

  async leave(): Promise<void> {
    await this.#session.leave();
    process.disconnect();
  }

  /** Submits the bot's turn, but not sooner than a tick after the one before. */
  #move(): void {
    const { seed, tickMs } = this.#settings;
    const { seat, state } = this.#session;
    if (state === null) return;
    const turn = chooseTurn(state, seat, seed);
    const now = performance.now();
    const at = Math.max(now, this.#moveAt + tickMs);
    this.#moveAt = at;
    if (at <= now) this.#session.submit(turn);
    else setTimeout(() => this.#session.submit(turn), Math.ceil(at - now));
  }

  #advanced(round: number, arena: Arena): void {
    const { rounds, arenaMs } = this.#settings;
    const now = performance.now();
    if (arenaMs !== null && (now >= this.#arenaAt + arenaMs || round === rounds)) {
      this.#arenaAt = now;
      tell({ type: 'arena', round, arena });
    }
    if (round >= rounds) return this.#done('rounds');
    if (now >= this.#progressAt + PROGRESS_MS) {
      this.#progressAt = now;
      tell({ type: 'progress', figures: this.#figures() });
    }
    this.#move();
  }

  #figures(): Figures {
    const { rounds, advanceMs, bytesOut, refused, keyring } = this.#session.stats();
    return { round: rounds, advanceMs: advanceMs ?? null, bytesOut, refused, keyring };
  }

  #done(reason: DoneReason): void {
    const { state, stateHash } = this.#session;
    if (state === null || stateHash === null)
      return fail(new Error(`the match ended before it began: ${reason}`));
    const { scores, wins } = state;
    tell({ type: 'done', reason, figures: this.#figures(), stateHash, scores, wins });
  }
}

/** A player that is ready to be told who the others are. */
interface Prepared {
  readonly settings: PlayerSettings;
  readonly identity: Identity;
  readonly transport: Transport;
}

async function prepare(settings: PlayerSettings): Promise<Prepared> {
  const identity = await generateIdentity();
  const transport = await udp({ port: settings.port });
  tell({ type: 'ready', publicKey: identity.publicKey, address: transport.address });
  return { settings, identity, transport };
}

async function join(
  { settings, identity, transport }: Prepared,
  roster: readonly RosterEntry[],
): Promise<Player> {
  const { latencyMs, logFile } = settings;
  const session = await createSession({
    game: lightcycles,
    identity,
    players: roster,
    transport: await spoiled(transport, identity, roster, settings),
    log: fileLog(logFile),
    protocol: lockstep({ stallMs: 1000 + 10 * latencyMs }),
    handshakeMs: 30_000 + 40 * latencyMs,
  });
  const player = new Player(settings, session);
  await player.play();
  return player;
}

/** Obeys the parent; the orders come in the order of their types, each after the answer to the one before. */
function obey(): void {
  let prepared: Promise<Prepared> | null = null;
  let player: Promise<Player> | null = null;
  process.on('message', (order: ToPlayer) => {
    if (order.type === 'settings') {
      prepared = prepare(order.settings);
      prepared.catch(fail);
    } else if (order.type === 'play') {
      player = prepared?.then((ready) => join(ready, order.roster)) ?? null;
      player?.catch(fail);
    } else if (order.type === 'leave') {
      player?.then((each) => each.leave()).catch(fail);
    } else process.exit(0);
  });
  // These reach every process of a terminal; the parent decides what follows from them.
  for (const signal of ['SIGINT', 'SIGHUP'] as const) process.on(signal, () => {});
  process.on('disconnect', () => process.exit());
}

obey();
