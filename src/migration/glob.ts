/** What a name has to be, all of it: `*` stands for any characters, `?` for one, and everything else for itself. */
export const globbed = (glob: string): RegExp =>
  new RegExp(
    `^${glob
      .replace(/[.+^${}()|[\]\\]/g, '\\$&')
      .replaceAll('*', '.*')
      .replaceAll('?', '.')}$`,
    'su',
  );
