import { it } from 'vitest';
import { defineGame } from '../../src/client/game.ts';
import { keyring } from '../../src/keyring/node.ts';
import { simulate } from '../../src/sim/simulator.ts';
const race = defineGame<{ track: number[] }, number>({
  id: 'race', version: 1,
  init: ({ players }) => ({ track: new Array(players).fill(0) }),
  step: ({ track }, { inputs }) => ({ track: track.map((at, seat) => at + (inputs[seat] ?? 0)) }),
});
const parameters = { roundMs: 50, roundMaxMs: 200, arrivalMs: 100, arrivalMinMs: 20, arrivalMaxMs: 300, silentRounds: 40, window: 32, openMs: 3000, lateMs: 1500, stallMs: 2000, keepF: false };
it('plays', () => {
  const t = performance.now();
  const result = simulate(race, { players: Number(process.env.N ?? 4), keyring, rounds: Number(process.env.R ?? 50), seed: 1, protocol: { name: 'neo', parameters }, input: () => 1, network: { delayMs: 20, loss: Number(process.env.LOSS ?? 0) }, limitMs: 60000, ...(process.env.TRACE ? { trace: 'lines' as const } : {}) });
  console.log(performance.now() - t, 'ms');
  if (result.trace?.lines) { let i = 0; for (const l of result.trace.lines) if (!/persist|flush/.test(l) && i++ < 200) console.log(l.slice(0, 160)); }
  console.log({ ...result, players: result.players.map((p) => [p.rounds, p.stateHash.slice(0, 8), p.ended, JSON.stringify(p.refused)].join(" ")), trace: undefined });
});
