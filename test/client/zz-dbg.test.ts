import { it } from 'vitest';
import { neo } from '../../src/client/options.ts';
import { Clock } from '../../src/client/edges.ts';
import { party, seated, keepPlaying, reaches } from './party.ts';
Clock.prototype.now = () => Math.round(performance.now() * 1000) + 5_000_000;
for (let i = 0; i < 6; i++) it('leave ' + i, async () => {
  const sessions = await seated(4, () => ({ protocol: neo({ roundMs: 20, stallMs: 500 }) }));
  const log: string[] = [];
  for (const s of sessions) { keepPlaying(s);
    s.on('player', (e) => log.push(`${s.seat}: r${s.round} ${e.status} ${e.player}`));
    s.on('stall', (e) => log.push(`${s.seat}: stall ${JSON.stringify(e)}`));
    s.on('end', (e) => log.push(`${s.seat}: r${s.round} end ${JSON.stringify(e)}`));
    s.on('error', (e) => log.push(`${s.seat}: error ${e.stack}`)); }
  await Promise.all(sessions.map((s) => s.start()));
  await reaches(sessions[3]!, 3);
  await Promise.race([(async () => { await sessions[3]!.leave(); log.push('left'); await Promise.all(sessions.slice(0, 3).map((s) => reaches(s, s.round + 50))); log.push('OK'); })(), new Promise((r) => setTimeout(r, 15000))]);
  console.log(log.filter((l) => !/joined/.test(l)).join('\n'), sessions.map((s) => s.round), log.includes('OK') ? '' : JSON.stringify(sessions[0]!.stats().newest));
}, 60000);
