import { it } from 'vitest';
import { defineGame } from '../../src/client/game.ts';
import { keyring } from '../../src/keyring/node.ts';
import { Simulation } from '../../src/sim/simulator.ts';
const race = defineGame<{ track: number[] }, number>({
  id: 'race', version: 1,
  init: ({ players }) => ({ track: new Array(players).fill(0) }),
  step: ({ track }, { inputs }) => ({ track: track.map((at, seat) => at + (inputs[seat] ?? 0)) }),
});
const parameters = { roundMs: 50, roundMaxMs: 200, arrivalMs: 100, arrivalMinMs: 20, arrivalMaxMs: 300, silentRounds: 40, window: 32, openMs: 3000, lateMs: 1500, stallMs: 2000, keepF: false };
it('plays', () => {
  const t = performance.now();
  const sim = new Simulation(race, { players: Number(process.env.N ?? 4), keyring, rounds: Number(process.env.R ?? 50), seed: 1, protocol: { name: 'neo', parameters }, input: () => 1, network: { delayMs: 20, loss: Number(process.env.LOSS ?? 0) }, limitMs: 60000, ...(process.env.TRACE ? { trace: 'lines' as const } : {}) });
  const result = sim.run();
  if (process.env.DUMP) for (const p of sim.players) dump(p);
  console.log(performance.now() - t, 'ms');
  if (result.trace?.lines) { let i = 0; for (const l of result.trace.lines) if (!/persist|flush/.test(l) && i++ < 200) console.log(l.slice(0, 160)); }
  console.log({ ...result, players: result.players.map((p) => [p.rounds, p.stateHash.slice(0, 8), p.ended, JSON.stringify(p.refused)].join(" ")), trace: undefined });
});

function dump(p: any) {
  const { neo, link, at, dueAt, connectedAt } = p.driver.session;
  console.log('PLAYER', p.seat, 'final', neo.final, 'newest', neo.pastFrom + neo.past.length - 1, 'at', at, 'due', dueAt, 'conn', connectedAt, 'playing', neo.playing?.closed.round);
  for (const r of neo.rounds.filter((r: any) => r.round > neo.final).slice(0, 3)) {
    const b = (l: any[]) => l.map((x) => (x ? 1 : 0)).join('').slice(0, 10);
    console.log(' round', r.round, 'own', !!r.own, 'voted', !!r.ownVote, 'rev', r.revealed, 'c', b(r.commits), 'v', b(r.votes), 'vres', b(r.votes.map((v: any) => v?.hashes)), 'o', b(r.reveals), 'dec', b(r.decided), 'opened', r.opened, 'voided', r.voided, 'holding', r.holding, 'holds', r.holds.map((h: any) => h?.length ?? 0).join('').slice(0, 10), 'decidedAt', r.decidedAt, 'grace', r.graceAt);
    console.log('   view', r.slots.view, 'timer', r.slots.timerAt, 'timeout', r.slots.timeout, 'confirmed', r.slots.confirmed, 'confirms', r.slots.confirms.map((h: any) => h?.length ?? 0).join('').slice(0, 10), 'changes', r.slots.changes.map((h: any) => h?.map((x: any) => x.statement.view).join('/') ?? '-').join(' '), 'props', r.slots.proposals.map((x: any) => x.statement.view).join('/'), 'preps', r.slots.prepares.map((h: any) => h?.map((x: any) => x.statement.view).join('/') ?? '-').join(' '), 'best', r.slots.best.map((x: any) => x?.view ?? '-').join(' '));
  }
  console.log(' peers', link.peers.map((q: any) => q && `f${q.final} r${q.rounds.length} look${q.lookAt} sent${JSON.stringify(q.sent.slice(0, 3).map((x: any) => [x.round, x.tries]))}`).join(' | '));
}
