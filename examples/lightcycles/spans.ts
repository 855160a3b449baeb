/** Lines of text in which every piece may have a style; widths are counted before any style is applied. */

import { styleText } from 'node:util';

export type Style = Parameters<typeof styleText>[0];

/** A piece of a line; each of its characters takes one column. */
export type Span = readonly [text: string, style?: Style];
export type Line = readonly Span[];

export function widthOf(line: Line): number {
  return line.reduce((sum, [text]) => sum + [...text].length, 0);
}

/** The line in exactly so many columns: cut off, or filled up with blanks. */
export function toWidth(line: Line, columns: number): Line {
  const fitted: Span[] = [];
  let left = columns;
  for (const [text, style] of line) {
    const characters = [...text];
    const shown = characters.length <= left ? text : characters.slice(0, left).join('');
    if (shown !== '') fitted.push(style === undefined ? [shown] : [shown, style]);
    left -= Math.min(left, characters.length);
  }
  if (left > 0) fitted.push([' '.repeat(left)]);
  return fitted;
}

/** The line as text for a terminal; plain when there are to be no colours. */
export function paint(line: Line, colours: boolean): string {
  return line
    .map(([text, style]) =>
      colours && style !== undefined ? styleText(style, text, { validateStream: false }) : text,
    )
    .join('');
}
