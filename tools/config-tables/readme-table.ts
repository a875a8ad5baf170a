const BEGIN = '<!-- config:begin -->';
const END = '<!-- config:end -->';

/**
 * The text with `table` between its markers.
 * @throws Error when it does not have both, in order and once
 */
export function withTable(text: string, table: string): string {
  const [before, rest, ...more] = text.split(BEGIN);
  const [, after, ...moreAfter] = rest?.split(END) ?? [];
  if (before === undefined || after === undefined || more.length + moreAfter.length > 0) {
    throw new Error(`needs ${BEGIN} and ${END}, once each, where its table of settings belongs (under ## Config)`);
  }
  return `${before}${BEGIN}\n${table}${END}${after}`;
}
