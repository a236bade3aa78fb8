/**
 * Resolves after that long (ms), or when one of the signals is aborted.
 * @param options.holds whether the process is kept alive by it.
 */
export function pause(
  ms: number,
  { holds }: { readonly holds: boolean },
  ...signals: readonly (AbortSignal | undefined)[]
): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    if (!holds) timer.unref();
    for (const signal of signals) {
      if (signal?.aborted) end();
      signal?.addEventListener('abort', end, { once: true });
    }
  });
}
