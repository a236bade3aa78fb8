type Work = () => void;

/**
 * Runs `work` when all promises that can settle now have settled: in a turn of the event loop of its own. A browser
 * would put off a `setTimeout` by milliseconds, which a journal of 10,000 steps can't afford.
 */
export function afterAllElse(work: Work): void {
  ahead++;
  inATurn(() => {
    ahead--;
    work();
  });
}

/** So many turns are asked for at once at the most. */
const MOST_TURNS = 64;
const works: Work[] = [];
/** Turns that are ahead, and how many to ask for next. */
let turns = 0;
let next = 1;

/**
 * As {@link afterAllElse}, for who asks for turn after turn, as a journal of 10,000 steps does: the more so, the more turns are
 * asked for at once. All promises that can settle do between two of them; to look for timers and files is put off by a
 * millisecond at the most.
 */
export function afterPromises(work: Work): void {
  ahead++;
  works.push(work);
  if (turns === 0) askForTurns();
}

function askForTurns(): void {
  turns = next;
  for (let n = 0; n < turns; n++) inATurn(takeTurn);
}

function takeTurn(): void {
  turns--;
  const work = works.shift();
  if (work) ahead--;
  if (!work) next = 1;
  else if (turns === 0) next = Math.min(next * 2, MOST_TURNS);
  if (turns === 0 && works.length > 0) askForTurns();
  work?.();
}

let ahead = 0;

/** Works of these two that have not run yet: while there are any, a step function may go on without any effect. */
export function worksAhead(): number {
  return ahead;
}

/** Runs `work` in a turn of the event loop of its own, as `afterAllElse` does, without being counted. */
export function inATurn(work: Work): void {
  const { setImmediate } = globalThis as { setImmediate?: (work: Work) => unknown };
  if (setImmediate) setImmediate(work);
  else post(work);
}

const posted: Work[] = [];
let port: MessagePort | undefined;

function post(work: Work): void {
  posted.push(work);
  port ??= open();
  port.postMessage(undefined);
}

function open(): MessagePort {
  const { port1, port2 } = new MessageChannel();
  port1.onmessage = () => posted.shift()?.();
  return port2;
}
