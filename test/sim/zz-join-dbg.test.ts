import { it } from 'vitest';
import { defineGame } from '../../src/client/game.ts';
import { neo } from '../../src/client/options.ts';
import { keyring } from '../../src/keyring/node.ts';
import { Simulation } from '../../src/sim/simulator.ts';
const tally = defineGame<any, number>({ id: 'tally', version: 1, init: () => ({ moves: [], drawn: [] }),
  step: ({ drawn, moves }: any, { inputs, random }: any) => ({ moves: inputs.map((input: any, seat: number) => (moves[seat] ?? 0) + (input === null ? 0 : 1)), drawn: [...drawn, random(1000)].slice(-3) }),
  legal: (_s, player, input) => input === player + 1 });
const protocol = neo({ roundMs: 50, arrivalMaxMs: 100, silentRounds: 25 });
const cases: any = {
  crash: { rounds: 110, seed: 6, newcomers: [{ atMs: 1500 }], faults: [{ atMs: 3600, type: 'crash', player: 4, downMs: 300 }] },
  early: { rounds: 90, seed: 7, newcomers: [{ atMs: 1500 }], faults: [{ atMs: 1550, type: 'crash', player: 4, downMs: 200 }] },
  lost: { rounds: 110, seed: 8, newcomers: [{ atMs: 1300 }], faults: [{ atMs: 1000, type: 'crash', player: 3, downMs: Infinity }] },
  several: { rounds: 130, seed: 9, players: 3, newcomers: [{ atMs: 1000 }, { atMs: 3000 }] },
};
it('dbg', () => {
  const seen: string[] = [];
  const sim: any = new Simulation(tally, { keyring, protocol, input: ({ player }: any) => player + 1, network: { delayMs: 20, jitterMs: 10, loss: 0.05 }, limitMs: 30_000, ...cases[process.env.CASE ?? 'crash'],
    watch: ({ atMs, player, type, round }: any) => {
      const neo = sim.players[player].driver?.session.neo;
      if (type === 'final' && (player === 0 || player === 4 || player===3)) { const p = neo?.past[round - neo.pastFrom]; seen.push(`${Math.round(atMs)} p${player} final ${round} by p0's acc ${p?.closed?.accepted.toString(2)} members ${p?.log.members.toString(2)} env ${neo.rounds[round-neo.roundsFrom]?.environment.members.toString(2)} pace ${p?.log.pace.round}/${p?.log.pace.arrival} roster ${p?.log.roster.length} streaks ${p?.log.streaks.join(',')} ${(p?.events??[]).map((e:any)=>e.type+e.seat+(e.reason??'')).join()} view${neo.rounds[round-neo.roundsFrom]?.slots.view}` ); }
    } });
  if (process.env.DUMP) sim.queue.add(Number(process.env.DUMP) * 1000, () => { for (const p of sim.players) if (p.driver) dump(p); });
  const r = sim.run();
  for (const l of seen.filter((l) => (process.env.P ?? '04').includes(l.split(' p')[1]![0]!))) console.log(l);
  console.log(r.violations, r.agreed, r.virtualMs, r.stalls.slice(0, 8), r.players.map((p: any) => [p.rounds, p.ended, JSON.stringify(p.state), JSON.stringify(p.refused)].join(' ')));
  for (const p of sim.players) { const s = p.driver?.session; console.log(p.seat, s?.setup.me, s?.neo?.final, s?.arrival && { ...s.arrival, trust: 0 }, s?.neo?.over); }
}, 200000);

function dump(p: any) {
  const { neo, link, at, dueAt, connectedAt } = p.driver.session;
  console.log('PLAYER', p.seat, 'final', neo.final, 'newest', neo.pastFrom + neo.past.length - 1, 'at', at, 'due', dueAt, 'conn', connectedAt, 'playing', neo.playing?.closed.round);
  for (const r of neo.rounds.filter((r: any) => r.round > neo.final).slice(0, 3)) {
    const b = (l: any[]) => l.map((x) => (x ? 1 : 0)).join('').slice(0, 10);
    console.log(' round', r.round, 'own', !!r.own, 'voted', !!r.ownVote, 'rev', r.revealed, 'c', b(r.commits), 'v', b(r.votes), 'vres', b(r.votes.map((v: any) => v?.hashes)), 'o', b(r.reveals), 'dec', b(r.decided), 'opened', r.opened, 'voided', r.voided, 'holding', r.holding, 'holds', r.holds.map((h: any) => h?.length ?? 0).join('').slice(0, 10), 'decidedAt', r.decidedAt, 'view', r.slots.view, 'confirms', r.slots.confirms.map((h: any) => h?.length ?? 0).join('').slice(0, 10), 'denied', r.denied);
  }
  console.log(' peers', link.peers.map((q: any) => q && `f${q.final} r${q.rounds.length} look${q.lookAt} sent${JSON.stringify(q.sent.slice(0, 3).map((x: any) => [x.round, x.tries]))}`).join(' | '));
}
