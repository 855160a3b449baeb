import { createSession, defineGame, generateIdentity, lockstep } from 'fairstep';
import { fileLog } from 'fairstep/log';
import { udp } from 'fairstep/udp';

const race = defineGame<{ track: number[] }, number>({
  id: 'race',
  version: 1,
  init: ({ players }) => ({ track: new Array(players).fill(0) }),
  step: ({ track }, { inputs, random }) => ({
    track: track.map((at, seat) => at + Math.min(inputs[seat] ?? 0, 3) + random(2)),
  }),
  legal: (_state, _player, input) => Number.isInteger(input) && input >= 0 && input <= 3,
});

export async function play(port: number, log: string, meet: Meet): Promise<string> {
  const identity = await generateIdentity();
  const transport = await udp({ port });
  const players = await meet({ publicKey: identity.publicKey, address: transport.address });
  const session = await createSession({
    game: race, identity, players, transport, log: fileLog(log), protocol: lockstep({ stallMs: 5000 }),
  });
  session.on('cheat', ({ kind, player }) => console.error(`player ${player} lied: ${kind}`));
  session.on('stall', ({ waitingFor }) => console.error(`waiting for ${waitingFor.join()}`));
  const finished = new Promise<string>((resolve) => {
    session.on('advance', ({ round, state }) => {
      if (round === 20) resolve(state.track.join(' '));
      else session.submit(round % 4);
    });
  });
  session.submit(0);
  await session.start();
  const track = await finished;
  await session.leave();
  return track;
}

type Players = { publicKey: Uint8Array; address: string }[];
/** However your players find each other: a lobby, a link, a chat. */
type Meet = (me: Players[number]) => Promise<Players>;
