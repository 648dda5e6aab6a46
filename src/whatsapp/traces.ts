/**
 * Stack traces in shard threads. Baileys makes two Error stacks around every frame write and every query,
 * a third to two fifths of a send's CPU (facts/wasm-signal.md §2), so the thread runs with a limit of 0 and
 * our own code asks for a trace where it reports an error. Never changes the limit across an await.
 */
const reportedFrames = 12;

/** Errors made from here on carry no stack, until `withTraces` asks for one. */
export function disableTraces(): void {
  Error.stackTraceLimit = 0;
}

/** Runs `work` with traces on, synchronously: for the place where an error of ours is made or reported. */
export function withTraces<T>(work: () => T): T {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = reportedFrames;
  try {
    return work();
  } finally {
    Error.stackTraceLimit = before;
  }
}

/** Gives an error without frames the trace of the place that reports it. */
export function traced(error: unknown): Error {
  const made = error instanceof Error ? error : new Error(String(error));
  if (made.stack?.includes('\n')) return made;
  withTraces(() => Error.captureStackTrace(made, traced));
  return made;
}
