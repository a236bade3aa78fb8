/**
 * What an entry of the corpus did. Owns: the one record of this process; whoever runs an entry clears it first.
 */
const marks = { actions: [] as string[], bodies: [] as string[] };

/** In lanes of their own, as a host performs the actions of a transition before promises and steps begin. */
export interface Marks {
  readonly actions: readonly string[];
  readonly bodies: readonly string[];
}

interface ActionArgs {
  // biome-ignore lint/suspicious/noExplicitAny: one action for machines of every type
  readonly context: any;
  // biome-ignore lint/suspicious/noExplicitAny: likewise
  readonly event: any;
}

/** Makes an action that leaves a mark, with a detail of what it sees. */
export function mark(name: string, detail?: (args: ActionArgs) => unknown): (args: ActionArgs) => void {
  return (args) => void marks.actions.push(toLine(name, detail?.(args)));
}

/** Leaves a mark at the start of a promise's or a step's body. */
export function note(name: string, detail?: unknown): void {
  marks.bodies.push(toLine(name, detail));
}

function toLine(name: string, detail: unknown): string {
  return detail === undefined ? name : `${name} ${JSON.stringify(detail)}`;
}

export function clearMarks(): void {
  marks.actions.length = 0;
  marks.bodies.length = 0;
}

export function readMarks(): Marks {
  return { actions: [...marks.actions], bodies: [...marks.bodies] };
}
