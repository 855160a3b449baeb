/** A player process as the parent sees it. It is ended with the parent, whatever becomes of either. */

import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { FromPlayer, ToPlayer } from './messages.ts';

/** How long a process that was told to stop may take before it is killed. */
const STOP_MS = 500;
/** How long one that says goodbye may: the session's own limit is two seconds. */
const LEAVE_MS = 3000;
/** How much of what a process writes to stderr is kept. */
const WORDS_MAX = 4000;

export interface ChildListener {
  told(message: FromPlayer): void;
  /** It ended, and nobody had asked it to; `how` completes "it ...". */
  died(how: string): void;
}

export class Child {
  /** Resolves when the process is gone. */
  readonly exited: Promise<void>;

  readonly #process: ChildProcess;
  #asked = false;
  #gone = false;
  #words = '';

  constructor(listener: ChildListener) {
    const program = fileURLToPath(new URL('./player.js', import.meta.url));
    this.#process = fork(program, [], {
      execArgv: [],
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#words = (this.#words + text).slice(-WORDS_MAX);
    });
    this.#process.on('message', (message: FromPlayer) => {
      if (!this.#asked) listener.told(message);
    });
    this.exited = new Promise((resolve) => {
      const over = (how: string): void => {
        if (this.#gone) return;
        this.#gone = true;
        if (!this.#asked) listener.died(how);
        resolve();
      };
      this.#process.on('error', (error) => {
        if (this.#process.pid === undefined) over(`could not be started: ${error.message}`);
      });
      // 'close' comes after 'exit', when its last words have been read.
      this.#process.on('close', (code, signal) => over(this.#describe(code, signal)));
    });
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  tell(message: ToPlayer): void {
    if (this.#process.connected) this.#process.send(message, () => {});
  }

  /** Lets it say goodbye. Resolves when it is gone. */
  leave(): Promise<void> {
    return this.#end({ type: 'leave' }, LEAVE_MS);
  }

  /** Ends it at once. Resolves when it is gone. */
  stop(): Promise<void> {
    return this.#end({ type: 'stop' }, STOP_MS);
  }

  kill(): void {
    this.#asked = true;
    if (!this.#gone) this.#process.kill('SIGKILL');
  }

  async #end(order: ToPlayer, withinMs: number): Promise<void> {
    this.#asked = true;
    if (this.#gone) return;
    this.tell(order);
    const limit = setTimeout(() => this.kill(), withinMs);
    await this.exited;
    clearTimeout(limit);
  }

  #describe(code: number | null, signal: NodeJS.Signals | null): string {
    if (signal !== null) return `was ended by ${signal}`;
    const error = /^\w*Error.*$/m.exec(this.#words)?.[0] ?? this.#words.trim().split('\n').at(-1) ?? '';
    return `exited with code ${code}${error === '' ? '' : ` (${error})`}`;
  }
}
