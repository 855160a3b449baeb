/**
 * Makes a checkout ready to run: the packages of package-lock.json, then dist/ from the sources. Does nothing
 * when both are in place, does each thing once when several start together, and writes to stderr alone.
 */

import { spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmdirSync,
  rmSync,
  statSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = realpathSync(join(dirname(fileURLToPath(import.meta.url)), '..'));
const at = (...names) => join(root, ...names);
const sha256 = (text) => createHash('sha256').update(text).digest('hex');
const readOrNull = (path) => (existsSync(path) ? readFileSync(path, 'utf8') : null);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/** What stops the set-up for a reason that one sentence can tell. */
class Stop extends Error {}

const manifest = JSON.parse(readFileSync(at('package.json'), 'utf8'));

function checkNode() {
  const [major, minor] = manifest.engines.node.match(/\d+/g).map(Number);
  const [ownMajor, ownMinor] = process.versions.node.split('.').map(Number);
  if (ownMajor > major || (ownMajor === major && ownMinor >= minor)) return;
  throw new Stop(`needs Node ${manifest.engines.node}; this is Node ${process.versions.node}.`);
}

// --- Packages -------------------------------------------------------------------------------------------------

const installStamp = at('node_modules', '.setup');
const wantedPath = at('package-lock.json');
/** npm writes here what it has installed, as the last thing it does. */
const presentPath = at('node_modules', '.package-lock.json');

function installMark() {
  return `${sha256(readFileSync(wantedPath))} ${sha256(readFileSync(presentPath))}`;
}

/** True when what was installed, by whomever, is what the lock file asks for on this platform. */
function satisfied() {
  const wanted = JSON.parse(readFileSync(wantedPath, 'utf8')).packages;
  const present = JSON.parse(readFileSync(presentPath, 'utf8')).packages;
  return Object.entries(wanted).every(([path, want]) => {
    const have = present[path];
    if (path === '') return true;
    if (have === undefined) return want.optional === true;
    return ['version', 'integrity', 'link'].every((key) => want[key] === have[key]);
  });
}

function installed() {
  if (!existsSync(wantedPath)) throw new Stop('package-lock.json is missing; take it from the repository.');
  if (!existsSync(presentPath)) return false;
  if (readOrNull(installStamp) === installMark()) return true;
  if (!satisfied()) return false;
  writeFileSync(installStamp, installMark());
  return true;
}

/** Runs npm: the one that runs this script, if there is one. */
function npm(...args) {
  const own = process.env.npm_execpath;
  if (own && basename(own) === 'npm-cli.js') return run(process.execPath, [own, ...args]);
  return run('npm', args, { shell: process.platform === 'win32' });
}

async function install() {
  say('installing the packages of package-lock.json');
  const code = await npm('ci', '--no-audit', '--no-fund', '--include=dev', '--include=optional');
  if (code !== 0) throw new Stop(`"npm ci" failed with exit code ${code}; its own words are above.`);
  writeFileSync(installStamp, installMark());
}

// --- Build ----------------------------------------------------------------------------------------------------

const buildStamp = at('dist', '.setup');
const sourceFolders = ['src', 'test', 'proofs', 'bench', 'examples'];
const isCode = (path) => path.endsWith('.ts') && !path.endsWith('.d.ts');

/** The files below a folder of the checkout, as paths from its top. */
function filesBelow(folder) {
  if (!existsSync(at(folder))) return [];
  return readdirSync(at(folder), { withFileTypes: true })
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? filesBelow(path) : [path];
    });
}

function sources() {
  return sourceFolders.flatMap(filesBelow).filter((path) => /\.(ts|json)$/.test(path));
}

function buildMark() {
  const files = sources().map((path) => {
    const { size, mtimeMs } = statSync(at(path));
    return `${path} ${size} ${mtimeMs}`;
  });
  // npm rewrites its files with the content that they had, so only that counts.
  const settings = ['tsconfig.json', 'package.json', 'package-lock.json'].map((path) =>
    sha256(readFileSync(at(path))),
  );
  return sha256([...files, ...settings].join('\n'));
}

function outputsMissing() {
  return sources().some((path) => isCode(path) && !existsSync(at('dist', path.replace(/ts$/, 'js'))));
}

function built() {
  return readOrNull(buildStamp) === buildMark() && !outputsMissing();
}

/** Removes what was compiled from sources that are gone. */
function prune(folder) {
  if (!existsSync(at('dist', folder))) return;
  for (const entry of readdirSync(at('dist', folder), { withFileTypes: true })) {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) prune(path);
    else if (!existsSync(at(path)) && !existsSync(at(path.replace(/(\.d\.ts|\.js)(\.map)?$/, '.ts')))) {
      rmSync(at('dist', path));
    }
  }
  if (readdirSync(at('dist', folder)).length === 0) rmdirSync(at('dist', folder));
}

async function build() {
  say('compiling the sources');
  const mark = buildMark();
  rmSync(buildStamp, { force: true });
  // The compiler believes its notes on what it wrote, even after somebody has removed it.
  if (outputsMissing()) rmSync(at('dist', 'tsbuildinfo'), { force: true });
  const compiler = at('node_modules', 'typescript', 'bin', 'tsc');
  const code = await run(process.execPath, [compiler, '-p', at('tsconfig.json')]);
  if (code !== 0) throw new Stop('the sources do not compile; the errors are above.');
  for (const folder of sourceFolders) prune(folder);
  mkdirSync(at('dist'), { recursive: true });
  writeFileSync(buildStamp, mark);
}

// --- Commands -------------------------------------------------------------------------------------------------

/**
 * The commands of this package that are compiled, but that npx does not find: when npm installed the package
 * into itself they did not exist yet, so npm made no link to them.
 */
function unlinkedCommands() {
  if (!existsSync(at('node_modules', manifest.name))) return [];
  return Object.entries(manifest.bin ?? {}).filter(([command, target]) => {
    if (!existsSync(at(target))) return false;
    const links = [command, `${command}.cmd`].map((name) => at('node_modules', '.bin', name));
    const executable = process.platform === 'win32' || (statSync(at(target)).mode & 0o111) !== 0;
    return !links.some((link) => existsSync(link)) || !executable;
  });
}

async function linkCommands() {
  const commands = unlinkedCommands();
  for (const [, target] of commands) chmodSync(at(target), 0o755);
  if (unlinkedCommands().length === 0) return;
  const code = await npm('rebuild', manifest.name, '--ignore-scripts');
  if (code !== 0) throw new Stop(`"npm rebuild" failed with exit code ${code}; its own words are above.`);
}

// --- Children -------------------------------------------------------------------------------------------------

let child = null;
let stoppedBy = null;

/** The exit code of a program whose whole output goes to stderr. */
function run(program, args, options = {}) {
  return new Promise((resolve, reject) => {
    child = spawn(program, args, { cwd: root, stdio: ['ignore', 2, 2], ...options });
    child.on('error', (error) => reject(new Stop(`cannot run ${program}: ${error.message}.`)));
    child.on('exit', (code) => {
      child = null;
      if (stoppedBy !== null) process.exit(128 + constants.signals[stoppedBy]);
      resolve(code ?? 1);
    });
  });
}

function stop(signal) {
  stoppedBy = signal;
  if (child === null) process.exit(128 + constants.signals[signal]);
  const running = child;
  running.kill(signal);
  setTimeout(() => running.kill('SIGKILL'), 5000).unref();
}

// --- One at a time --------------------------------------------------------------------------------------------

/**
 * A folder, outside of all that an installation wipes, that holds one file named after its owner. Whoever
 * takes over from a dead owner removes that very file, so nobody ever removes the claim of another.
 */
const lockFolder = join(tmpdir(), `setup-${process.getuid?.() ?? 0}-${sha256(root).slice(0, 16)}`);
const claim = `${process.pid}-${randomBytes(6).toString('hex')}`;
const beatMs = 2000;
const pollMs = 100;
/** An owner that has not shown a sign of life for so many looks is dead, whoever has its number now. */
const looksMax = 600;

/** Does it; true unless the reason why not is one of those expected. */
function attempt(action, ...expected) {
  try {
    action();
    return true;
  } catch (error) {
    if (expected.includes(error.code)) return false;
    throw error;
  }
}

function tryLock() {
  if (lockOwner() !== null) return false;
  const prepared = `${lockFolder}.${claim}`;
  mkdirSync(prepared);
  writeFileSync(join(prepared, claim), '');
  // A folder takes the place of no other folder, unless that one is empty.
  const taken = attempt(() => renameSync(prepared, lockFolder), 'ENOTEMPTY', 'EEXIST', 'EPERM');
  if (!taken) rmSync(prepared, { recursive: true });
  return taken;
}

function unlock(whose) {
  attempt(() => unlinkSync(join(lockFolder, whose)), 'ENOENT');
  attempt(() => rmdirSync(lockFolder), 'ENOENT', 'ENOTEMPTY', 'EEXIST', 'EPERM');
}

/** The owner's claim and its last sign of life; null when there is none any more. */
function lockOwner() {
  let owner = null;
  attempt(() => {
    const [name] = readdirSync(lockFolder);
    if (name !== undefined) owner = { name, beat: statSync(join(lockFolder, name)).mtimeMs };
  }, 'ENOENT');
  return owner;
}

function alive(pid) {
  return attempt(() => process.kill(pid, 0), 'ESRCH');
}

async function lock() {
  let seen = '';
  let looks = 0;
  for (let waits = 0; !tryLock(); waits++) {
    const owner = lockOwner();
    const sight = `${owner?.name} ${owner?.beat}`;
    looks = sight === seen ? looks + 1 : 0;
    seen = sight;
    if (owner === null) {
      if (looks > looksMax) throw new Stop(`cannot take the lock ${lockFolder}; remove it if it is stale.`);
      unlock(claim);
    } else if (looks > looksMax || !alive(Number.parseInt(owner.name, 10))) {
      unlock(owner.name);
      continue;
    } else if (waits === 0) {
      say(`waiting for another set-up of this checkout, process ${Number.parseInt(owner.name, 10)}`);
    }
    await pause(pollMs);
  }
  process.on('exit', () => unlock(claim));
  const beat = () => attempt(() => utimesSync(join(lockFolder, claim), new Date(), new Date()), 'ENOENT');
  setInterval(beat, beatMs).unref();
}

// --------------------------------------------------------------------------------------------------------------

function say(text) {
  process.stderr.write(`setup: ${text}\n`);
}

/** Whether there is nothing to do. What is seen here without the lock may vanish the next moment. */
function ready() {
  try {
    return installed() && built() && unlinkedCommands().length === 0;
  } catch (error) {
    if (error instanceof Stop) throw error;
    return false;
  }
}

async function setUp() {
  checkNode();
  if (ready()) return;
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, stop);
  await lock();
  if (!installed()) await install();
  if (!built()) await build();
  await linkCommands();
}

setUp().then(
  () => process.exit(0),
  (error) => {
    say(error instanceof Stop ? error.message : `failed: ${error.stack}`);
    process.exit(1);
  },
);
