import { describe, expect, it } from 'vitest';
import { toHex } from '../../src/base/bytes.ts';
import { defineGame } from '../../src/client/game.ts';
import { generateIdentity, type Identity } from '../../src/client/identity.ts';
import { lockstep } from '../../src/client/options.ts';
import { createSession, type Session } from '../../src/client/session.ts';
import { memoryLog } from '../../src/log/memory.ts';
import { memoryNetwork } from '../../src/transport/memory.ts';

interface Sum {
  total: number;
  drawn: number;
}

const sum = defineGame<Sum, number>({
  id: 'sum',
  version: 1,
  init: () => ({ total: 0, drawn: 0 }),
  step: (state, { inputs, random }) => ({
    total:
      state.total * 3 +
      inputs.reduce<number>((a, b) => a + (b ?? 0), 0) -
      Math.floor(state.total / 1000) * 3000,
    drawn: random(1000),
  }),
});

async function match(players: number, loss: number): Promise<Session<Sum, number>[]> {
  const network = memoryNetwork({ seed: 7, loss });
  const identities: Identity[] = [];
  for (let i = 0; i < players; i++) identities.push(await generateIdentity());
  const roster = identities.map(({ publicKey }, i) => ({ publicKey, address: `p${i}` }));
  return Promise.all(
    identities.map((identity, i) =>
      createSession({
        game: sum,
        identity,
        players: roster,
        transport: network.transport(`p${i}`),
        log: memoryLog(),
        protocol: lockstep(),
      }),
    ),
  );
}

async function play(sessions: readonly Session<Sum, number>[], rounds: number): Promise<string[]> {
  const done = sessions.map(
    (session) =>
      new Promise<string>((resolve, reject) => {
        session.on('error', reject);
        session.on('advance', ({ round }) => {
          if (round < rounds) session.submit(round * 10 + session.seat);
        });
        session.on('final', ({ round, stateHash }) => {
          if (round === rounds) resolve(toHex(stateHash));
        });
      }),
  );
  for (const session of sessions) session.submit(session.seat);
  await Promise.all(sessions.map((session) => session.start()));
  const hashes = await Promise.all(done);
  await Promise.all(sessions.map((session) => session.leave()));
  return hashes;
}

describe('a session over a memory network', () => {
  it('lets four players advance together to equal states', async () => {
    const sessions = await match(4, 0);
    const hashes = await play(sessions, 50);
    expect(new Set(hashes).size).toBe(1);
    console.log(sessions[0]?.stats());
  });

  it('goes on under 20 % loss', async () => {
    const hashes = await play(await match(3, 0.2), 20);
    expect(new Set(hashes).size).toBe(1);
  });
});
