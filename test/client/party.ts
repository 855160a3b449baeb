/** Parties of players for tests of sessions, and what has to be closed after each. */

import { afterEach, expect, vi } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { defineGame } from '../../src/client/game.ts';
import { generateIdentity, type Identity } from '../../src/client/identity.ts';
import { lockstep, type SessionOptions } from '../../src/client/options.ts';
import { createSession, type Session } from '../../src/client/session.ts';
import type { Keyring } from '../../src/keyring/keyring.ts';
import { memoryLog } from '../../src/log/memory.ts';
import type { Game } from '../../src/protocol/game.ts';
import { type MemoryNetwork, memoryNetwork } from '../../src/transport/memory.ts';

export interface Sum {
  total: number;
  drawn: number;
}
export type Options = SessionOptions<Sum, number>;
export type Live = Session<Sum, number>;

export function sumGame(
  change: { id?: string; version?: number; rules?: null | string; step?: Game<Sum, number>['step'] } = {},
): Game<Sum, number> {
  return defineGame<Sum, number>({
    id: 'sum',
    version: 1,
    init: () => ({ total: 0, drawn: 0 }),
    step: ({ total }, { inputs, random }) => ({
      total: inputs.reduce<number>((all, input) => (all * 3 + (input ?? 0)) % 1000, total),
      drawn: random(1000),
    }),
    ...change,
  });
}
export const sum: Game<Sum, number> = sumGame();

/** Sessions to be left after a test, whatever came of it, and what is to be closed after them. */
const leaving: (() => Promise<void>)[] = [];
export const closing: (() => unknown)[] = [];

afterEach(async () => {
  vi.restoreAllMocks();
  await Promise.all(leaving.splice(0).map((leave) => leave()));
  for (const close of closing.splice(0).reverse()) await close();
});

export interface Party {
  readonly network: MemoryNetwork;
  readonly identities: readonly Identity[];
  readonly players: Options['players'];
  /** The options of a player; a new transport each time. */
  options(index: number, change?: Partial<Options>): Options;
}

/** People at one memory network, in the order of their seats. */
export async function party(
  count: number,
  network: MemoryNetwork = memoryNetwork({ seed: 7 }),
  keyring?: Keyring,
): Promise<Party> {
  closing.push(() => network.close());
  const made = await Promise.all(
    Array.from({ length: count }, () => generateIdentity(keyring ? { keyring } : {})),
  );
  const identities = made.sort((a, b) => (toHex(a.publicKey) < toHex(b.publicKey) ? -1 : 1));
  const players = identities.map(({ publicKey }, index) => ({ publicKey, address: `p${index}` }));
  return {
    network,
    identities,
    players,
    options: (index, change = {}) => ({
      game: sum,
      identity: identities[index] as Identity,
      players,
      log: memoryLog(),
      protocol: lockstep({ stallMs: 300 }),
      ...change,
      transport: change.transport ?? network.transport(`p${index}`),
    }),
  };
}

export async function sit(options: Options): Promise<Live> {
  const session = await createSession(options);
  leaving.push(() => session.leave());
  return session;
}

/** Submits for every round, from now on. */
export function keepPlaying(session: Live): void {
  session.on('advance', ({ round }) => session.submit((round * 10 + session.seat) % 100));
  session.submit(session.seat);
}

/** Resolves with the digest after that round; rejects with what ends the session. */
export function reaches(session: Live, wanted: number): Promise<string> {
  return new Promise((resolve, reject) => {
    session.on('error', reject);
    session.on('final', ({ round, stateHash }) => round >= wanted && resolve(toHex(stateHash)));
  });
}

export const heard = <Name extends 'stall' | 'cheat' | 'end' | 'desync' | 'error'>(
  session: Live,
  name: Name,
): Promise<never> => new Promise((resolve) => session.on(name, resolve as never));

/** Lets all play that many rounds, and answers the digests after them. */
export async function play(sessions: readonly Live[], rounds: number): Promise<readonly string[]> {
  const done = sessions.map((session) => reaches(session, rounds));
  for (const session of sessions) keepPlaying(session);
  await Promise.all(sessions.map((session) => session.start()));
  const hashes = await Promise.all(done);
  return hashes;
}

export async function seated(
  count: number,
  change: (index: number) => Partial<Options> = () => ({}),
  of?: Party,
): Promise<Live[]> {
  const people = of ?? (await party(count));
  return Promise.all(people.identities.map((_, index) => sit(people.options(index, change(index)))));
}

export function same(hashes: readonly string[]): void {
  expect(new Set(hashes).size).toBe(1);
}
