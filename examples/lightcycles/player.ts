/**
 * One player of the demo, in a process of its own: its key, its UDP port, its log and its bot. The
 * parent only hands out the roster and listens; it decides nothing of the match.
 */

import { createSession, generateIdentity, type Identity, type Session } from 'fairstep';
import { impaired } from 'fairstep/impaired';
import { fileLog } from 'fairstep/log';
import { udp } from 'fairstep/udp';
import { chooseTurn } from './bot.ts';
import { besideTheTruth, cheating, signerOf } from './cheater.ts';
import { type Arena, lightcycles, type Turn } from './game.ts';
import { lies } from './lies.ts';
import type { DoneReason, Figures, FromPlayer, PlayerSettings, ToPlayer } from './messages.ts';
import { protocolOf } from './protocol.ts';
import type { RosterEntry } from './roster.ts';

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
  const lie = lies[cheat].make(Math.min(FROM_ROUND, Math.ceil(rounds / 2)));
  const shown = cheat === 'inconsistency' && roster.length <= 3 ? besideTheTruth(lie) : lie;
  return cheating(slow, { cheat: shown, publicKey, roster, sign: await signerOf(identity), random });
}

/** What a match has come to after a round. */
interface Came {
  readonly round: number;
  readonly scores: readonly number[];
  readonly wins: readonly number[];
}

class Player {
  readonly #settings: PlayerSettings;
  readonly #session: Session<Arena, Turn>;
  readonly #arenaMs: number | null;
  /** Of the last round to be played, or of the newest one before. */
  #came: Came | null = null;
  #progressAt = Number.NEGATIVE_INFINITY;
  #arenaAt = Number.NEGATIVE_INFINITY;
  #moveAt = Number.NEGATIVE_INFINITY;

  constructor(settings: PlayerSettings, session: Session<Arena, Turn>, arenaMs: number | null) {
    this.#settings = settings;
    this.#session = session;
    this.#arenaMs = arenaMs;
    session.on('advance', ({ round, state }) => this.#advanced(round, state));
    session.on('final', ({ round, stateHash }) => {
      if (round === settings.rounds) this.#done('rounds', stateHash);
    });
    session.on('stall', ({ waitingFor, reason }) => this.#stalled(waitingFor, reason));
    session.on('player', ({ player, status }) => tell({ type: 'player', player, status }));
    session.on('cheat', ({ player, evidence }) => tell({ type: 'cheat', player, evidence }));
    session.on('desync', ({ round, players }) => tell({ type: 'desync', round, players }));
    session.on('end', ({ reason }) => {
      if (reason !== 'left') this.#done(reason, session.stateHash);
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
    const { crashes, rounds } = this.#settings;
    const { seat } = this.#session;
    if (crashes.some((crash) => crash.player === seat && crash.round <= round)) {
      process.kill(process.pid, 'SIGKILL');
    }
    const now = performance.now();
    if (this.#arenaMs !== null && (now >= this.#arenaAt + this.#arenaMs || round === rounds)) {
      this.#arenaAt = now;
      tell({ type: 'arena', round, arena, newest: this.#session.stats().newest });
    }
    if (round <= rounds) this.#came = { round, scores: [...arena.scores], wins: [...arena.wins] };
    if (round >= rounds) return;
    if (now >= this.#progressAt + PROGRESS_MS) {
      this.#progressAt = now;
      tell({ type: 'progress', figures: this.#figures(round) });
    }
    this.#move();
  }

  /** Who was killed is not waited for: where the rules ask for it, all others wish to go on without it. */
  #stalled(waitingFor: readonly number[], reason: string): void {
    tell({ type: 'stall', waitingFor, reason });
    for (const { player } of this.#settings.crashes) {
      if (waitingFor.includes(player) && player !== this.#session.seat) this.#session.remove(player);
    }
  }

  #figures(round: number): Figures {
    const { epoch, advanceMs, finalMs, slowRounds, bytesOut, refused, keyring } = this.#session.stats();
    const times = { advanceMs: advanceMs ?? null, finalMs: finalMs ?? null };
    return { round, epoch, ...times, slowRounds, bytesOut, refused, keyring };
  }

  #done(reason: DoneReason, stateHash: Uint8Array | null): void {
    if (this.#came === null || stateHash === null)
      return fail(new Error(`the match ended before it began: ${reason}`));
    const { round, scores, wins } = this.#came;
    tell({ type: 'done', reason, figures: this.#figures(round), stateHash, scores, wins });
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
  { arenaMs, roster }: Extract<ToPlayer, { type: 'play' }>,
): Promise<Player> {
  const { latencyMs, logFile } = settings;
  const session = await createSession({
    game: lightcycles,
    identity,
    players: roster,
    transport: await spoiled(transport, identity, roster, settings),
    log: fileLog(logFile),
    protocol: protocolOf(settings),
    handshakeMs: 30_000 + 40 * latencyMs,
  });
  const player = new Player(settings, session, arenaMs);
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
      player = prepared?.then((ready) => join(ready, order)) ?? null;
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
