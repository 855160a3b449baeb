import { it } from 'vitest';
import { neo } from '../../src/client/options.ts';
import { Clock } from '../../src/client/edges.ts';
import { Driver } from '../../src/protocol/driver.ts';
import { party, seated, keepPlaying, reaches } from './party.ts';
Clock.prototype.now = () => Math.round(performance.now() * 1000) + 5_000_000;
const drivers: any[] = [];
const start = Driver.prototype.start;
Driver.prototype.start = function () { drivers.push(this); return start.call(this); };
function dump(p: any) {
  const { neo, link, at, dueAt, connectedAt, setup } = p.session;
  console.log('PLAYER', setup.me, 'final', neo.final, 'newest', neo.pastFrom + neo.past.length - 1, 'at', at, 'due', dueAt, 'conn', connectedAt, 'playing', neo.playing?.closed.round);
  for (const r of neo.rounds.filter((r: any) => r.round > neo.final).slice(0, 2)) {
    const b = (l: any[]) => l.map((x) => (x ? 1 : 0)).join('').slice(0, 5);
    console.log(' round', r.round, 'members', r.environment.members, JSON.stringify(r.environment.quorum), 'own', !!r.own, 'voted', !!r.ownVote, 'rev', r.revealed, 'c', b(r.commits), 'v', b(r.votes), 'vres', b(r.votes.map((v: any) => v?.hashes)), 'o', b(r.reveals), 'dec', b(r.decided), 'opened', r.opened, 'voided', r.voided, 'holding', r.holding, 'holds', r.holds.map((h: any) => h?.length ?? 0).join('').slice(0, 10), 'decidedAt', r.decidedAt, 'grace', r.graceAt);
    console.log('   votes', r.votes.slice(0,4).map((v: any) => v?.statement.named));
    const c = (name: string, s: any) => s && console.log('   ', name, 'view', s.view, 'timer', s.timerAt, 'timeout', s.timeout, 'changed', s.changed, 'proposed', s.proposed, 'prepared', s.prepared, 'confirmed', s.confirmed, 'confirms', JSON.stringify(s.confirms.slice(0,4).map((h: any) => h?.map((x: any) => [x.statement.view, x.statement.slots, x.statement.named, !!x.hashes]))), 'changes', s.changes.map((h: any) => h?.map((x: any) => x.statement.view).join('/') ?? '-').join(' '), 'props', s.proposals.map((x: any) => x.statement.view).join('/'), 'preps', s.prepares.map((h: any) => h?.map((x: any) => x.statement.view).join('/') ?? '-').join(' '), 'best', s.best.map((x: any) => x ? x.view + (x.value.some((y: number) => y) ? 'h' : '-') : '.').join(' '), 'proven', s.proven);
    c('slots', r.slots); r.openings.forEach((o: any, i: number) => c('open' + i, o));
  }
  console.log(' peers', link.peers.map((q: any) => q && `f${q.final} r${q.rounds.length} look${q.lookAt} sent${JSON.stringify(q.sent.slice(0, 3).map((x: any) => [x.round, x.tries]))}`).join(' | '));
}
for (let i = 0; i < 12; i++) it('leave ' + i, async () => {
  drivers.length = 0;
  const sessions = await seated(4, () => ({ protocol: neo({ roundMs: 20, stallMs: 500 }) }));
  await Promise.all([0,1,2,3].map(async (k) => keepPlaying(sessions[k]!)));
  await Promise.all(sessions.map((s) => s.start()));
  await reaches(sessions[3]!, 3);
  let ok = false;
  await Promise.race([(async () => { await sessions[3]!.leave(); await Promise.all(sessions.slice(0, 3).map((s) => reaches(s, s.round + 50))); ok = true; })(), new Promise((r) => setTimeout(r, 16000))]);
  if (!ok) { for (const d of drivers) dump(d); process.exit(1); }
}, 60000);
