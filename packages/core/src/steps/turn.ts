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

let ahead = 0;

/** Works of `afterAllElse` that have not run yet: while there are any, a step function may go on without any effect. */
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
