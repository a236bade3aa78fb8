import { cut, paint, type Style, type Terminal, widthOf } from './terminal.js';

export interface Column<T> {
  readonly title: string;
  /** One line, without colours. */
  cell(row: T): string;
  style?(row: T): Style | undefined;
  /** Cut first where the line is too long. */
  readonly gives?: true;
}

const GAP = '  ';
/** A column that is cut keeps as many cells. */
const LEAST = 8;

/** Rows under titles, aligned, no wider than the terminal as far as its columns give. */
export function table<T>(
  rows: readonly T[],
  columns: readonly Column<T>[],
  terminal: Pick<Terminal, 'colours' | 'width'>,
): string[] {
  const cells = rows.map((row) => columns.map((column) => column.cell(row)));
  const widths = fit(
    columns.map(({ title }, at) => Math.max(widthOf(title), ...cells.map((line) => widthOf(line[at] ?? '')))),
    columns,
    terminal.width,
  );
  const line = (texts: readonly string[], styleOf: (at: number) => Style | undefined) =>
    texts
      .map((text, at) => {
        const width = widths[at] ?? 0;
        const shown = cut(text, width);
        const padding = at === texts.length - 1 ? '' : ' '.repeat(width - widthOf(shown));
        return paint(terminal, styleOf(at), shown) + padding;
      })
      .join(GAP)
      .trimEnd();
  const titles = columns.map(({ title }) => title);
  return [line(titles, () => 'dim'), ...rows.map((row, n) => line(cells[n] ?? [], (at) => columns[at]?.style?.(row)))];
}

/** Takes cells from the widest of the columns that give, until the line fits or none has any left to give. */
function fit<T>(wanted: readonly number[], columns: readonly Column<T>[], width: number): number[] {
  const widths = [...wanted];
  const total = () => widths.reduce((sum, one) => sum + one, GAP.length * (widths.length - 1));
  while (total() > width) {
    const giving = columns.flatMap(({ gives }, at) => (gives && (widths[at] ?? 0) > LEAST ? [at] : []));
    const [first] = giving.sort((a, b) => (widths[b] ?? 0) - (widths[a] ?? 0));
    if (first === undefined) break;
    widths[first] = (widths[first] ?? 0) - 1;
  }
  return widths;
}
