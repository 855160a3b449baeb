import { createSession, defineGame, generateIdentity, neo, type PlayerOption } from 'fairstep';
import { fileLog } from 'fairstep/log';
import { udp } from 'fairstep/udp';

type Race = { track: number[] };

const race = defineGame<Race, number>({
  id: 'race',
  version: 1,
  init: ({ players }) => ({ track: new Array(players).fill(0) }),
  step: ({ track }, { inputs }) => ({ track: track.map((at, seat) => at + (inputs[seat] ?? 0)) }),
  legal: (_state, _player, steps) => Number.isInteger(steps) && steps >= 0 && steps <= 3,
});

/** Plays 20 rounds. `meet` is how players find each other: a lobby, a link, a chat. */
export async function play(meet: (me: PlayerOption) => Promise<PlayerOption[]>, path: string): Promise<Race> {
  const identity = await generateIdentity();
  const transport = await udp({ port: 0 });
  const players = await meet({ publicKey: identity.publicKey, address: transport.address });
  const log = fileLog(path);
  const protocol = neo({ roundMs: 50 });
  const session = await createSession({ game: race, identity, players, transport, log, protocol });
  const states = new Map<number, Race>();
  const end = new Promise<Race>((resolve) => {
    session.on('advance', ({ round, state }) => {
      states.set(round, state);
      session.submit(round % 4);
    });
    session.on('final', ({ round }) => round === 20 && resolve(states.get(20) as Race));
  });
  session.on('cheat', ({ kind, player }) => console.error(`player ${player} lied: ${kind}`));
  session.submit(0);
  await session.start();
  const last = await end;
  await session.leave();
  return last;
}
